//! Many calls, one after another and at once: afterwards everything is as before.

mod support;

use offhook_sip::{Call, Counts, Endpoint, EndpointConfig};
use support::{ANSWER, Bed, OFFER, Phone, ms};

/// Plays one of several kinds of call to its end, on the caller's side by a script. How many calls ended
/// meanwhile.
fn play(bed: &mut Bed, kind: usize, name: usize) -> usize {
    let mut phone = Phone::named(&name.to_string());
    let headers = if kind.is_multiple_of(2) { "Supported: 100rel\r\n" } else { "" };
    let call = bed.arrive(phone.invite(headers, OFFER));
    match kind % 6 {
        0 => {
            bed.ring(call, 183, Some(ANSWER));
            phone.learn_all(&bed.sent());
            let rseq = phone.rseq.expect("a reliable response");
            bed.receive(phone.prack(rseq, ""));
            bed.answer(call, None);
            bed.receive(phone.ack(""));
            bed.receive(phone.request("BYE", "", ""));
        }
        1 => {
            bed.ring(call, 180, None);
            bed.receive(phone.cancel(""));
            bed.receive(phone.ack_refusal());
        }
        2 => {
            bed.ring(call, 183, Some(ANSWER));
            bed.receive(phone.cancel(""));
        }
        3 => {
            bed.answer(call, Some(ANSWER));
            phone.learn_all(&bed.sent());
            bed.receive(phone.ack(""));
            bed.hang_up(call);
        }
        4 => bed.reject(call, 486),
        // Nobody ever sends the ACK.
        _ => bed.answer(call, Some(ANSWER)),
    }
    bed.wait(ms(100));
    bed.sent();
    ended(bed)
}

fn ended(bed: &mut Bed) -> usize {
    bed.events().iter().filter(|event| event.starts_with("cleared")).count()
}

/// 10,000 calls one after another: what is held never exceeds what 64*T1 explains, and ends at zero.
#[test]
fn ten_thousand_calls_one_after_another_leave_nothing() {
    let mut bed = Bed::new();
    let (mut most, mut ends) = (0, 0);
    for n in 0..10_000 {
        ends += play(&mut bed, n, n);
        most = most.max(bed.endpoint.counts().transactions);
    }
    // Ten calls a second, each with a few transactions that last 32 seconds and a little.
    assert!(most < 10 * 40 * 4, "{most} transactions at once");
    bed.assert_nothing_is_left();
    assert_eq!(ends + ended(&mut bed), 10_000, "each call ends once");
}

/// 500 calls at once, each cleared in its own way.
#[test]
fn five_hundred_calls_at_once_leave_nothing() {
    let mut bed = Bed::new();
    let calls: Vec<(Phone, Call)> = (0..500)
        .map(|n| {
            let mut phone = Phone::named(&n.to_string());
            let call = bed.arrive(phone.invite("Supported: 100rel\r\n", OFFER));
            bed.ring(call, 183, Some(ANSWER));
            phone.learn_all(&bed.sent());
            (phone, call)
        })
        .collect();
    assert_eq!(bed.endpoint.counts().calls, 500);
    for (n, (mut phone, call)) in calls.into_iter().enumerate() {
        match n % 4 {
            0 => bed.receive(phone.cancel("")),
            1 => bed.receive(phone.request("BYE", "", "")),
            2 => bed.reject(call, 603),
            // Nobody ever sends the PRACK.
            _ => {}
        }
    }
    bed.wait(ms(40_000));
    assert_eq!(ended(&mut bed), 500);
    bed.assert_nothing_is_left();
}

/// A caller that disappears at any stage leaves nothing behind.
#[test]
fn a_caller_that_disappears_leaves_nothing() {
    for stage in 0..4 {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite("Supported: 100rel\r\n", OFFER));
        if stage > 0 {
            bed.ring(call, 183, Some(ANSWER));
        }
        if stage > 1 {
            bed.answer(call, None);
        }
        if stage > 2 {
            phone.learn_all(&bed.sent());
            let rseq = phone.rseq.expect("a reliable response");
            bed.receive(phone.prack(rseq, ""));
        }
        if stage == 0 {
            // Nothing limits how long an application may take before it rings; it clears the call itself.
            bed.wait(ms(3_600_000));
            bed.reject(call, 480);
        }
        bed.wait(ms(70_000));
        assert_eq!(
            bed.events().iter().filter(|event| event.starts_with("cleared")).count(),
            1,
            "stage {stage}"
        );
        bed.assert_nothing_is_left();
    }
}

#[test]
fn an_endpoint_without_calls_holds_nothing_and_waits_for_nothing() {
    let endpoint = Endpoint::new(EndpointConfig::default(), 1);
    assert_eq!(endpoint.counts(), Counts::default());
    assert_eq!(endpoint.poll_timeout(), None);
}
