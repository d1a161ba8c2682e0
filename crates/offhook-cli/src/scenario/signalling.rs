//! The SIP of one call in a capture: what its caller did, and what the server answered.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use offhook::digit_of_info;
use offhook::sip::header::{self, CSeq, Require, Supported, Via};
use offhook::sip::sdp::{Media, MediaKind, SessionDescription};
use offhook::sip::{HeaderName, Message, Method, ParseLimits, Request, Response};
use thiserror::Error;

use super::capture::{Capture, Datagram};

/// One call, seen from its caller. Times count from the INVITE.
#[derive(Debug)]
pub(super) struct Signalling {
    pub(super) call_id: String,
    /// When the INVITE was sent, by the clock of the capture.
    pub(super) began: Duration,
    /// When the last message of the call was seen.
    pub(super) last: Duration,
    pub(super) invite: Request,
    /// Where the INVITE came from.
    pub(super) caller: SocketAddr,
    /// Where it went.
    pub(super) server: SocketAddr,
    /// The responses to it from 101 on, without repetitions.
    pub(super) responses: Vec<Answer>,
    pub(super) acts: Vec<(Duration, Act)>,
    /// The session descriptions of both sides in order.
    pub(super) of_caller: Vec<SessionDescription>,
    pub(super) of_server: Vec<SessionDescription>,
    /// Requests that a test cannot repeat, in words.
    pub(super) left_out: Vec<(Duration, String)>,
}

/// One response to the INVITE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) at: Duration,
    pub(super) status: u16,
    pub(super) has_sdp: bool,
}

/// What somebody did by a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    CallerCancels,
    CallerHangsUp,
    ServerHangsUp,
    /// A key in an INFO request of the caller.
    Digit(char),
}

/// Why there is no call to be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CallError {
    /// Nobody calls in it.
    #[error("the capture holds no INVITE over UDP{}", hint(*shortened))]
    NoCall { shortened: usize },
    /// More than one call, and none was named.
    #[error("the capture holds {} calls; accepted with --call-id: {}", calls.len(), listed(calls))]
    Several { calls: Vec<String> },
    /// None has the Call-ID that was named.
    #[error("the capture holds no call with the Call-ID {given:?}; accepted: {}", listed(calls))]
    Unknown { given: String, calls: Vec<String> },
}

/// A message and its datagram.
struct Seen<'a> {
    datagram: &'a Datagram,
    message: Message,
}

impl Signalling {
    /// The call with this Call-ID, or the only call that there is.
    ///
    /// # Errors
    ///
    /// [`CallError`]: there is none, or more than one.
    pub(super) fn find(capture: &Capture, call_id: Option<&str>) -> Result<Self, CallError> {
        let mut calls: BTreeMap<String, Vec<Seen<'_>>> = BTreeMap::new();
        for datagram in &capture.datagrams {
            // What is no SIP message is media, or of no concern.
            let Some(message) = parse(&datagram.bytes) else { continue };
            let Some(id) = message.headers().get(&HeaderName::CallId) else { continue };
            calls.entry(id.as_str().to_owned()).or_default().push(Seen { datagram, message });
        }
        calls.retain(|_, seen| seen.iter().any(|seen| first_invite(seen).is_some()));
        let mut named: Vec<String> =
            calls.iter().map(|(id, seen)| format!("{id} ({})", in_short(seen))).collect();
        named.sort();
        let seen = match call_id {
            Some(given) => calls
                .remove(given)
                .ok_or_else(|| CallError::Unknown { given: given.to_owned(), calls: named.clone() })?,
            None if calls.len() > 1 => return Err(CallError::Several { calls: named }),
            None => calls.into_values().next().unwrap_or_default(),
        };
        Self::of(&seen).ok_or(CallError::NoCall { shortened: capture.shortened })
    }

