//! Recordings: what is in the file, when they end, and that the file is valid at every instant.

mod stream_support;

use std::time::Duration;

use offhook_media::recorder::{RecordChannels, RecordCodec, RecordEnd, RecordSettings};
use offhook_media::{JobId, Law, Sound, StreamCommand, StreamEvent, dtmf::Event, measure, wav};
use stream_support::{Driven, config, ms, packet, signalled};

/// A stream, a far end that sends packets of 20 ms, and the file that is written.
struct Scene {
    driven: Driven,
    sent: u32,
    file: Vec<u8>,
    taken: usize,
    ended: Option<(RecordEnd, bool, Duration)>,
}

impl Scene {
    fn new() -> Self {
        Self { driven: Driven::new(config()), sent: 0, file: Vec::new(), taken: 0, ended: None }
    }

    fn record(&mut self, settings: RecordSettings) {
        self.file = settings.empty_file();
        self.driven.command(StreamCommand::Record { job: JobId(7), settings: Box::new(settings) });
        self.write();
    }

    /// The far end sends `sound`; packets for which `lost` holds do not come.
    fn hear(&mut self, sound: &[i16], lost: impl Fn(u32) -> bool) {
        for frame in sound.chunks_exact(160) {
            if !lost(self.sent) {
                let bytes = Law::A.encode(frame);
                self.driven.rtp(signalled(), &packet(8, self.sent as u16, self.sent * 160, &bytes));
            }
            self.sent += 1;
            self.driven.run(ms(20));
            self.write();
        }
    }

    /// Nothing comes for a while.
    fn wait(&mut self, time: Duration) {
        self.driven.run(time);
        self.write();
    }

    fn command(&mut self, command: StreamCommand) {
        self.driven.command(command);
        self.write();
    }

    /// Writes what is to be written; the file is valid after every step.
    fn write(&mut self) {
        let events: Vec<_> = self.driven.happened().into_iter().skip(self.taken).cloned().collect();
        self.taken += events.len();
        for event in events {
            match event {
                StreamEvent::Recorded { job, part } => {
                    assert_eq!(job, JobId(7));
                    assert!(self.ended.is_none());
                    let before = (self.file.len() > part.header.len()).then(|| self.sound().samples.len());
                    self.file.extend_from_slice(&part.data);
                    if let Some(before) = before {
                        assert_eq!(self.sound().samples.len(), before, "between the two writes");
                    }
                    self.file[..part.header.len()].copy_from_slice(&part.header);
                    assert!(self.file.len() == part.header.len() || wav::probe(&self.file).is_ok());
                }
                StreamEvent::RecordEnded { reason, heard_audio, duration, .. } => {
                    self.ended = Some((reason, heard_audio, duration));
                }
                _ => {}
            }
        }
    }

    fn sound(&self) -> Sound {
        wav::read(&self.file).expect("the file is valid")
    }
}

fn sine(hz: f64, seconds: f64) -> Vec<i16> {
    let peak = measure::peak_of_dbm0(-10.0);
    let samples = (0..(8000.0 * seconds) as usize)
        .map(|n| (peak * (std::f64::consts::TAU * hz * n as f64 / 8000.0).sin()) as i16);
    samples.collect()
}

fn event(end: bool, duration: u16) -> [u8; 4] {
    Event { code: 5, end, volume_db: 10, duration }.to_bytes()
}

/// REC-19: the file is as long as the time that passed, in every encoding, and holds what was heard.
#[test]
fn a_recording_holds_what_was_heard() {
    for codec in [RecordCodec::ALaw, RecordCodec::MuLaw, RecordCodec::Pcm16] {
        let mut scene = Scene::new();
        scene.hear(&sine(800.0, 1.0), |_| false);
        scene.record(RecordSettings { codec, ..RecordSettings::default() });
        scene.hear(&sine(440.0, 3.0), |_| false);
        scene.command(StreamCommand::StopRecording(RecordEnd::Stopped));
        let sound = scene.sound();
        assert!(sound.duration().abs_diff(ms(3000)) <= ms(40), "{:?}", sound.duration());
        assert_eq!(scene.ended, Some((RecordEnd::Stopped, true, sound.duration())));
        let level = measure::level_dbm0(&sound.samples[400..23_600], 8000, 440.0);
        assert!((level + 10.0).abs() < 0.3, "{level}");
        let before = measure::level_dbm0(&sound.samples[400..], 8000, 800.0);
        assert!(before < -50.0, "what was heard before is not in the file: {before}");
        let last = measure::rms_dbm0(&sound.samples[sound.samples.len() - 320..]);
        assert!(last > -15.0, "the last that was heard is in the file: {last}");
        assert_eq!(wav::probe(&scene.file).unwrap().format, codec.wav_format());
    }
}

