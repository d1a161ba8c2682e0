//! Who is at a telephone.

use std::time::Duration;

use offhook_media::Sound;
use offhook_media::tone::{Segment, Sequence};

/// Who or what is at a telephone: what is heard of it by itself as soon as a call is answered.
///
/// ```
/// use offhook::caller::{CallRequest, Person, Reception};
/// use offhook::media::Sound;
/// use offhook::media::tone::{Segment, Sequence};
///
/// # let (hello, greeting) = (Sound::new(8000, vec![0; 8000]), Sound::new(8000, vec![0; 8000]));
/// let beep = Sequence::new(vec![Segment::single(1000, 10, 400)]).unwrap();
/// let mailbox = Reception::new().ring().answer().person(Person::answering_machine(&greeting, &beep));
/// let anna = Reception::new().ring().answer().person(Person::speaking(hello));
/// let fax = CallRequest::to("sip:100@192.0.2.1").unwrap().person(Person::fax());
/// # let _ = (mailbox, anna, fax);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Person(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    /// Waits for what others say.
    #[default]
    Silent,
    Says(Sound),
    Fax,
}

/// Which end of a call a person is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Calling,
    Called,
}

/// What a person says without being asked.
pub(super) struct Utterance {
    pub(super) sound: Sound,
    /// Again and again, until the call is over.
    pub(super) repeated: bool,
}

impl Person {
    /// Somebody who says nothing.
    pub fn silent() -> Self {
        Self::default()
    }

    /// Somebody who says this, 300 ms after the answer.
    pub fn speaking(sound: Sound) -> Self {
        let mut says = Sound::silence(sound.rate_hz, LIFTING);
        says.append(&sound);
        Self(Kind::Says(says))
    }

    /// An answering machine: its greeting 300 ms after the answer, then half a second of nothing, its beep, and from
    /// then on silence.
    pub fn answering_machine(greeting: &Sound, beep: &Sequence) -> Self {
        let mut says = greeting.resampled(RATE_HZ);
        says.append(&Sound::silence(RATE_HZ, BEFORE_BEEP));
        says.append(&Sound::new(RATE_HZ, beep.render(RATE_HZ)));
        Self::speaking(says)
    }

    /// A fax machine (ITU-T T.30 section 4): called, it sends 2100 Hz for three seconds, 1.8 s after the answer;
    /// calling, 1100 Hz for half a second every three and a half seconds. No page is transferred.
    pub fn fax() -> Self {
        Self(Kind::Fax)
    }

    pub(super) fn utterance(&self, side: Side) -> Option<Utterance> {
        match &self.0 {
            Kind::Silent => None,
            Kind::Says(sound) => Some(Utterance { sound: sound.clone(), repeated: false }),
            Kind::Fax => {
                let (segments, repeated) = match side {
                    Side::Called => (vec![Segment::silence(1800), Segment::single(2100, LEVEL, 3000)], false),
                    Side::Calling => (vec![Segment::single(1100, LEVEL, 500), Segment::silence(3000)], true),
                };
                let sequence = Sequence::new(segments).ok()?;
                Some(Utterance { sound: Sound::new(RATE_HZ, sequence.render(RATE_HZ)), repeated })
            }
        }
    }
}

/// From the answer to the first word.
const LIFTING: Duration = Duration::from_millis(300);
/// From the last word of a greeting to the beep.
const BEFORE_BEEP: Duration = Duration::from_millis(500);
/// The rate of telephones.
const RATE_HZ: u32 = 8000;
/// In dBm0 with its sign reversed.
const LEVEL: u8 = 11;