    /// Reads the messages of one Call-ID.
    fn of(seen: &[Seen<'_>]) -> Option<Self> {
        // A caller that had to authenticate calls again; and of the hops through proxies the last one counts, which
        // is the one that the server sees.
        let invites = seen.iter().filter_map(|seen| Some((seen, first_invite(seen)?)));
        let rank = |request: &Request| {
            let hops = request.headers.typed_all::<Via>().map_or(0, |all| all.len());
            (request.cseq().map_or(0, |cseq| cseq.number), hops)
        };
        // Of equals, which are repetitions, the first.
        let (first, invite) = invites.rev().max_by_key(|(_, request)| rank(request))?;
        let (began, number) = (first.datagram.at, invite.cseq().ok()?.number);
        let mut call = Self {
            call_id: invite.call_id().ok()?.0.as_str().to_owned(),
            began,
            last: Duration::ZERO,
            invite: invite.clone(),
            caller: first.datagram.from,
            server: first.datagram.to,
            responses: Vec::new(),
            acts: Vec::new(),
            of_caller: Vec::new(),
            of_server: Vec::new(),
            left_out: Vec::new(),
        };
        let caller_tag = invite.from().ok()?.tag().cloned();
        let (mut known, mut answered) = (HashSet::new(), HashSet::new());
        for Seen { datagram, message } in seen.iter().filter(|seen| seen.datagram.at >= began) {
            let at = datagram.at - began;
            call.last = at;
            let (Ok(from), Ok(cseq)) = (tag_of(message), message.headers().typed::<CSeq>()) else { continue };
            let by_caller = from == caller_tag;
            match message {
                Message::Request(request) => {
                    // Neither repetitions, nor the same request on its way from proxy to proxy.
                    if known.insert((by_caller, request.method.as_str(), cseq.number)) {
                        call.request(at, by_caller, request);
                    }
                }
                Message::Response(response) => {
                    let is_last_hop =
                        datagram.from.ip() == call.server.ip() || datagram.to.ip() == call.caller.ip();
                    if is_last_hop && answered.insert(&datagram.bytes) {
                        // A CANCEL has the number of the INVITE (RFC 3261 section 9.1).
                        let to_invite = by_caller && cseq.number == number && cseq.method == Method::Invite;
                        call.response(at, by_caller, response, to_invite);
                    }
                }
            }
        }
        Some(call)
    }

    fn request(&mut self, at: Duration, by_caller: bool, request: &Request) {
        self.described(by_caller, &request.body);
        let act = match (&request.method, by_caller) {
            (Method::Cancel, true) => Some(Act::CallerCancels),
            (Method::Bye, true) => Some(Act::CallerHangsUp),
            (Method::Bye, false) => Some(Act::ServerHangsUp),
            (Method::Info, true) => digit(request).map(Act::Digit),
            (Method::Invite, true) if at.is_zero() => return,
            (Method::Ack | Method::Prack | Method::Options, _) => return,
            _ => None,
        };
        match act {
            Some(act) => self.acts.push((at, act)),
            None => {
                let who = if by_caller { "the caller" } else { "the server" };
                self.left_out.push((at, format!("{} of {who}", request.method.as_str())));
            }
        }
    }

    fn response(&mut self, at: Duration, to_caller: bool, response: &Response, to_invite: bool) {
        let has_sdp = self.described(!to_caller, &response.body);
        let status = response.status.code();
        if to_invite && status > 100 {
            self.responses.push(Answer { at, status, has_sdp });
        }
    }

    /// Keeps the session description of a body; whether there is one.
    fn described(&mut self, by_caller: bool, body: &Bytes) -> bool {
        let Ok(description) = SessionDescription::parse(&body[..]) else { return false };
        let all = if by_caller { &mut self.of_caller } else { &mut self.of_server };
        all.push(description);
        true
    }

    /// Whether the INVITE carries an offer.
    pub(super) fn has_offer(&self) -> bool {
        SessionDescription::parse(&self.invite.body[..]).is_ok()
    }

    /// What the caller says about reliable provisional responses (RFC 3262), in the words of `offhook.call`.
    pub(super) fn reliable(&self) -> &'static str {
        let headers = &self.invite.headers;
        let required = headers.typed_opt::<Require>().ok().flatten();
        let supported = headers.typed_opt::<Supported>().ok().flatten();
        match (required, supported) {
            (Some(required), _) if required.contains("100rel") => "required",
            (_, Some(supported)) if supported.contains("100rel") => "supported",
            _ => "absent",
        }
    }

