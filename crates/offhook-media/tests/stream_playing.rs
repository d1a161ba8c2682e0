//! What is heard, and when it is over.

mod stream_support;

use std::time::Duration;

use offhook_media::{JobId, PlayEnd, SilencePolicy, StreamCommand, StreamConfig, StreamEvent};
use stream_support::{Driven, SILENCE, config, ms};

/// The ends of what was played: when, which, why and how long it was heard.
fn ends(driven: &Driven) -> Vec<(Duration, u64, PlayEnd, Duration)> {
    driven
        .events
        .iter()
        .filter_map(|(at, event)| match event {
            StreamEvent::PlayEnded { job: JobId(job), reason, played } => Some((*at, *job, *reason, *played)),
            _ => None,
        })
        .collect()
}

/// RING-37: nothing to play, and yet a frame every 20 ms: silence.
#[test]
fn silence_is_sent_when_nothing_plays() {
    let mut driven = Driven::new(config());
    driven.run(ms(60));
    assert_eq!(driven.audio(), [SILENCE; 480]);
}

/// RING-37, MED-15: with `suppress` nothing is sent; the first packet after it has the marker and the timestamp of
/// its time.
#[test]
fn suppressed_silence_is_a_gap() {
    let mut driven = Driven::new(StreamConfig { silence: SilencePolicy::Suppress, ..config() });
    driven.play(1, [1; 160], false, None);
    driven.run(ms(100));
    driven.play(2, [2; 320], false, None);
    driven.run(ms(100));
    let sent = driven.rtp_sent();
    let seen: Vec<_> =
        sent.iter().map(|packet| (packet.at, packet.payload()[0], packet.header().marker)).collect();
    assert_eq!(seen, [(ms(0), 1, true), (ms(100), 2, true), (ms(120), 2, false)]);
    let step = sent[1].header().timestamp.wrapping_sub(sent[0].header().timestamp);
    assert_eq!(step, 5 * 160);
    assert_eq!(sent[1].header().sequence, sent[0].header().sequence.wrapping_add(1));
}

/// RING-11, RING-16: what is shorter than the ringing is followed by silence; its end is told when its last frame
/// is over.
#[test]
fn a_clip_is_followed_by_silence_and_its_end_is_told() {
    let mut driven = Driven::new(config());
    driven.play(7, [1; 400], false, None);
    driven.run(ms(80));
    assert_eq!(driven.audio(), [[1; 400].to_vec(), [SILENCE; 240].to_vec()].concat());
    assert_eq!(ends(&driven), [(ms(60), 7, PlayEnd::Finished, ms(50))]);
}

/// RING-10, RING-44: a loop goes on without a seam for as long as it is let.
#[test]
fn a_loop_has_no_seam_across_packets() {
    let mut driven = Driven::new(config());
    driven.play(1, (0..=250).collect::<Vec<u8>>(), true, None);
    driven.run(Duration::from_secs(2));
    let expected: Vec<u8> = (0..=250).cycle().take(16_000).collect();
    assert_eq!(driven.audio(), expected);
    assert_eq!(ends(&driven), []);
}

/// RING-16: limited to 1.0001 seconds, it is heard for that long to the sample.
#[test]
fn a_limit_is_kept_to_the_sample() {
    let mut driven = Driven::new(config());
    let limit = Duration::from_micros(1_000_125);
    driven.play(1, [1; 100], true, Some(limit));
    driven.run(Duration::from_secs(2));
    assert_eq!(driven.audio().iter().filter(|byte| **byte == 1).count(), 8001);
    assert_eq!(ends(&driven), [(ms(1020), 1, PlayEnd::Limit, limit)]);
}

/// RING-34: a new ringtone replaces the old one at a frame boundary.
#[test]
fn what_is_played_next_takes_over_at_the_next_frame() {
    let mut driven = Driven::new(config());
    driven.play(1, [1; 8000], true, None);
    driven.run(ms(50));
    driven.play(2, [2; 8000], true, None);
    driven.run(ms(50));
    assert_eq!(driven.audio(), [[1; 480].to_vec(), [2; 320].to_vec()].concat());
    assert_eq!(ends(&driven), [(ms(50), 1, PlayEnd::Replaced, ms(60))]);
}