/// REC-19: lost packets do not shorten the file and leave no hole; nor does a pause of the far end.
#[test]
fn lost_packets_are_concealed_in_the_file() {
    let mut scene = Scene::new();
    scene.hear(&sine(440.0, 0.5), |_| false);
    scene.record(RecordSettings::default());
    scene.hear(&sine(440.0, 5.0), |number| number % 25 == 0);
    scene.wait(ms(1000));
    scene.hear(&sine(440.0, 1.0), |_| false);
    scene.command(StreamCommand::StopRecording(RecordEnd::Stopped));
    let sound = scene.sound();
    assert!(sound.duration().abs_diff(ms(7000)) <= ms(40), "{:?}", sound.duration());
    let holes = measure::silences(&sound.samples[400..38_000], 8000, -40.0, 10.0);
    assert!(holes.is_empty(), "{holes:?}");
}

/// REC-12: what is heard on the left, what is sent on the right, side by side in time.
#[test]
fn a_stereo_recording_has_both_sides_in_time() {
    let mut scene = Scene::new();
    scene.hear(&sine(440.0, 0.5), |_| false);
    let settings = RecordSettings {
        channels: RecordChannels::Stereo,
        codec: RecordCodec::Pcm16,
        ..RecordSettings::default()
    };
    scene.record(settings);
    let silence = vec![0; 8000];
    scene.hear(&silence, |_| false);
    // Both begin to sound at the same time.
    scene.driven.play(1, Law::A.encode(&sine(1000.0, 1.0)), false, None);
    scene.hear(&sine(440.0, 1.0), |_| false);
    scene.hear(&silence, |_| false);
    scene.command(StreamCommand::StopRecording(RecordEnd::Stopped));
    let data = &scene.file[44..];
    let channel = |at: usize| -> Vec<i16> {
        data.chunks_exact(4).map(|pair| i16::from_le_bytes([pair[at], pair[at + 1]])).collect()
    };
    assert_eq!(wav::probe(&scene.file).unwrap().channels, 2);
    let starts: Vec<_> = [(channel(0), 440.0), (channel(2), 1000.0)]
        .into_iter()
        .map(|(samples, hz)| {
            let bursts = measure::bursts(&samples, 8000);
            assert_eq!(bursts.len(), 1, "{bursts:?}");
            assert!((bursts[0].on_ms - 1000.0).abs() <= 25.0, "{bursts:?}");
            let middle = (bursts[0].start_ms * 8.0) as usize + 1600;
            assert!(measure::level_dbm0(&samples[middle..middle + 4000], 8000, hz) > -11.0);
            bursts[0].start_ms
        })
        .collect();
    assert!((starts[0] - starts[1]).abs() <= 40.0, "{starts:?}");
    assert!((starts[1] - 1000.0).abs() <= 40.0, "{starts:?}");
}

/// REC-7: a reached duration ends the recording, to the sample.
#[test]
fn a_recording_ends_at_its_longest_duration() {
    let mut scene = Scene::new();
    scene.record(RecordSettings { max_duration: Some(ms(1500)), ..RecordSettings::default() });
    scene.hear(&sine(440.0, 2.0), |_| false);
    assert_eq!(scene.ended, Some((RecordEnd::Limit, true, ms(1500))));
    assert_eq!(scene.sound().samples.len(), 12_000);
}

