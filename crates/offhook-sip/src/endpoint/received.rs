//! A request as it arrived, with what every step looks at.

use std::net::IpAddr;

use super::core::Core;
use super::flow::Flow;
use crate::header::{HeaderError, HeaderName, NameAddr, Via};
use crate::message::{Method, Request};
use crate::random::Fingerprint;
use crate::text::Text;
use crate::uri::Host;

/// A request, where it came from, and the fields by which it is matched.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) request: Request,
    /// Where it came from.
    pub(crate) flow: Flow,
    /// Where its responses go.
    pub(crate) reply: Flow,
    /// What its server transaction is found by; an ACK has the key of its INVITE.
    pub(crate) key: Fingerprint,
    pub(crate) call_id: Text,
    pub(crate) from_tag: Option<Text>,
    pub(crate) to_tag: Option<Text>,
    pub(crate) cseq: u32,
    /// The sender does not know its own address.
    pub(crate) behind_nat: bool,
}

impl Received {
    /// Reads the fields of a request that the parser has checked, and notes its source in the topmost Via.
    pub(crate) fn read(core: &Core, flow: Flow, mut request: Request) -> Result<Self, HeaderError> {
        let mut via = request.via()?;
        let (call_id, cseq) = (request.call_id()?, request.cseq()?);
        let tag = |name| request.headers.get(&name).and_then(NameAddr::tag_of);
        let (from_tag, to_tag) = (tag(HeaderName::From), tag(HeaderName::To));
        let key = transaction_key(core, &request, &via, transaction_method(&request.method));
        let reply = reply_flow(flow, &via);
        let claimed = via.received;
        let behind_nat = note_source(flow, &mut via);
        if via.received.is_some() || claimed.is_some() {
            request.headers.set_first_typed(&via);
        }
        Ok(Self {
            request,
            flow,
            reply,
            key,
            call_id: call_id.0,
            from_tag,
            to_tag,
            cseq: cseq.number,
            behind_nat,
        })
    }

    /// The key of the INVITE that a CANCEL with this Via would cancel (RFC 3261 section 9.2).
    pub(crate) fn invite_key(&self, core: &Core) -> Option<Fingerprint> {
        let via = self.request.via().ok()?;
        Some(transaction_key(core, &self.request, &via, &Method::Invite))
    }

    /// What two copies of one request have in common however they came (RFC 3261 section 8.2.2.2).
    pub(crate) fn merge_key(&self, core: &Core) -> Fingerprint {
        let from_tag = self.from_tag.as_deref().unwrap_or_default();
        core.fingerprints.of(&[self.call_id.as_bytes(), from_tag.as_bytes(), &self.cseq.to_be_bytes()])
    }
}

/// Where the responses to a request go: to its source (RFC 3261 section 18.2.2), at the port that it came
/// from if it asked for that (RFC 3581), otherwise at the port of its Via.
///
/// The `maddr` parameter is not followed: it would send our responses to any third party.
pub(super) fn reply_flow(flow: Flow, via: &Via) -> Flow {
    if flow.protocol.is_reliable() || via.rport.is_some() {
        return flow;
    }
    let mut remote = flow.remote;
    remote.set_port(via.port.unwrap_or(flow.protocol.default_port()));
    flow.to(remote)
}

/// Fills in `received` and `rport` (RFC 3261 section 18.2.1, RFC 3581 section 4). Whether the sender named
/// another address than its own, as it does behind address translation.
pub(super) fn note_source(flow: Flow, via: &mut Via) -> bool {
    let source = flow.remote.ip().to_canonical();
    let named = match via.host {
        Host::Ip(address) => Some(address.to_canonical()),
        Host::Name(_) => None,
    };
    via.received = None;
    if via.rport.is_some() {
        via.rport = Some(Some(flow.remote.port()));
        via.received = Some(source);
    } else if named != Some(source) {
        via.received = Some(source);
    }
    named.is_some_and(|named| named != source)
}

/// An ACK belongs to the transaction of its INVITE.
fn transaction_method(method: &Method) -> &Method {
    if *method == Method::Ack { &Method::Invite } else { method }
}

fn transaction_key(core: &Core, request: &Request, via: &Via, method: &Method) -> Fingerprint {
    let port = via.port.unwrap_or_default().to_be_bytes();
    let branch = via.branch.as_deref().unwrap_or_default();
    let method = method.as_str().as_bytes();
    if branch.get(..7).is_some_and(|cookie| cookie.eq_ignore_ascii_case("z9hG4bK")) {
        return match &via.host {
            Host::Name(name) => core.fingerprints.of(&[branch.as_bytes(), name.as_bytes(), &port, method]),
            Host::Ip(IpAddr::V4(ip)) => {
                core.fingerprints.of(&[branch.as_bytes(), &ip.octets(), &port, method])
            }
            Host::Ip(IpAddr::V6(ip)) => {
                core.fingerprints.of(&[branch.as_bytes(), &ip.octets(), &port, method])
            }
        };
    }
    // A branch from before RFC 3261 need not be unique (section 17.2.3). The To tag is left out, since the
    // ACK has one that its INVITE had not.
    let uri = request.uri.to_string();
    let via = via.to_string();
    let from = request.from().ok();
    let from_tag = from.as_ref().and_then(|from| from.tag()).map(Text::as_str).unwrap_or_default();
    let call_id = request.call_id().ok();
    let call_id = call_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let cseq = request.cseq().map_or(0, |cseq| cseq.number).to_be_bytes();
    let parts = [uri.as_bytes(), via.as_bytes(), from_tag.as_bytes(), call_id.as_bytes(), &cseq, method];
    core.fingerprints.of(&parts)
}
