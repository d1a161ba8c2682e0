//! Synthetic answers of calls: people, machines and fax machines, on good and bad lines.

use std::collections::HashMap;

use offhook_media::speaker::{DetectionStart, FarEnd, SpeakerDetector, SpeakerFound};
use offhook_media::speech::{self, Voice};
use offhook_media::{Law, measure, tone};

/// One answer and what it is.
pub(crate) struct Answer {
    /// What kind, in words.
    pub(crate) kind: &'static str,
    /// What it is.
    pub(crate) truth: FarEnd,
    start: DetectionStart,
    samples: Vec<i16>,
}

impl Answer {
    /// What the detector makes of it within seven seconds.
    pub(crate) fn found(&self) -> Option<SpeakerFound> {
        let limit = std::time::Duration::from_millis(7000);
        let mut detector = SpeakerDetector::new(self.start, limit);
        self.samples.chunks(160).find_map(|frame| detector.hear(frame))
    }
}

/// All of them, the same at every run.
pub(crate) fn answers() -> Vec<Answer> {
    let mut maker = Maker { random: Random(42), speech: HashMap::new() };
    let mut answers = Vec::new();
    let kinds: [Kind; 11] = [
        ("person, a word or two", FarEnd::Live, 84, Maker::person),
        ("person in an office", FarEnd::Live, 42, Maker::office),
        ("machine with a beep", FarEnd::AnswerMachine, 84, Maker::machine),
        ("machine, short greeting and beep", FarEnd::AnswerMachine, 30, Maker::short_machine),
        ("fax machine that answers (CED)", FarEnd::FaxMachine, 18, Maker::fax_answering),
        ("fax machine that calls (CNG)", FarEnd::FaxMachine, 18, Maker::fax_calling),
        ("ringing tone, then a person", FarEnd::Live, 30, Maker::ringing_person),
        ("ringing tone, then a machine", FarEnd::AnswerMachine, 24, Maker::ringing_machine),
        ("silence", FarEnd::Unknown, 12, Maker::silence),
        ("line noise", FarEnd::Unknown, 12, Maker::line_noise),
        ("a click, then silence", FarEnd::Unknown, 12, Maker::click),
    ];
    for (kind, truth, count, make) in kinds {
        for _ in 0..count {
            let samples = make(&mut maker);
            let samples = maker.line(samples);
            answers.push(Answer { kind, truth, start: DetectionStart::AnswerDetect, samples });
        }
    }
    answers
}

