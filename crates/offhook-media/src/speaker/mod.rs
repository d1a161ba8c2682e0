//! Who has answered: a person, an answering machine or a fax machine; and when a machine is ready to record.
//!
//! People answer with a word or two and then wait; machines talk on, and beep; fax machines whistle on frequencies of
//! their own. All of it is judged by the sound alone, frame by frame, independent of codec and application (LSD-10).

mod detector;
mod machine;
mod meter;

pub use self::detector::{DetectionStart, FarEnd, SpeakerDetector, SpeakerFound};
pub use self::machine::{MachineDetector, MachineSettings};
