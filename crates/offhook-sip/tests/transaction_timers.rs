//! The timers of the four transactions, over UDP and over a reliable transport (RFC 3261 section 17, RFC
//! 6026).

mod support;

use bytes::Bytes;
use offhook_sip::{Flow, PrackPolicy, Protocol, Reliability};
use support::phone::reply;
use support::{ANSWER, Bed, OFFER, Phone, flow, lines, ms};

fn tcp() -> Flow {
    let mut flow = flow();
    flow.protocol = Protocol::Tcp;
    flow
}

fn receive(bed: &mut Bed, flow: Flow, message: String) {
    bed.receive_bytes(flow, Bytes::from(message));
}

/// INVITE server, timers G, H and I: a refusal is repeated over UDP only, and the ACK ends the transaction
/// after T4, or at once.
#[test]
fn a_refused_invite() {
    for (flow, repeats, after_ack) in [(flow(), 2, ms(5_000)), (tcp(), 0, ms(0))] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        receive(&mut bed, flow, phone.invite("", OFFER));
        let call = bed.incoming().call;
        bed.reject(call, 486);
        bed.sent();
        bed.wait(ms(1_600));
        assert_eq!(bed.lines(), vec!["486 INVITE"; repeats], "{flow:?}");
        receive(&mut bed, flow, phone.ack_refusal());
        if !after_ack.is_zero() {
            bed.wait(after_ack - ms(1));
            assert_eq!(bed.endpoint.counts().transactions, 1, "{flow:?}");
            receive(&mut bed, flow, phone.ack_refusal());
            assert_eq!(bed.lines(), [""; 0], "a second ACK is taken up");
        }
        bed.wait(ms(1));
        assert_eq!(bed.endpoint.counts().transactions, 0, "{flow:?}");
    }
}

/// INVITE server, timer L of RFC 6026: an answered INVITE is taken up for 64*T1, over any transport; ANS-6:
/// so is its 200 repeated.
#[test]
fn an_answered_invite() {
    for flow in [flow(), tcp()] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let invite = phone.invite("", OFFER);
        receive(&mut bed, flow, invite.clone());
        let call = bed.incoming().call;
        bed.answer(call, Some(ANSWER));
        phone.learn_all(&bed.sent());
        bed.wait(ms(600));
        assert_eq!(bed.lines(), ["200 INVITE"], "{flow:?}");
        receive(&mut bed, flow, phone.ack(""));
        bed.wait(ms(31_399));
        receive(&mut bed, flow, invite.clone());
        assert_eq!(bed.endpoint.counts().transactions, 1);
        bed.wait(ms(1));
        assert_eq!(bed.endpoint.counts().transactions, 0);
        assert_eq!((lines(&bed.sent()), bed.events()), (vec![], vec!["acknowledged".to_owned()]));
    }
}

/// Non-INVITE server, timer J: the response is kept for 64*T1 over UDP, and not at all over a reliable
/// transport.
#[test]
fn another_request_that_was_answered() {
    for (flow, kept) in [(flow(), true), (tcp(), false)] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let options = phone.request("OPTIONS", "", "");
        receive(&mut bed, flow, options.clone());
        bed.wait(ms(31_999));
        assert_eq!(bed.endpoint.counts().transactions, usize::from(kept), "{flow:?}");
        receive(&mut bed, flow, options);
        let sent = bed.sent();
        assert_eq!(lines(&sent), ["200 OPTIONS", "200 OPTIONS"]);
        bed.wait(ms(32_000));
        assert_eq!(bed.endpoint.counts().transactions, 0);
    }
}

/// INVITE client, timers A and B: repeated over UDP only, given up after 64*T1 over any transport.
#[test]
fn an_invite_that_nobody_answers() {
    for (flow, copies) in [(flow(), 7), (tcp(), 1)] {
        let mut bed = Bed::new();
        let outgoing = support::bed::outgoing(flow, None, Reliability::Absent, PrackPolicy::Auto);
        bed.act(|endpoint, now| endpoint.invite(now, outgoing)).expect("it calls");
        bed.wait(ms(32_000));
        assert_eq!(bed.lines(), vec!["INVITE"; copies], "{flow:?}");
        assert_eq!(bed.events(), ["cleared NoResponse 408 by Us"]);
        bed.assert_nothing_is_left();
    }
}

/// INVITE client: a provisional response ends the repetition, and then nothing ends the call but its final
/// response.
#[test]
fn an_invite_that_rings_for_long() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 180, "t", "", ""));
    bed.wait(ms(600_000));
    assert_eq!(bed.lines(), [""; 0]);
    bed.receive(reply(&invite, 486, "t", "", ""));
    assert_eq!(bed.lines(), ["ACK"]);
    // Timer D.
    bed.wait(ms(31_999));
    assert_eq!(bed.endpoint.counts().transactions, 1);
    bed.wait(ms(1));
    assert_eq!(bed.endpoint.counts().transactions, 0);
}

/// Non-INVITE client, timers E, F and K: after a provisional response the interval is T2.
#[test]
fn a_bye_that_is_being_considered() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    bed.hang_up(call);
    let bye = bed.request();
    bed.wait(ms(700));
    bed.receive(reply(&bye, 100, "", "", ""));
    bed.wait(ms(10_300));
    let times: Vec<_> = bed.timed_lines().into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [500, 1_500, 5_500, 9_500]);
    bed.receive(reply(&bye, 200, "", "", ""));
    bed.wait(ms(30_000));
    assert_eq!(bed.lines(), [""; 0]);
    bed.assert_nothing_is_left();
}

/// Timer values are settings.
#[test]
fn t1_is_a_setting() {
    let mut config = offhook_sip::EndpointConfig::default();
    config.timers.t1 = ms(100);
    let mut bed = Bed::with(config);
    bed.invite(None, Reliability::Absent, PrackPolicy::Auto);
    bed.wait(ms(6_400));
    assert_eq!(bed.lines().len(), 7);
    assert_eq!(bed.timed_events(), [(6_400, "cleared NoResponse 408 by Us".to_owned())]);
}

/// Intervals of nothing do not make the endpoint spin.
#[test]
fn timers_of_nothing_end() {
    let mut config = offhook_sip::EndpointConfig::default();
    config.timers.t1 = ms(0);
    config.timers.t2 = ms(0);
    config.timers.provisional_repeat = ms(0);
    let (mut bed, mut phone) = (Bed::with(config), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 180, None);
    bed.wait(ms(10));
    bed.answer(call, Some(ANSWER));
    bed.wait(ms(10));
    assert_eq!(bed.events(), ["cleared NoAck 408 by Us"]);
}