    /// Whether the caller's offer names an address that is not the one from which the caller calls.
    pub(super) fn is_behind_nat(&self) -> bool {
        let direct = self.invite.headers.typed_all::<Via>().is_ok_and(|hops| hops.len() == 1);
        let offered = self.of_caller.first().and_then(endpoint).map(|(ip, _)| ip);
        direct && offered.is_some_and(|ip| !ip.is_unspecified() && ip != self.caller.ip())
    }

    /// Where the server's RTP comes from and goes to: what its descriptions say, and the same port of the address at
    /// which it takes calls, for servers that announce another one.
    pub(super) fn media(&self) -> Vec<SocketAddr> {
        let announced = self.of_server.iter().filter_map(endpoint);
        let mut all: Vec<SocketAddr> = announced
            .flat_map(|(ip, port)| [SocketAddr::new(ip, port), SocketAddr::new(self.server.ip(), port)])
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether the sound is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.of_server.iter().filter_map(audio).any(|audio| audio.protocol.is_encrypted())
    }

    /// Header fields of the INVITE that tell an application something, name and value.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let tells = |name: &HeaderName| match name {
            HeaderName::Other(name) => {
                name.len() > 2 && name.is_char_boundary(2) && {
                    let start = name[..2].to_ascii_lowercase();
                    start == "x-" || start == "p-"
                }
            }
            HeaderName::PAssertedIdentity
            | HeaderName::PPreferredIdentity
            | HeaderName::RemotePartyId
            | HeaderName::Diversion
            | HeaderName::HistoryInfo
            | HeaderName::Identity
            | HeaderName::Privacy
            | HeaderName::Subject
            | HeaderName::Priority
            | HeaderName::AlertInfo
            | HeaderName::CallInfo
            | HeaderName::UserToUser => true,
            _ => false,
        };
        let fields = self.invite.headers.iter().filter(|(name, _)| tells(name));
        fields.map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned())).collect()
    }
}

/// The audio section that is not refused.
pub(super) fn audio(description: &SessionDescription) -> Option<&Media> {
    description.media.iter().find(|media| media.kind == MediaKind::Audio && media.port != 0)
}

/// Address and port at which a description wants its audio.
fn endpoint(description: &SessionDescription) -> Option<(IpAddr, u16)> {
    let audio = audio(description)?;
    let offhook::sip::sdp::Address::Ip(ip) = description.connection(audio)?.address else { return None };
    Some((ip, audio.port))
}

fn parse(bytes: &Bytes) -> Option<Message> {
    // Reading every packet of a long call as a message would take longer than everything else.
    let is_text = bytes.first().is_some_and(u8::is_ascii_uppercase);
    if is_text { Message::parse(bytes.clone(), &ParseLimits::default()).ok() } else { None }
}

/// The INVITE that begins a call, as against those that change one (RFC 3261 section 12.2).
fn first_invite<'a>(seen: &'a Seen<'_>) -> Option<&'a Request> {
    match &seen.message {
        Message::Request(request) if request.method == Method::Invite => {
            request.to().is_ok_and(|to| to.tag().is_none()).then_some(request)
        }
        _ => None,
    }
}

fn tag_of(message: &Message) -> Result<Option<offhook::sip::Text>, offhook::sip::HeaderError> {
    message.headers().typed::<header::From>().map(|from| from.tag().cloned())
}

fn digit(request: &Request) -> Option<char> {
    digit_of_info(request.headers.get(&HeaderName::ContentType)?, &request.body)
}