/// RING-34: stopped, it is silence from the next frame on, and no packet of it follows the news.
#[test]
fn stop_is_told_at_once_and_nothing_more_of_it_is_sent() {
    let mut driven = Driven::new(config());
    driven.play(1, [1; 8000], true, None);
    driven.run(ms(50));
    driven.command(StreamCommand::Stop);
    assert_eq!(ends(&driven), [(ms(50), 1, PlayEnd::Stopped, ms(60))]);
    driven.run(ms(50));
    assert_eq!(driven.audio(), [[1; 480].to_vec(), [SILENCE; 320].to_vec()].concat());
}

#[test]
fn stopping_silence_is_nothing() {
    let mut driven = Driven::new(config());
    driven.command(StreamCommand::Stop);
    driven.run(ms(50));
    assert_eq!(ends(&driven), []);
}

#[test]
fn closing_ends_what_plays() {
    let mut driven = Driven::new(config());
    driven.play(1, [1; 8000], true, None);
    driven.run(ms(30));
    driven.command(StreamCommand::Close);
    assert_eq!(ends(&driven), [(ms(30), 1, PlayEnd::Closed, ms(40))]);
}

/// RING-44: packets of other lengths hold the same samples.
#[test]
fn every_packet_time_carries_the_same_sound() {
    let clip: Vec<u8> = (0..=200).collect();
    for packet_time in [10, 20, 30, 40, 60] {
        let mut driven = Driven::new(StreamConfig { packet_time: ms(packet_time), ..config() });
        driven.play(1, clip.clone(), true, None);
        driven.run(ms(600));
        let expected: Vec<u8> = clip.iter().copied().cycle().take(4800).collect();
        assert_eq!(driven.audio(), expected, "{packet_time} ms");
    }
}

/// FP-9, FP-10: a pause is silence, and what plays goes on where it was, or from where it is told to.
#[test]
fn what_plays_pauses_and_goes_on_from_elsewhere() {
    let mut driven = Driven::new(config());
    let clip: Vec<u8> = (0..1600_u32).map(|sample| (sample / 160) as u8).collect();
    driven.play(1, clip, false, None);
    driven.run(ms(50));
    driven.command(StreamCommand::Pause);
    driven.run(ms(60));
    driven.command(StreamCommand::Resume);
    driven.run(ms(40));
    driven.command(StreamCommand::Seek(ms(160)));
    driven.run(ms(100));
    let frames: Vec<u8> = driven.rtp_sent().iter().map(|sent| sent.payload()[0]).collect();
    assert_eq!(frames[..10], [0, 1, 2, SILENCE, SILENCE, SILENCE, 3, 4, 8, 9]);
    assert!(matches!(
        driven.happened().last(),
        Some(StreamEvent::PlayEnded { reason: PlayEnd::Finished, .. })
    ));
}

/// FP-10: past the end what plays is over, or begins again when looped.
#[test]
fn seeking_past_the_end_ends_or_begins_again() {
    for (looped, expected) in [(false, [0, SILENCE]), (true, [0, 0])] {
        let mut driven = Driven::new(config());
        let clip: Vec<u8> = (0..800_u32).map(|sample| (sample / 160) as u8).collect();
        driven.play(1, clip, looped, None);
        driven.run(ms(10));
        driven.command(StreamCommand::Seek(ms(5000)));
        driven.run(ms(30));
        let frames: Vec<u8> = driven.rtp_sent().iter().map(|sent| sent.payload()[0]).collect();
        assert_eq!(frames[..2], expected, "looped: {looped}");
    }
}

/// FP-16: the limit counts on in a pause.
#[test]
fn a_limit_counts_on_in_a_pause() {
    let mut driven = Driven::new(config());
    driven.play(1, [7; 16_000], false, Some(ms(200)));
    driven.command(StreamCommand::Pause);
    driven.run(ms(250));
    assert!(
        driven
            .happened()
            .iter()
            .any(|event| matches!(event, StreamEvent::PlayEnded { reason: PlayEnd::Limit, .. }))
    );
}
