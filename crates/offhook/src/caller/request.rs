//! What a call is to be made like.

use std::net::SocketAddr;
use std::time::Duration;

use offhook_sip::auth::Credentials;
use offhook_sip::{HeaderName, Headers, PrackPolicy, Reliability, Text, Uri};
use thiserror::Error;

use super::Person;

/// A call to be made.
#[derive(Clone, Debug)]
pub struct CallRequest {
    pub(super) target: Uri,
    pub(super) next_hop: Option<SocketAddr>,
    pub(super) sdp: CallSdp,
    pub(super) codecs: String,
    pub(super) reliability: Reliability,
    pub(super) prack: PrackPolicy,
    pub(super) headers: Headers,
    pub(super) credentials: Option<Credentials>,
    pub(super) sends_media: bool,
    pub(super) packet_time_ms: u8,
    pub(super) telephone_events: bool,
    pub(super) person: Person,
    pub(super) give_up_after: Option<Duration>,
    pub(super) hang_up_after: Option<Duration>,
}

/// What the INVITE carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallSdp {
    /// An offer with the codecs of the request.
    Offer,
    /// None: the far end makes the offer.
    None,
    /// This offer, with `{address}` and `{port}` replaced by those of the caller's RTP socket.
    Raw(String),
}

impl CallRequest {
    /// A call to a SIP URI, such as `sip:100@192.0.2.1:5060`.
    ///
    /// # Errors
    ///
    /// The text is no SIP URI.
    pub fn to(target: &str) -> Result<Self, ParseTargetError> {
        let error = || ParseTargetError { target: target.to_owned() };
        let uri = Uri::parse(&Text::from(target.to_owned())).map_err(|_| error())?;
        if uri.is_sip() { Ok(Self::new(uri)) } else { Err(error()) }
    }

    /// A call to the number 100 at an address.
    pub fn to_address(address: SocketAddr) -> Self {
        Self::new(Uri::from_address(Some("100"), address))
    }

    /// Sends the INVITE there, whatever the target's host says.
    pub fn via(mut self, next_hop: SocketAddr) -> Self {
        self.next_hop = Some(next_hop);
        self
    }

    /// What the INVITE carries. Default: an offer.
    pub fn sdp(mut self, sdp: CallSdp) -> Self {
        self.sdp = sdp;
        self
    }

    /// The codecs of the offer, in the order of priority. Default `g711a;g711u`.
    pub fn codecs(mut self, codecs: impl Into<String>) -> Self {
        self.codecs = codecs.into();
        self
    }

    /// What the INVITE says about reliable provisional responses. Default: supported.
    pub fn reliability(mut self, reliability: Reliability) -> Self {
        self.reliability = reliability;
        self
    }

    /// Who sends PRACK: by itself, or by [`OutCall::prack`](super::OutCall::prack).
    pub fn prack(mut self, prack: PrackPolicy) -> Self {
        self.prack = prack;
        self
    }

    /// A further header field of the INVITE.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(HeaderName::parse(&Text::from(name.to_owned())), Text::from(value.to_owned()));
        self
    }

    /// What a challenge is answered with (RFC 3261 section 22.2). Default: nothing, and a challenge ends the call.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends neither RTP nor RTCP, for example to be noticed as missing (RUN-28).
    pub fn silent(mut self) -> Self {
        self.sends_media = false;
        self
    }

    /// The packet time that the offer asks for, in milliseconds. Default 20.
    pub fn packet_time_ms(mut self, packet_time_ms: u8) -> Self {
        self.packet_time_ms = packet_time_ms;
        self
    }

    /// Neither offers nor takes telephone events: keys are pressed as tones within the audio.
    pub fn no_telephone_events(mut self) -> Self {
        self.telephone_events = false;
        self
    }

    /// Who calls. Default: somebody who says nothing by itself.
    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    /// Gives up if there is no answer so long after the INVITE: CANCEL.
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = Some(time);
        self
    }

    /// Hangs up so long after the answer: BYE.
    pub fn hang_up_after(mut self, time: Duration) -> Self {
        self.hang_up_after = Some(time);
        self
    }

    fn new(target: Uri) -> Self {
        Self {
            target,
            next_hop: None,
            sdp: CallSdp::Offer,
            codecs: "g711a;g711u".to_owned(),
            reliability: Reliability::Supported,
            prack: PrackPolicy::Auto,
            headers: Headers::default(),
            credentials: None,
            sends_media: true,
            packet_time_ms: 20,
            telephone_events: true,
            person: Person::silent(),
            give_up_after: None,
            hang_up_after: None,
        }
    }
}

/// The target of a call is no SIP URI.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{target:?} is no SIP URI; accepted: sip:user@host, sip:user@host:port")]
pub struct ParseTargetError {
    /// The text given.
    pub target: String,
}
