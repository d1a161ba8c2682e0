//! What a party brings along, checked and loaded before it enters.

use std::sync::Arc;

use offhook_media::tone::{Segment, Sequence};
use offhook_media::{Clip, Codec};

use super::settings::{ConferenceLifetimeControl, MuteOnDtmfDigits};
use crate::clip::{ClipRequest, ClipSource, ClipStore};
use crate::playable::MediaError;

/// How a party takes part.
#[derive(Clone, Debug)]
pub(crate) struct PartyPlan {
    pub(crate) room: String,
    pub(crate) talker: bool,
    pub(crate) muted: bool,
    pub(crate) lifetime: ConferenceLifetimeControl,
    pub(crate) exit_digit: Option<char>,
    pub(crate) mute: Option<MuteOnDtmfDigits>,
    pub(crate) two_parties: bool,
}

/// The sounds of a party that are to be loaded.
#[derive(Clone, Debug)]
pub(crate) struct SoundRequests {
    /// What the party hears until the conference starts.
    pub(crate) waiting: ClipSource,
    pub(crate) beep: bool,
    pub(crate) prefix: Option<ClipSource>,
    pub(crate) entry: Option<ClipSource>,
    pub(crate) exit: Option<ClipSource>,
}

/// The sounds of a party.
#[derive(Clone, Debug)]
pub(crate) struct PartySounds {
    /// What the party hears until the conference starts.
    pub(crate) waiting: Clip,
    /// What the room hears when the party enters, in order.
    pub(crate) on_entry: Vec<Clip>,
    /// What the room hears when the party leaves, in order.
    pub(crate) on_exit: Vec<Clip>,
}

impl SoundRequests {
    /// Loads everything; the first sound that cannot be had is the error.
    pub(crate) async fn load(self, clips: &ClipStore) -> Result<PartySounds, MediaError> {
        let load = |source, looped| clips.load(ClipRequest { source, codec: CODEC, looped });
        let waiting = load(self.waiting, true).await?;
        let prefix = match self.prefix {
            Some(source) => Some(load(source, false).await?),
            None => None,
        };
        let mut on_entry = Vec::new();
        if self.beep {
            on_entry.push(load(ClipSource::Tone(beep()), false).await?);
        }
        if let Some(source) = self.entry {
            on_entry.extend(prefix.clone());
            on_entry.push(load(source, false).await?);
        }
        let mut on_exit = Vec::new();
        if let Some(source) = self.exit {
            on_exit.extend(prefix);
            on_exit.push(load(source, false).await?);
        }
        Ok(PartySounds { waiting, on_entry, on_exit })
    }
}

/// The beep that tells a room of another party: 800 Hz at -16 dBm0 for 200 ms.
fn beep() -> Arc<Sequence> {
    // A single frequency and a level within their ranges.
    let sequence = Sequence::new(vec![Segment::single(800, 16, 200)]);
    Arc::new(sequence.unwrap_or_else(|_| unreachable!("the beep is a tone")))
}

/// Rooms mix linear samples; what they play is kept in this codec.
const CODEC: Codec = Codec::G711A;
