//! What is refused before any call sees it: RFC 3261 section 8.2.

use super::core::{ACCEPT, ALLOW, Core, branch_token};
use super::received::Received;
use crate::header::{
    Accept, HeaderError, HeaderName, Headers, MaxForwards, MinSe, Require, Unsupported, Via,
};
use crate::invite::{BodyError, is_too_short, session};
use crate::message::{Method, Response, StatusCode};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::Branch;

/// Why a request is not served, as its response says it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// Another reason phrase than the usual one.
    reason: Option<Text>,
    headers: Headers,
}

impl Refusal {
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, reason: None, headers: Headers::new() }
    }

    /// 503 with Retry-After, for want of room or because no calls are taken any more.
    pub(super) fn unavailable(core: &Core) -> Self {
        let mut refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE);
        core.add_retry_after(&mut refusal.headers);
        refusal
    }

    fn with(mut self, name: HeaderName, value: Text) -> Self {
        self.headers.push(name, value);
        self
    }

    pub(super) fn into_response(self, mut response: Response) -> Response {
        response.status = self.status;
        response.reason = self.reason.unwrap_or(Text::from_static(self.status.default_reason()));
        response.headers.extend(&self.headers);
        response
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        let problem = if matches!(error, HeaderError::Missing { .. }) { "Missing" } else { "Malformed" };
        let reason = Some(Text::from(format!("{problem} {}", error.name())));
        Self { status: StatusCode::BAD_REQUEST, reason, headers: Headers::new() }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let mut refusal = Self::new(error.status());
        error.explain_in(&mut refusal.headers);
        refusal.reason = error.reason();
        refusal
    }
}

/// Checks what every request has to fulfil, within a dialog or not, except ACK and CANCEL.
pub(super) fn check(core: &Core, received: &Received) -> Result<(), Refusal> {
    let request = &received.request;
    let hops = request.headers.typed_opt::<MaxForwards>()?;
    if hops == Some(MaxForwards(0)) && request.method != Method::Options {
        // An endpoint may serve a request on its last hop; one that spent all of them has most likely been in
        // a loop. OPTIONS is the exception, since it counts hops on purpose (RFC 3261 section 11).
        return Err(Refusal::new(StatusCode::TOO_MANY_HOPS));
    }
    if is_looping(core, received)? {
        return Err(Refusal::new(StatusCode::LOOP_DETECTED));
    }
    if !matches!(
        request.method,
        Method::Invite
            | Method::Options
            | Method::Bye
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Refer
            | Method::Notify
    ) {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED).with(HeaderName::Allow, ALLOW));
    }
    if !request.uri.is_sip() && request.uri.scheme != crate::uri::Scheme::Tel {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_URI_SCHEME));
    }
    let required = request.headers.typed_opt::<Require>()?.unwrap_or_default();
    let is_unsupported =
        |tag: &Text| !core.config.supported.iter().any(|supported| supported.eq_ignore_ascii_case(tag));
    let unsupported: Vec<Text> = required.iter().filter(|tag| is_unsupported(tag)).cloned().collect();
    if !unsupported.is_empty() {
        let mut refusal = Refusal::new(StatusCode::BAD_EXTENSION);
        refusal.headers.push_typed(&Unsupported(unsupported));
        return Err(refusal);
    }
    Ok(())
}

/// Checks an INVITE that would begin a call, and reads its offer.
pub(super) fn check_invite(core: &Core, received: &Received) -> Result<Option<SessionDescription>, Refusal> {
    let headers = &received.request.headers;
    if is_too_short(core, headers) {
        let mut refusal = Refusal::new(StatusCode::SESSION_INTERVAL_TOO_SMALL);
        refusal.headers.push_typed(&MinSe(core.least_interval()));
        return Err(refusal);
    }
    let sdp = session(headers, &received.request.body)?;
    if headers.contains(&HeaderName::Accept)
        && !headers.typed_opt::<Accept>()?.is_some_and(|accept| accept.accepts("application", "sdp"))
    {
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE).with(HeaderName::Accept, ACCEPT));
    }
    Ok(sdp)
}

/// Whether a request of ours came back: one of its lower Vias is of a transaction of ours.
fn is_looping(core: &Core, received: &Received) -> Result<bool, HeaderError> {
    let headers = &received.request.headers;
    let mut lines = headers.get_all(&HeaderName::Via);
    let is_single = lines.next().is_some_and(|first| !first.contains(',')) && lines.next().is_none();
    if is_single {
        return Ok(false);
    }
    let vias = headers.typed_all::<Via>()?;
    let is_ours = |via: &Via| {
        let token = via.branch.as_deref().and_then(branch_token);
        token.is_some_and(|token| core.clients.find(Branch { token, is_cancel: false }).is_some())
    };
    Ok(vias.iter().skip(1).any(is_ours))
}
