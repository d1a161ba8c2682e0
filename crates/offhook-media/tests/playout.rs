//! Playing clips into frames, counted in samples.

use offhook_media::playout::{Ended, JobId, Play, PlayEnd, Playout};
use offhook_media::{Clip, Law};
use proptest::prelude::*;

const EMPTY: u8 = 0;

fn play(job: u64, bytes: &[u8], looped: bool, limit_samples: Option<u64>) -> Play {
    let clip = Clip::from_encoded(Law::A, bytes);
    Play { job: JobId(job), clip, looped, limit_samples }
}

/// Frames until the job is over, at most `frames`; the filled bytes of each, and the end.
fn frames(playout: &mut Playout, frame: usize, frames: usize) -> (Vec<Vec<u8>>, Option<Ended>) {
    let mut heard = Vec::new();
    for _ in 0..frames {
        if let Some(ended) = playout.take_ended() {
            return (heard, Some(ended));
        }
        let mut bytes = vec![EMPTY; frame];
        let filled = playout.fill(Law::A, &mut bytes);
        assert!(bytes[filled..].iter().all(|byte| *byte == EMPTY), "nothing is written behind the end");
        bytes.truncate(filled);
        heard.push(bytes);
    }
    (heard, playout.take_ended())
}

fn ended(job: u64, reason: PlayEnd, played_samples: u64) -> Option<Ended> {
    Some(Ended { job: JobId(job), reason, played_samples, rate_hz: 8000 })
}

#[test]
fn a_clip_is_played_once_to_its_last_sample() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1, 2, 3, 4, 5], false, None));
    let (heard, end) = frames(&mut playout, 2, 10);
    assert_eq!(heard, [vec![1, 2], vec![3, 4], vec![5]]);
    assert_eq!(end, ended(1, PlayEnd::Finished, 5));
}

/// RING-44: a frame holds the end of one pass and the beginning of the next; no sample between them.
#[test]
fn a_loop_has_no_seam() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1, 2, 3], true, None));
    let (heard, end) = frames(&mut playout, 4, 3);
    assert_eq!(heard, [vec![1, 2, 3, 1], vec![2, 3, 1, 2], vec![3, 1, 2, 3]]);
    assert_eq!(end, None);
}

#[test]
fn a_clip_shorter_than_a_frame_fills_it_by_looping() {
    let mut playout = Playout::default();
    playout.play(play(1, &[9], true, None));
    assert_eq!(frames(&mut playout, 5, 1).0, [vec![9; 5]]);
}

/// RING-16: what is played is as long as asked for, to the sample.
#[test]
fn a_limit_falls_on_a_sample() {
    for (looped, limit, heard, reason) in [
        (true, 7, vec![1, 2, 3, 1, 2, 3, 1], PlayEnd::Limit),
        (true, 6, vec![1, 2, 3, 1, 2, 3], PlayEnd::Limit),
        (false, 2, vec![1, 2], PlayEnd::Limit),
        (false, 3, vec![1, 2, 3], PlayEnd::Finished),
        (false, 9, vec![1, 2, 3], PlayEnd::Finished),
        (true, 0, vec![], PlayEnd::Limit),
    ] {
        let mut playout = Playout::default();
        playout.play(play(1, &[1, 2, 3], looped, Some(limit)));
        let (frames, end) = frames(&mut playout, 4, 10);
        assert_eq!(frames.concat(), heard, "looped {looped}, limit {limit}");
        assert_eq!(end, ended(1, reason, heard.len() as u64), "looped {looped}, limit {limit}");
    }
}

/// RING-34: what is played next begins with the next frame, and what played before ends there.
#[test]
fn a_replacement_begins_at_the_next_frame() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1; 100], true, None));
    frames(&mut playout, 4, 2);
    assert_eq!(playout.play(play(2, &[2; 100], false, None)), ended(1, PlayEnd::Replaced, 8));
    assert_eq!(frames(&mut playout, 4, 1).0, [vec![2; 4]]);
}

#[test]
fn stopping_says_how_much_was_heard() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1; 100], false, None));
    frames(&mut playout, 4, 3);
    assert_eq!(playout.stop(), ended(1, PlayEnd::Stopped, 12));
    assert_eq!(playout.stop(), None);
    assert_eq!(frames(&mut playout, 4, 1).0, [vec![]]);
}

#[test]
fn a_clip_that_was_heard_to_its_end_was_not_replaced() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1; 4], false, None));
    let mut frame = [EMPTY; 4];
    playout.fill(Law::A, &mut frame);
    assert_eq!(playout.play(play(2, &[2; 4], false, None)), ended(1, PlayEnd::Finished, 4));
}

#[test]
fn a_clip_without_samples_is_over_at_once() {
    let mut playout = Playout::default();
    playout.play(play(1, &[], true, None));
    assert_eq!(frames(&mut playout, 4, 2), (vec![vec![]], ended(1, PlayEnd::Finished, 0)));
}

#[test]
fn a_frame_that_is_not_sent_is_passed_over() {
    let mut playout = Playout::default();
    playout.play(play(1, &[1, 2, 3, 4, 5], true, None));
    playout.skip(7, 8000);
    assert_eq!(frames(&mut playout, 4, 1).0, [vec![3, 4, 5, 1]]);
}

#[test]
fn a_clip_in_another_codec_is_transcoded() {
    let samples: Vec<i16> = (0..500).map(|n| ((n * 397) % 16_000 - 8000) as i16).collect();
    let clip = Clip::from_encoded(Law::Mu, Law::Mu.encode(&samples));
    let expected = Law::A.encode(&Law::Mu.decode(clip.encoded().expect("it is G.711").1));
    let mut playout = Playout::default();
    playout.play(Play { job: JobId(1), clip, looped: false, limit_samples: None });
    assert_eq!(frames(&mut playout, 160, 10).0.concat(), expected);
}

proptest! {
    /// RING-44, RING-16: frames of any size hold the samples of a plain count through the clip.
    #[test]
    fn frames_join_to_the_clip_again_and_again(length in 1..50_usize, frame in 1..60_usize, limit in 0..500_usize) {
        let clip: Vec<u8> = (1..=length as u8).collect();
        let mut playout = Playout::default();
        playout.play(play(1, &clip, true, Some(limit as u64)));
        let (heard, end) = frames(&mut playout, frame, 1000);
        let expected: Vec<u8> = clip.iter().copied().cycle().take(limit).collect();
        prop_assert_eq!(heard.concat(), expected);
        prop_assert_eq!(end, ended(1, PlayEnd::Limit, limit as u64));
    }
}