/// Who calls whom.
fn in_short(seen: &[Seen<'_>]) -> String {
    let Some(invite) = seen.iter().find_map(first_invite) else { return String::new() };
    let user = |uri: &offhook::sip::Uri| uri.user_unescaped().unwrap_or_default().into_owned();
    let from = invite.from().map(|from| user(&from.uri)).unwrap_or_default();
    format!("{from} to {}", user(&invite.uri))
}

fn listed(calls: &[String]) -> String {
    let mut all: Vec<&str> = calls.iter().take(MOST_LISTED).map(String::as_str).collect();
    if calls.len() > MOST_LISTED {
        all.push("...");
    }
    all.join(", ")
}

fn hint(shortened: usize) -> String {
    match shortened {
        0 => String::new(),
        _ => format!("; of {shortened} packets only the beginning was kept: capture with -s 0"),
    }
}

const MOST_LISTED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "192.0.2.60:5060";
    const SERVER: &str = "192.0.2.1:5060";

    fn capture(messages: &[(u64, &str, &str, String)]) -> Capture {
        let datagrams = messages.iter().map(|(ms, from, to, text)| Datagram {
            at: Duration::from_secs(1_700_000_000) + Duration::from_millis(*ms),
            from: from.parse().expect("an address"),
            to: to.parse().expect("an address"),
            bytes: Bytes::from(text.clone()),
        });
        Capture { datagrams: datagrams.collect(), ..Capture::default() }
    }

    /// A message of the caller's dialog.
    fn message(first: &str, call_id: &str, cseq: &str, more: &str) -> String {
        format!(
            "{first}\r\nVia: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-{call_id}\r\nFrom: <sip:ann@example.com>;tag=a\r\n\
             To: <sip:desk@192.0.2.1>{}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}\r\n",
            if cseq.ends_with("INVITE") && first.starts_with("INVITE") { "" } else { ";tag=b" },
        )
    }

    fn invite(call_id: &str, number: u32) -> String {
        let sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
        let more = format!(
            "Supported: 100rel, timer\r\nX-Order: 42\r\nContact: <sip:ann@192.0.2.60>\r\nContent-Length: {}\r\n",
            sdp.len()
        );
        message("INVITE sip:desk@192.0.2.1 SIP/2.0", call_id, &format!("{number} INVITE"), &more) + sdp
    }

    /// What came and what was done, each once, whatever was repeated.
    #[test]
    fn a_call_is_told_in_its_own_time() {
        let bye = message("BYE sip:desk@192.0.2.1 SIP/2.0", "1", "3 BYE", "");
        let info = "Content-Type: application/dtmf-relay\r\nContent-Length: 10\r\n";
        let info = message("INFO sip:desk@192.0.2.1 SIP/2.0", "1", "2 INFO", info) + "Signal=5\r\n";
        let ringing = message("SIP/2.0 180 Ringing", "1", "1 INVITE", "");
        let capture = capture(&[
            (1000, CALLER, SERVER, invite("1", 1)),
            (1005, SERVER, CALLER, message("SIP/2.0 100 Trying", "1", "1 INVITE", "")),
            (1010, SERVER, CALLER, ringing.clone()),
            (1500, CALLER, SERVER, invite("1", 1)),
            (1501, SERVER, CALLER, ringing),
            (3000, SERVER, CALLER, message("SIP/2.0 200 OK", "1", "1 INVITE", "")),
            (3010, CALLER, SERVER, message("ACK sip:desk@192.0.2.1 SIP/2.0", "1", "1 ACK", "")),
            (4000, CALLER, SERVER, info),
            (5000, CALLER, SERVER, bye.clone()),
            (5500, CALLER, SERVER, bye),
            (5510, SERVER, CALLER, message("SIP/2.0 200 OK", "1", "3 BYE", "")),
        ]);
        let call = Signalling::find(&capture, None).expect("there is one call");
        let statuses: Vec<_> =
            call.responses.iter().map(|answer| (answer.at.as_millis(), answer.status)).collect();
        assert_eq!(statuses, [(10, 180), (2000, 200)]);
        let acts: Vec<_> = call.acts.iter().map(|(at, act)| (at.as_millis(), *act)).collect();
        assert_eq!(acts, [(3000, Act::Digit('5')), (4000, Act::CallerHangsUp)]);
        assert_eq!((call.reliable(), call.has_offer(), call.is_behind_nat()), ("supported", true, true));
        assert_eq!(call.headers(), [("X-Order".to_owned(), "42".to_owned())]);
        assert_eq!(call.left_out, []);
    }

    /// After 401 the call is the one that was let in.
    #[test]
    fn a_caller_that_had_to_authenticate_calls_once() {
        let capture = capture(&[
            (0, CALLER, SERVER, invite("1", 1)),
            (10, SERVER, CALLER, message("SIP/2.0 401 Unauthorized", "1", "1 INVITE", "")),
            (50, CALLER, SERVER, invite("1", 2)),
            (60, SERVER, CALLER, message("SIP/2.0 486 Busy Here", "1", "2 INVITE", "")),
        ]);
        let call = Signalling::find(&capture, None).expect("there is one call");
        assert_eq!(call.responses, [Answer { at: Duration::from_millis(10), status: 486, has_sdp: false }]);
    }

    /// The answer to a CANCEL is none to the INVITE, though both have one number.
    #[test]
    fn a_cancelled_call_has_no_answer() {
        let capture = capture(&[
            (0, CALLER, SERVER, invite("1", 1)),
            (10, SERVER, CALLER, message("SIP/2.0 180 Ringing", "1", "1 INVITE", "")),
            (900, CALLER, SERVER, message("CANCEL sip:desk@192.0.2.1 SIP/2.0", "1", "1 CANCEL", "")),
            (910, SERVER, CALLER, message("SIP/2.0 200 OK", "1", "1 CANCEL", "")),
            (911, SERVER, CALLER, message("SIP/2.0 487 Request Terminated", "1", "1 INVITE", "")),
        ]);
        let call = Signalling::find(&capture, None).expect("there is one call");
        assert_eq!(call.responses.iter().map(|answer| answer.status).collect::<Vec<_>>(), [180, 487]);
        assert_eq!(call.acts, [(Duration::from_millis(900), Act::CallerCancels)]);
    }

    #[test]
    fn of_several_calls_one_is_chosen_by_its_call_id() {
        let capture =
            capture(&[(0, CALLER, SERVER, invite("one", 1)), (9, CALLER, SERVER, invite("two", 1))]);
        let error = Signalling::find(&capture, None).expect_err("there are two").to_string();
        assert_eq!(
            error,
            "the capture holds 2 calls; accepted with --call-id: one (ann to desk), two (ann to desk)"
        );
        let error = Signalling::find(&capture, Some("three")).expect_err("there is none").to_string();
        assert!(error.contains("no call with the Call-ID \"three\"; accepted: one (ann to desk)"), "{error}");
        assert_eq!(Signalling::find(&capture, Some("two")).expect("it is there").call_id, "two");
    }

    #[test]
    fn a_capture_without_a_call_is_told() {
        let register = message("REGISTER sip:192.0.2.1 SIP/2.0", "1", "1 REGISTER", "");
        let error = Signalling::find(&capture(&[(0, CALLER, SERVER, register)]), None).expect_err("no call");
        assert_eq!(error.to_string(), "the capture holds no INVITE over UDP");
    }

    /// What the kit cannot repeat is not forgotten.
    #[test]
    fn a_reinvite_is_told_as_left_out() {
        let again = message("INVITE sip:desk@192.0.2.1 SIP/2.0", "1", "2 INVITE", "");
        let again = again.replace("To: <sip:desk@192.0.2.1>", "To: <sip:desk@192.0.2.1>;tag=b");
        let capture = capture(&[
            (0, CALLER, SERVER, invite("1", 1)),
            (10, SERVER, CALLER, message("SIP/2.0 200 OK", "1", "1 INVITE", "")),
            (4000, CALLER, SERVER, again),
            (4010, SERVER, CALLER, message("SIP/2.0 200 OK", "1", "2 INVITE", "")),
        ]);
        let call = Signalling::find(&capture, None).expect("there is one call");
        assert_eq!(call.left_out, [(Duration::from_secs(4), "INVITE of the caller".to_owned())]);
        assert_eq!(call.responses.len(), 1);
    }
}
