//! Digits of the far end, and ours.

mod stream_support;

use std::time::Duration;

use offhook_media::dtmf::{Digit, Event};
use offhook_media::{DigitsRefusal, StreamCommand, StreamConfig, StreamEvent, StreamUpdate};
use stream_support::{Driven, address, config, ms, packet, signalled, update};

fn event(key: char, end: bool, duration: u16) -> [u8; 4] {
    Event { code: Digit::try_from(key).unwrap().code(), end, volume_db: 10, duration }.to_bytes()
}

fn digits(driven: &Driven) -> Vec<(char, Duration)> {
    driven
        .happened()
        .into_iter()
        .filter_map(|event| match event {
            StreamEvent::Digit { digit, duration, .. } => Some((*digit, *duration)),
            _ => None,
        })
        .collect()
}

/// DTMF-12: a press of five packets and two repetitions of its end is one digit.
#[test]
fn a_press_is_one_digit() {
    let mut driven = Driven::new(config());
    for (n, (end, duration)) in
        [(false, 160), (false, 320), (false, 480), (true, 640), (true, 640), (true, 640)]
            .into_iter()
            .enumerate()
    {
        driven.rtp(signalled(), &packet(101, n as u16, 8000, &event('5', end, duration)));
        driven.run(ms(20));
    }
    assert_eq!(digits(&driven), [('5', ms(80))]);
    assert!(
        driven.happened().iter().any(|event| matches!(event, StreamEvent::DigitBegun { digit: '5', .. }))
    );
}

/// DTMF-12, UR-33: the end is lost, and the press is over all the same.
#[test]
fn a_press_whose_end_is_lost_is_over_after_a_while() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(101, 1, 8000, &event('#', false, 320)));
    driven.run(ms(150));
    assert_eq!(digits(&driven), []);
    driven.run(ms(100));
    assert_eq!(digits(&driven), [('#', ms(40))]);
}

#[test]
fn a_press_that_lasts_until_the_end_of_the_stream_is_a_digit() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(101, 1, 8000, &event('1', false, 320)));
    driven.command(StreamCommand::Close);
    assert_eq!(digits(&driven), [('1', ms(40))]);
}

/// UR-34: from the address that the audio really comes from, whatever the session description said.
#[test]
fn digits_come_from_where_the_audio_comes_from() {
    let mut driven = Driven::new(config());
    let behind_nat = address("198.51.100.7:31000");
    driven.rtp(behind_nat, &packet(8, 1, 0, &[0; 160]));
    driven.rtp(signalled(), &packet(101, 2, 8000, &event('6', true, 800)));
    driven.rtp(behind_nat, &packet(101, 2, 8000, &event('7', true, 800)));
    assert_eq!(digits(&driven), [('7', ms(100))]);
}

/// UR-35: a dynamic number alone never means digits.
#[test]
fn a_payload_type_that_was_not_negotiated_is_no_digit() {
    let mut driven = Driven::new(StreamConfig { telephone_event: None, ..config() });
    driven.rtp(signalled(), &packet(101, 1, 8000, &event('7', true, 800)));
    assert_eq!(digits(&driven), []);
}

/// DTMF-17: 100 ms each and 100 ms apart, in place of the audio, which goes on behind them.
#[test]
fn digits_are_sent_in_place_of_audio() {
    let mut driven = Driven::new(config());
    let clip: Vec<u8> = (0..=200).collect();
    driven.play(1, clip.clone(), true, None);
    driven.run(ms(30));
    driven.command(StreamCommand::SendDigits("12".to_owned()));
    driven.run(ms(430));

    let mut expected_sequence = config().first_sequence;
    let mut ends = Vec::new();
    for sent in driven.rtp_sent() {
        let header = sent.header();
        assert_eq!(header.sequence, expected_sequence, "sequence numbers run on through the events");
        expected_sequence = expected_sequence.wrapping_add(1);
        let elapsed = sent.at.as_millis() as u32 * 8;
        if header.payload_type == 96 {
            let event = Event::parse(sent.payload()).unwrap();
            assert_eq!(header.marker, event.duration == 160);
            if event.end {
                ends.push((event.code, header.timestamp.wrapping_sub(config().first_timestamp)));
            }
        } else {
            assert_eq!(header.timestamp.wrapping_sub(config().first_timestamp), elapsed);
            let expected: Vec<u8> = clip.iter().copied().cycle().skip(elapsed as usize).take(160).collect();
            assert_eq!(sent.payload(), expected, "at {:?}", sent.at);
        }
    }
    assert_eq!(ends, [[(1, 320); 3], [(2, 1920); 3]].concat());
    let done = driven.events.iter().find(|(_, event)| matches!(event, StreamEvent::DigitsSent));
    assert_eq!(done.map(|(at, _)| *at), Some(ms(420)));
}

