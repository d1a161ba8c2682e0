//! Who calls whom: what an INVITE says about the parties (DET-1).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use offhook_sip::header::{Diversion, HistoryInfo};
use offhook_sip::{HeaderName, Request, Uri};

use crate::details::Attestation;
use crate::shared::Identity;

/// Reads the identity of a call from its INVITE.
pub(crate) fn identity(
    call_id: Arc<str>,
    invite: &Request,
    remote: SocketAddr,
    start: SystemTime,
    started_at: Instant,
) -> Identity {
    let party = |header: Option<Uri>| header.map_or_else(|| Arc::from(""), |uri| address(&uri));
    Identity {
        call_id,
        from: party(invite.from().ok().map(|from| from.0.uri)),
        to: address(&invite.uri),
        target: party(invite.to().ok().map(|to| to.0.uri)),
        divert: divert(invite),
        attestation: attestation(invite),
        authenticated_user: None,
        remote: Some(remote),
        request_headers: invite.headers.clone(),
        start,
        started_at,
    }
}

/// The number if it is one, otherwise the SIP address without parameters.
pub(super) fn address(uri: &Uri) -> Arc<str> {
    let user = uri.user_unescaped();
    if let Some(user) = &user {
        let number = user.split(';').next().unwrap_or_default();
        let digits = number.strip_prefix('+').unwrap_or(number);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte)) {
            return number.into();
        }
    }
    let plain = Uri { params: Default::default(), headers: Vec::new(), ..uri.clone() };
    let mut text = String::with_capacity(64);
    plain.write(&mut text);
    text.into()
}

/// The original destination: the last entry of `Diversion` (RFC 5806 section 9), or the first of
/// `History-Info` if the call was retargeted (RFC 7044).
fn divert(invite: &Request) -> Option<Arc<str>> {
    let diversions = invite.headers.typed_all::<Diversion>().unwrap_or_default();
    if let Some(original) = diversions.last() {
        return Some(address(&original.0.uri));
    }
    let history = invite.headers.typed_all::<HistoryInfo>().unwrap_or_default();
    let original = history.first().filter(|_| history.len() > 1)?;
    Some(address(&original.0.uri))
}

/// The attestation that a verifying proxy noted: `verstat` of the caller's URI (3GPP TS 24.229) or
/// `P-Attestation-Indicator`.
fn attestation(invite: &Request) -> Option<Attestation> {
    let level = |text: &str| match text.trim() {
        "A" => Some(Attestation::A),
        "B" => Some(Attestation::B),
        "C" => Some(Attestation::C),
        _ => None,
    };
    let indicator = HeaderName::from("P-Attestation-Indicator");
    if let Some(found) = invite.headers.get(&indicator).and_then(|value| level(value)) {
        return Some(found);
    }
    let callers = [HeaderName::PAssertedIdentity, HeaderName::From];
    callers.iter().filter_map(|name| invite.headers.get(name)).find_map(|value| {
        let (_, verstat) = value.split_once("verstat=TN-Validation-Passed-")?;
        level(verstat.get(..1)?)
    })
}
