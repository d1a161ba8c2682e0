//! What a callee does with the calls that come.

use std::time::Duration;

use offhook_media::Sound;
use offhook_sip::{HeaderName, Headers, StatusCode, Text};

use super::Person;

/// What a [`Callee`](super::Callee) does with each call, step by step. 100 Trying is always sent.
///
/// ```
/// use std::time::Duration;
///
/// use offhook::caller::Reception;
///
/// let phone = Reception::new().ring().wait(Duration::from_secs(2)).answer();
/// let announcement = Reception::new().early_media().wait(Duration::from_secs(5)).refuse(480);
/// let dead = Reception::new();
/// # let _ = (phone, announcement, dead);
/// ```
#[derive(Clone, Debug)]
pub struct Reception {
    pub(super) steps: Vec<Step>,
    pub(super) codecs: String,
    pub(super) sends_media: bool,
    pub(super) person: Person,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Wait(Duration),
    Provisional(StatusCode, bool),
    Play(Sound),
    Answer,
    Refuse(StatusCode, Headers),
    HangUp,
}

impl Step {
    /// # Panics
    ///
    /// When the status is no number of a final response of 300 or more.
    pub(super) fn refuse(status: u16, headers: Headers) -> Self {
        let code = StatusCode::new(status).filter(|_| (300..700).contains(&status));
        Self::Refuse(code.unwrap_or_else(|| panic!("{status} refuses nothing")), headers)
    }
}

impl Reception {
    /// Nothing so far: a callee that does nothing at all.
    pub fn new() -> Self {
        Self {
            steps: Vec::new(),
            codecs: "g711a;g711u".to_owned(),
            sends_media: true,
            person: Person::silent(),
        }
    }

    /// Sends 180.
    pub fn ring(self) -> Self {
        self.step(Step::Provisional(StatusCode::RINGING, false))
    }

    /// Sends 183 with SDP; sound can be heard from then on.
    pub fn early_media(self) -> Self {
        self.step(Step::Provisional(StatusCode::SESSION_PROGRESS, true))
    }

    /// Sends another provisional response, with SDP or without.
    ///
    /// # Panics
    ///
    /// When the status is no number of a provisional response, 101 to 199.
    pub fn provisional(self, status: u16, sdp: bool) -> Self {
        let code = StatusCode::new(status).filter(|code| code.is_provisional() && status > 100);
        self.step(Step::Provisional(code.unwrap_or_else(|| panic!("{status} is not provisional")), sdp))
    }

    /// Speaks: the caller hears this sound once. Does not wait for its end.
    pub fn play(self, sound: Sound) -> Self {
        self.step(Step::Play(sound))
    }

    /// Does nothing for a time.
    pub fn wait(self, time: Duration) -> Self {
        self.step(Step::Wait(time))
    }

    /// Sends 200.
    pub fn answer(self) -> Self {
        self.step(Step::Answer)
    }

    /// Sends a final response of 300 or more.
    ///
    /// # Panics
    ///
    /// When the status is no number of such a response.
    pub fn refuse(self, status: u16) -> Self {
        self.refuse_with(status, &[])
    }

    /// The same with header fields.
    ///
    /// # Panics
    ///
    /// When the status is no number of a final response of 300 or more.
    pub fn refuse_with(self, status: u16, fields: &[(&str, &str)]) -> Self {
        let mut headers = Headers::default();
        for (name, value) in fields {
            let name = HeaderName::parse(&Text::from((*name).to_owned()));
            headers.push(name, Text::from((*value).to_owned()));
        }
        self.step(Step::refuse(status, headers))
    }

    /// Ends the call: BYE.
    pub fn hang_up(self) -> Self {
        self.step(Step::HangUp)
    }

    /// The codecs that are accepted, in the order of priority. Default `g711a;g711u`.
    pub fn codecs(mut self, codecs: impl Into<String>) -> Self {
        self.codecs = codecs.into();
        self
    }

    /// Who answers. Default: somebody who says nothing by itself.
    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    /// Sends neither RTP nor RTCP, for example to be noticed as missing (RUN-28).
    pub fn silent(mut self) -> Self {
        self.sends_media = false;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl Default for Reception {
    fn default() -> Self {
        Self::new()
    }
}
