//! RTCP of a stream: reports, and BYE in both directions.

mod stream_support;

use offhook_media::rtp::rtcp::{Compound, OutgoingCompound, Report, SenderInfo};
use offhook_media::{StreamCommand, StreamConfig, StreamDirection, StreamEvent};
use stream_support::{Driven, Sent, address, config, ms, packet, signalled};

fn reports(sent: &Sent) -> Vec<Report<'_>> {
    Compound::parse(&sent.bytes).unwrap().reports().collect()
}

fn rtcp_sent(driven: &Driven) -> Vec<&Sent> {
    driven.sent.iter().filter(|sent| sent.rtcp).collect()
}

/// A compound of the far end.
fn compound(ssrc: u32, bye: bool) -> Vec<u8> {
    let sender = Some(SenderInfo { ntp_timestamp: 0x0001_0002_0003_0004, ..SenderInfo::default() });
    let mut buffer = [0; 512];
    let length = OutgoingCompound { ssrc, sender, report: None, canonical_name: "far@end", bye }
        .write(&mut buffer)
        .unwrap();
    buffer[..length].to_vec()
}

#[test]
fn a_sending_stream_reports_what_it_has_sent() {
    let mut driven = Driven::new(config());
    driven.run(ms(60_000));
    let sent = rtcp_sent(&driven);
    assert!((8..=20).contains(&sent.len()), "{} reports in a minute", sent.len());
    for compound in sent {
        assert_eq!(compound.to, address("192.0.2.1:4001"));
        let [Report::Sender { ssrc, info }, Report::CanonicalName { name, .. }] = reports(compound)[..]
        else {
            panic!("{:?}", reports(compound));
        };
        assert_eq!((ssrc, name), (config().ssrc, &b"offhook@192.0.2.9"[..]));
        let packets = compound.at.as_millis() as u32 / 20 + 1;
        assert_eq!((info.packets, info.octets), (packets, packets * 160));
        // NTP and RTP timestamp name the same moment.
        let since_first = info.rtp_timestamp.wrapping_sub(config().first_timestamp);
        assert_eq!(u128::from(since_first), compound.at.as_millis() * 8);
        assert_eq!(info.ntp_timestamp >> 32, compound.at.as_secs());
    }
}

#[test]
fn a_stream_that_only_hears_reports_as_a_receiver() {
    let mut driven = Driven::new(StreamConfig { direction: StreamDirection::RecvOnly, ..config() });
    for sequence in [1, 2, 4] {
        driven.rtp(signalled(), &packet(8, sequence, u32::from(sequence) * 160, &[0; 160]));
    }
    driven.run(ms(8000));
    let sent = rtcp_sent(&driven);
    assert!(matches!(reports(sent[0])[0], Report::Receiver { ssrc } if ssrc == config().ssrc));
    // The report block: SSRC heard, one packet of four lost.
    assert_eq!(sent[0].bytes[8..12], 0xfeed_u32.to_be_bytes());
    assert_eq!(sent[0].bytes[12..16], [64, 0, 0, 1]);
}

#[test]
fn a_report_says_when_the_far_ends_last_one_came() {
    let mut driven = Driven::new(config());
    for sequence in [1, 2] {
        driven.rtp(signalled(), &packet(8, sequence, 0, &[0; 160]));
    }
    driven.rtcp(address("192.0.2.1:4001"), &compound(0xfeed, false));
    driven.run(ms(8000));
    let sent = rtcp_sent(&driven)[0];
    let word = |at: usize| u32::from_be_bytes(sent.bytes[at..at + 4].try_into().unwrap());
    assert_eq!(word(44), 0x0002_0003, "the middle of the NTP timestamp");
    let delay_ms = u128::from(word(48)) * 1000 / 65_536;
    assert!(sent.at.as_millis().abs_diff(delay_ms) <= 1, "{delay_ms} at {:?}", sent.at);
}

#[test]
fn a_shared_port_carries_both() {
    let mut driven = Driven::new(StreamConfig { rtcp_mux: true, ..config() });
    driven.rtp(signalled(), &packet(8, 1, 0, &[0; 160]));
    driven.rtp(signalled(), &compound(0xfeed, true));
    assert!(matches!(driven.happened()[..], [StreamEvent::FirstHeard, StreamEvent::Bye]));
    driven.run(ms(8000));
    assert!(driven.sent.iter().all(|sent| !sent.rtcp && sent.to == signalled()));
    assert!(driven.sent.iter().any(|sent| sent.bytes[1] == 200));
}

#[test]
fn closing_says_bye() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    driven.command(StreamCommand::Close);
    let last = driven.sent.last().unwrap();
    assert!(last.rtcp);
    assert_eq!(reports(last).last(), Some(&Report::Bye { ssrc: config().ssrc }));
    assert!(matches!(driven.happened().last(), Some(StreamEvent::Closed(stats)) if stats.packets_sent == 2));
    assert!(driven.stream.is_closed());
    assert_eq!(driven.stream.poll_timeout(), None);
}

/// RFC 3550 section 6.3.7: a participant that never sent anything must not say BYE.
#[test]
fn who_never_sent_says_no_bye() {
    let mut driven = Driven::new(StreamConfig { offset: ms(10), ..config() });
    driven.command(StreamCommand::Close);
    assert!(driven.sent.is_empty());
    assert!(driven.stream.is_closed());
}

#[test]
fn after_closing_nothing_is_heard_and_no_order_taken() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    driven.command(StreamCommand::Close);
    let (sent, events) = (driven.sent.len(), driven.events.len());
    driven.rtp(signalled(), &packet(8, 1, 0, &[0; 160]));
    driven.rtcp(signalled(), &compound(0xfeed, true));
    driven.play(1, [1; 160], false, None);
    driven.command(StreamCommand::Close);
    driven.run(ms(100));
    assert_eq!((driven.sent.len(), driven.events.len()), (sent, events));
}

#[test]
fn the_far_ends_bye_is_told_once_and_only_of_the_source_that_is_heard() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(8, 1, 0, &[0; 160]));
    let rtcp = address("192.0.2.1:4001");
    driven.rtcp(address("203.0.113.66:4001"), &compound(0xfeed, true));
    driven.rtcp(rtcp, &compound(0xbad, true));
    assert!(matches!(driven.happened()[..], [StreamEvent::FirstHeard]));
    driven.rtcp(rtcp, &compound(0xfeed, true));
    driven.rtcp(rtcp, &compound(0xfeed, true));
    assert!(matches!(driven.happened()[..], [StreamEvent::FirstHeard, StreamEvent::Bye]));
}

#[test]
fn a_report_counts_as_a_sign_of_life() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(8, 1, 0, &[0; 160]));
    let first = driven.now;
    assert_eq!(driven.stream.stats().last_received, Some(first));
    driven.run(ms(500));
    driven.rtcp(address("192.0.2.1:4001"), &compound(0xfeed, false));
    assert_eq!(driven.stream.stats().last_received, Some(first + ms(500)));
}
