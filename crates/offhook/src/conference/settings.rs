//! What a party brings to a conference room.

use crate::playable::PlayableMedia;

/// What a party's presence does to its room (CONF-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConferenceLifetimeControl {
    /// This party's presence starts the conference. Default on.
    pub start_on_entry: bool,
    /// The room is destroyed when this party leaves. Default off.
    pub destroy_on_exit: bool,
}

impl Default for ConferenceLifetimeControl {
    fn default() -> Self {
        Self { start_on_entry: true, destroy_on_exit: false }
    }
}

/// What is played to a party and to its room, and which digits the party may press (CONF-2 to CONF-4).
#[derive(Clone, Debug)]
pub struct ConferencePartyMediaSettings {
    pub(crate) ringback_tone: Option<String>,
    pub(crate) stopped_file: Option<String>,
    pub(crate) beep_on_entry: bool,
    pub(crate) exit_digit: Option<char>,
    pub(crate) two_parties: bool,
    pub(crate) start_muted: bool,
    pub(crate) on_entry: Option<PlayableMedia>,
    pub(crate) on_exit: Option<PlayableMedia>,
    pub(crate) prefix: Option<PlayableMedia>,
    pub(crate) mute: Option<MuteOnDtmfDigits>,
}

impl Default for ConferencePartyMediaSettings {
    fn default() -> Self {
        Self::new()
    }
}

impl ConferencePartyMediaSettings {
    /// The documented defaults: the default ringback while the conference is stopped, a beep on entry, no digits.
    pub fn new() -> Self {
        Self {
            ringback_tone: None,
            stopped_file: None,
            beep_on_entry: true,
            exit_digit: None,
            two_parties: false,
            start_muted: false,
            on_entry: None,
            on_exit: None,
            prefix: None,
            mute: None,
        }
    }

    /// The tone that the party hears until the conference starts, if it has no file for that. A named tone needs
    /// a tone player on the channel (TONE-15); the default ringback does not.
    pub fn ringback_tone(mut self, name: impl Into<String>) -> Self {
        self.ringback_tone = Some(name.into());
        self
    }

    /// The file that is repeated to the party until the conference starts (CONF-10).
    pub fn on_conference_stopped_file(mut self, file: impl Into<String>) -> Self {
        self.stopped_file = Some(file.into());
        self
    }

    /// Whether the room hears a beep when the party enters. Default on.
    pub fn beep_on_entry(mut self, beep: bool) -> Self {
        self.beep_on_entry = beep;
        self
    }

    /// The digit that makes the party leave (CONF-8): `0` to `9`, `A` to `D`, `*` or `#`.
    pub fn exit_on_dtmf_digit(mut self, digit: char) -> Self {
        self.exit_digit = Some(digit);
        self
    }

    /// Treats the room as two talkers, which saves nothing here; with more talkers it is ignored and logged
    /// (CONF-14).
    pub fn two_party_optimisation(mut self, two_parties: bool) -> Self {
        self.two_parties = two_parties;
        self
    }

    /// Enters muted.
    pub fn start_muted(mut self, muted: bool) -> Self {
        self.start_muted = muted;
        self
    }

    /// What the room hears when the party enters.
    pub fn on_entry_media(mut self, media: PlayableMedia) -> Self {
        self.on_entry = Some(media);
        self
    }

    /// What the room hears when the party leaves.
    pub fn on_exit_media(mut self, media: PlayableMedia) -> Self {
        self.on_exit = Some(media);
        self
    }

    /// What the room hears immediately before the entry and before the exit media, for example the party's name.
    /// Without those it is not played.
    pub fn prefix_media(mut self, media: PlayableMedia) -> Self {
        self.prefix = Some(media);
        self
    }

    /// The digits with which the party mutes itself and is heard again (CONF-4). Without them no digit does.
    pub fn mute_on_dtmf_digits(mut self, digits: MuteOnDtmfDigits) -> Self {
        self.mute = Some(digits);
        self
    }
}

/// The digits that mute and unmute a party (CONF-4). One digit for both switches to and fro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MuteOnDtmfDigits {
    /// The digit that mutes. Default `0`.
    pub mute: char,
    /// The digit that unmutes. Default `1`.
    pub unmute: char,
}

impl Default for MuteOnDtmfDigits {
    fn default() -> Self {
        Self { mute: '0', unmute: '1' }
    }
}