/// A kind of answer: in words, what it is, how many are made, and how.
type Kind = (&'static str, FarEnd, usize, fn(&mut Maker) -> Vec<i16>);

struct Maker {
    random: Random,
    speech: HashMap<(&'static str, Voice), Vec<i16>>,
}

impl Maker {
    fn person(&mut self) -> Vec<i16> {
        const WORDS: [&str; 12] = [
            "Hello?",
            "Hello.",
            "Yes?",
            "Yes, hello?",
            "Anna Miller.",
            "Hello, this is Peter.",
            "Good morning.",
            "Hi!",
            "Smith speaking.",
            "Hello, who is there?",
            "Speaking.",
            "Good evening, Brown.",
        ];
        let mut samples = self.pause(0.1, 1.2);
        samples.extend(self.say(&WORDS));
        samples.extend(self.pause(6.0, 7.0));
        samples
    }

    fn office(&mut self) -> Vec<i16> {
        const WORDS: [&str; 6] = [
            "Good morning, Baker and Sons.",
            "City hospital, how can I help you?",
            "Garage Miller, good afternoon.",
            "Thank you for calling, this is Emma.",
            "Hotel Central, reception.",
            "Sales department, John speaking.",
        ];
        let mut samples = self.pause(0.1, 1.0);
        samples.extend(self.say(&WORDS));
        samples.extend(self.pause(6.0, 7.0));
        samples
    }

    fn machine(&mut self) -> Vec<i16> {
        const WORDS: [&str; 8] = [
            "Hello, you have reached the voicemail of Anna Miller. Please leave a message after the tone.",
            "Hi, this is Peter, I cannot take your call right now. Leave your name and number after the beep.",
            "The person you are calling is not available. Please leave your message after the tone.",
            "You have reached five five five, one two three four. Please speak after the signal.",
            "We are closed at the moment. Our office hours are from nine to five. Please leave a message.",
            "Thank you for calling Baker and Sons. All our staff are busy. Please record your message now.",
            "This is the mailbox of the city library, which is open from Monday to Friday. Please speak now.",
            "Sorry, nobody can come to the phone right now, but if you leave a message we will call you back.",
        ];
        let mut samples = self.pause(0.3, 1.5);
        samples.extend(self.say(&WORDS));
        samples.extend(self.pause(0.3, 0.8));
        samples.extend(self.beep());
        samples.extend(self.pause(5.0, 6.0));
        samples
    }

    fn short_machine(&mut self) -> Vec<i16> {
        const WORDS: [&str; 4] = [
            "Please leave a message.",
            "This is Anna, leave a message.",
            "Not here, speak now.",
            "Message after the beep, please.",
        ];
        let mut samples = self.pause(0.3, 1.5);
        samples.extend(self.say(&WORDS));
        samples.extend(self.pause(0.1, 0.5));
        samples.extend(self.beep());
        samples.extend(self.pause(5.0, 6.0));
        samples
    }

    fn fax_answering(&mut self) -> Vec<i16> {
        let mut samples = self.pause(0.2, 1.8);
        let hz = 2100.0 + self.random.between(-15.0, 15.0);
        samples.extend(self.tone(hz, 3.0));
        samples.extend(self.pause(4.0, 5.0));
        samples
    }

    fn fax_calling(&mut self) -> Vec<i16> {
        let mut samples = self.pause(0.2, 2.0);
        let hz = 1100.0 + self.random.between(-38.0, 38.0);
        for _ in 0..3 {
            samples.extend(self.tone(hz, 0.5));
            samples.extend(self.pause(3.0, 3.0));
        }
        samples
    }

    fn ringing_person(&mut self) -> Vec<i16> {
        let mut samples = self.ringing();
        samples.extend(self.person());
        samples
    }

    fn ringing_machine(&mut self) -> Vec<i16> {
        let mut samples = self.ringing();
        samples.extend(self.machine());
        samples
    }

    fn silence(&mut self) -> Vec<i16> {
        self.pause(9.0, 9.0)
    }

    /// Noise that is there from the first moment, as loud as a quiet voice.
    fn line_noise(&mut self) -> Vec<i16> {
        let level = self.random.between(-50.0, -32.0);
        let rms = measure::peak_of_dbm0(level) / std::f64::consts::SQRT_2;
        (0..72_000).map(|_| (rms * self.random.gauss()) as i16).collect()
    }

    fn click(&mut self) -> Vec<i16> {
        let mut samples = self.pause(0.3, 2.0);
        samples.extend((0..400).map(|_| (3000.0 * self.random.gauss()) as i16).collect::<Vec<_>>());
        samples.extend(self.pause(8.0, 8.0));
        samples
    }

    /// Some seconds of a national ringing tone, cut off anywhere.
    fn ringing(&mut self) -> Vec<i16> {
        const TONES: [&str; 5] = ["ringback.us", "ringback.gb", "ringback.de", "ringback.fr", "ringback.au"];
        let name = TONES[self.random.below(TONES.len())];
        let once = tone::named(name).expect("a tone of the catalogue").render(8000);
        let length = (self.random.between(2.0, 9.0) * 8000.0) as usize;
        once.iter().copied().cycle().take(length).collect()
    }

    fn say(&mut self, texts: &[&'static str]) -> Vec<i16> {
        let text = texts[self.random.below(texts.len())];
        let voice = Voice::ALL[self.random.below(Voice::ALL.len())];
        let spoken = self.speech.entry((text, voice)).or_insert_with(|| {
            let spoken = speech::synthesize(text, voice).expect("the engine speaks").resampled(8000).samples;
            // How long it is silent afterwards is decided elsewhere.
            let heard = |sample: &i16| sample.unsigned_abs() > 200;
            let first = spoken.iter().position(heard).unwrap_or(0);
            let last = spoken.iter().rposition(heard).unwrap_or(spoken.len() - 1);
            spoken[first..=last].to_vec()
        });
        spoken.clone()
    }

    fn beep(&mut self) -> Vec<i16> {
        const HZ: [f64; 6] = [440.0, 620.0, 800.0, 1000.0, 1400.0, 2000.0];
        let hz = HZ[self.random.below(HZ.len())];
        let seconds = self.random.between(0.2, 0.9);
        self.tone(hz, seconds)
    }

    fn tone(&mut self, hz: f64, seconds: f64) -> Vec<i16> {
        let peak = measure::peak_of_dbm0(self.random.between(-22.0, -8.0));
        let samples = (0..(8000.0 * seconds) as usize)
            .map(|n| (peak * (std::f64::consts::TAU * hz * n as f64 / 8000.0).sin()) as i16);
        samples.collect()
    }

    fn pause(&mut self, from: f64, to: f64) -> Vec<i16> {
        vec![0; (self.random.between(from, to) * 8000.0) as usize]
    }

    /// The telephone line: louder or quieter, with noise, through G.711.
    fn line(&mut self, samples: Vec<i16>) -> Vec<i16> {
        let gain = 10_f64.powf(self.random.between(-12.0, 3.0) / 20.0);
        let noise = measure::peak_of_dbm0(self.random.between(-70.0, -48.0)) / std::f64::consts::SQRT_2;
        let law = Law::ALL[self.random.below(Law::ALL.len())];
        let noisy: Vec<i16> = samples
            .into_iter()
            .map(|sample| (f64::from(sample) * gain + noise * self.random.gauss()) as i16)
            .collect();
        law.decode(&law.encode(&noisy))
    }
}

/// A generator with a fixed seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.next()
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.next() * count as f64) as usize).min(count - 1)
    }

    fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}