/// DTMF-12, DTMF-17: what one stream sends, another hears.
#[test]
fn what_is_sent_is_heard() {
    let mut sender = Driven::new(config());
    sender.command(StreamCommand::SendDigits("0123456789*#ABCD,,11".to_owned()));
    sender.run(Duration::from_secs(6));
    let mut hearer = Driven::new(StreamConfig { telephone_event: Some(96), ..config() });
    for sent in sender.rtp_sent() {
        hearer.rtp(signalled(), &sent.bytes);
    }
    let heard = digits(&hearer);
    assert_eq!(heard.iter().map(|(digit, _)| digit).collect::<String>(), "0123456789*#ABCD11");
    assert!(heard.iter().all(|(_, duration)| *duration == ms(100)));
}

#[test]
fn digits_that_cannot_be_sent_are_refused() {
    let mut driven = Driven::new(config());
    driven.command(StreamCommand::SendDigits("1x".to_owned()));
    let [StreamEvent::DigitsRefused { reason: DigitsRefusal::Queue(_) }] = driven.happened()[..] else {
        panic!("{:?}", driven.events)
    };
}

/// DTMF-11, DTMF-17: without telephone events keys are tones, in both directions.
#[test]
fn without_telephone_events_keys_are_tones() {
    let plain = StreamConfig { telephone_event: None, telephone_event_send: None, ..config() };
    let mut sender = Driven::new(plain.clone());
    let mut hearer = Driven::new(plain);
    sender.command(StreamCommand::SendDigits("159D,0".to_owned()));
    let mut passed = 0;
    for _ in 0..100 {
        sender.run(ms(20));
        for sent in sender.sent.drain(..).filter(|sent| !sent.rtcp) {
            hearer.rtp(signalled(), &sent.bytes);
            passed += 1;
        }
        hearer.run(ms(20));
    }
    let heard = digits(&hearer);
    assert_eq!(heard.iter().map(|(digit, _)| digit).collect::<String>(), "159D0");
    assert!(heard.iter().all(|(_, duration)| duration.abs_diff(ms(100)) <= ms(20)), "{heard:?}");
    assert_eq!(passed, 100, "the stream goes on behind the tones");
    let done = sender.events.iter().find(|(_, event)| matches!(event, StreamEvent::DigitsSent));
    assert_eq!(done.map(|(at, _)| *at), Some(ms(1500)), "five keys of 200 ms and a comma of 500 ms");
}

/// DTMF-11: where telephone events were negotiated, tones are no keys.
#[test]
fn tones_are_no_keys_beside_telephone_events() {
    let mut sender = Driven::new(StreamConfig { telephone_event_send: None, ..config() });
    let mut hearer = Driven::new(config());
    sender.command(StreamCommand::SendDigits("15".to_owned()));
    for _ in 0..30 {
        sender.run(ms(20));
        for sent in sender.sent.drain(..).filter(|sent| !sent.rtcp) {
            hearer.rtp(signalled(), &sent.bytes);
        }
        hearer.run(ms(20));
    }
    assert_eq!(digits(&hearer), []);
}

#[test]
fn digits_that_wait_are_refused_when_events_are_negotiated_away() {
    let mut driven = Driven::new(config());
    driven.command(StreamCommand::SendDigits("11".to_owned()));
    driven.run(ms(50));
    driven.command(StreamCommand::Update(StreamUpdate { telephone_event_send: None, ..update() }));
    driven.run(ms(500));
    let last_event = driven.rtp_sent().iter().rposition(|sent| sent.header().payload_type == 96);
    assert_eq!(last_event, Some(2));
    assert!(matches!(
        driven.happened().last(),
        Some(StreamEvent::DigitsRefused { reason: DigitsRefusal::NotNegotiated })
    ));
}