/// REC-8, REC-9: silence below the level ends the recording; another limit holds until something is heard.
#[test]
fn silence_ends_a_recording() {
    let settings = RecordSettings {
        max_silence: Some(ms(1000)),
        initial_silence: Some(ms(3000)),
        ..RecordSettings::default()
    };
    let quiet: Vec<i16> = sine(300.0, 5.0).iter().map(|sample| sample / 50).collect();
    let mut scene = Scene::new();
    scene.record(settings.clone());
    scene.hear(&quiet[..16_000], |_| false);
    assert_eq!(scene.ended, None, "2 s are less than the initial limit");
    scene.hear(&sine(440.0, 0.5), |_| false);
    scene.hear(&quiet, |_| false);
    let (reason, heard, duration) = scene.ended.expect("silence ends the recording");
    assert_eq!((reason, heard), (RecordEnd::Silence, true));
    assert!(duration.abs_diff(ms(3500)) <= ms(60), "{duration:?}");

    let mut scene = Scene::new();
    scene.record(settings);
    scene.hear(&quiet, |_| false);
    let (reason, heard, duration) = scene.ended.expect("initial silence ends the recording");
    assert_eq!((reason, heard), (RecordEnd::Silence, false));
    assert!(duration.abs_diff(ms(3000)) <= ms(60), "{duration:?}");
}

/// REC-13: the file never exceeds its largest size.
#[test]
fn a_recording_ends_at_its_largest_size() {
    let mut scene = Scene::new();
    scene.record(RecordSettings { max_bytes: 5001, ..RecordSettings::default() });
    scene.hear(&sine(440.0, 2.0), |_| false);
    assert_eq!(scene.ended.map(|ended| ended.0), Some(RecordEnd::Size));
    assert!((4990..=5001).contains(&scene.file.len()), "{}", scene.file.len());
}

/// REC-10: a digit of the set ends the recording, another does not.
#[test]
fn a_digit_ends_a_recording() {
    for (digits, ends) in [("5", true), ("12", false)] {
        let mut scene = Scene::new();
        scene.record(RecordSettings { barge_in_digits: digits.to_owned(), ..RecordSettings::default() });
        scene.hear(&sine(440.0, 1.0), |_| false);
        scene.driven.rtp(signalled(), &packet(101, scene.sent as u16, 90_000, &event(true, 800)));
        scene.write();
        assert_eq!(scene.ended.map(|ended| ended.0), ends.then_some(RecordEnd::Digit));
    }
}

/// REC-15: at the end of the stream the last that was received is in the file.
#[test]
fn the_end_of_the_stream_closes_the_recording() {
    let mut scene = Scene::new();
    scene.record(RecordSettings::default());
    scene.hear(&sine(440.0, 1.0), |_| false);
    scene.command(StreamCommand::Close);
    assert_eq!(scene.ended.map(|ended| ended.0), Some(RecordEnd::Closed));
    let sound = scene.sound();
    assert!(sound.duration().abs_diff(ms(1000)) <= ms(40), "{:?}", sound.duration());
    assert!(measure::rms_dbm0(&sound.samples[7500..7900]) > -15.0);
    assert!(matches!(scene.driven.happened().last(), Some(StreamEvent::Closed(_))));
}

/// REC-15: a recording that heard nothing at once is a valid file without a sample.
#[test]
fn an_empty_recording_is_a_valid_file() {
    let mut scene = Scene::new();
    scene.record(RecordSettings::default());
    scene.command(StreamCommand::Close);
    assert_eq!(scene.ended, Some((RecordEnd::Closed, false, Duration::ZERO)));
    assert!(matches!(wav::probe(&scene.file), Err(wav::WavError::Empty { .. })));
}

/// REC-14: a piece reaches the file at least every half second.
#[test]
fn the_file_grows_every_half_second() {
    let mut scene = Scene::new();
    scene.record(RecordSettings { codec: RecordCodec::Pcm16, ..RecordSettings::default() });
    for second in 1..=10 {
        scene.hear(&sine(440.0, 1.0), |_| false);
        let written = scene.sound().samples.len() as f64 / 8000.0;
        assert!(f64::from(second) - written <= 0.6, "{written} s after {second} s");
    }
}
