//! Dialogs: RFC 3261 section 12.

mod route_set;

use crate::endpoint::{Flow, Received};
use crate::header::{CSeq, Contact, HeaderError, HeaderName, Headers, MaxForwards, NameAddr};
use crate::message::{Method, Request, Response};
use crate::random::Token;
use crate::text::Text;
use crate::uri::Uri;

pub(crate) use self::route_set::RouteSet;

use self::route_set::NextHop;

/// What both ends of a call have agreed to call it, and how requests travel within it.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: Text,
    remote_tag: Option<Text>,
    /// `From` of our requests.
    local: Text,
    /// `To` of our requests.
    remote: Text,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    target: Uri,
    routes: RouteSet,
    /// The addresses of the message that made the dialog.
    flow: Flow,
    /// The peer sits behind address translation: its Contact is of no use, so requests follow the flow.
    behind_nat: bool,
}

impl Dialog {
    /// The dialog that an INVITE makes on the side that receives it (RFC 3261 section 12.1.1).
    pub(crate) fn of_callee(received: &Received, local_tag: Token) -> Result<Self, HeaderError> {
        let headers = &received.request.headers;
        let contact: Contact = headers.typed()?;
        Ok(Self {
            call_id: received.call_id.clone(),
            remote_tag: received.from_tag.clone(),
            local: with_tag(headers, &HeaderName::To, local_tag),
            remote: headers.get(&HeaderName::From).cloned().unwrap_or_default(),
            local_cseq: 0,
            remote_cseq: Some(received.cseq),
            target: contact.0.uri,
            routes: RouteSet::of_callee(headers)?,
            flow: received.flow,
            behind_nat: received.behind_nat,
        })
    }

    /// The dialog that a response to our INVITE makes (RFC 3261 section 12.1.2). Without a usable Contact it
    /// goes on to the Request-URI, which is better than to leave a call connected that cannot be cleared.
    pub(crate) fn of_caller(invite: &Request, response: &Response, flow: Flow) -> Self {
        let text = |headers: &Headers, name| headers.get(&name).cloned().unwrap_or_default();
        let mut dialog = Self {
            call_id: text(&invite.headers, HeaderName::CallId),
            remote_tag: to_tag(response),
            local: text(&invite.headers, HeaderName::From),
            remote: text(&response.headers, HeaderName::To),
            local_cseq: invite.cseq().map_or(1, |cseq| cseq.number),
            remote_cseq: None,
            target: invite.uri.clone(),
            routes: RouteSet::default(),
            flow,
            behind_nat: false,
        };
        dialog.confirm(response);
        dialog
    }

    /// The 2xx to our INVITE decides about the route set and the target (RFC 3261 section 13.2.2.4).
    pub(crate) fn confirm(&mut self, response: &Response) {
        self.routes = RouteSet::of_caller(&response.headers).unwrap_or_default();
        self.refresh_target(&response.headers);
    }

    /// Takes over the Contact of a request or response that may move the remote target (RFC 3261 section
    /// 12.2).
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Ok(Some(contact)) = headers.typed_opt::<Contact>() {
            self.target = contact.0.uri;
        }
    }

    /// Takes over where the peer's newest request came from, which its address translation may have moved.
    pub(crate) fn refresh_flow(&mut self, received: &Received) {
        if self.behind_nat {
            self.flow = received.flow;
        }
    }

    /// Whether a request with this sequence number is in order; if so, it is the newest (RFC 3261 section
    /// 12.2.2).
    pub(crate) fn advance(&mut self, cseq: u32) -> bool {
        if self.remote_cseq.is_some_and(|newest| cseq <= newest) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }

    /// A request within the dialog under the next sequence number, with the topmost `via`.
    pub(crate) fn request(&mut self, method: Method, via: Text) -> Request {
        let number = self.next_cseq();
        self.request_numbered(method, number, via)
    }

    /// Takes the next sequence number.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// A request within the dialog under a given sequence number: the ACK has that of its INVITE.
    pub(crate) fn request_numbered(&self, method: Method, number: u32, via: Text) -> Request {
        let mut request = Request::new(method, self.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::Via, via);
        let uri = self.routes.apply(&self.target, headers);
        headers.push_typed(&MaxForwards(70));
        headers.push(HeaderName::From, self.local.clone());
        headers.push(HeaderName::To, self.remote.clone());
        headers.push(HeaderName::CallId, self.call_id.clone());
        headers.push_typed(&CSeq { number, method: request.method.clone() });
        request.uri = uri;
        request
    }

    /// Where requests go: to the nearest proxy, or to the remote target, if either names an address that our
    /// end can reach; otherwise back to where the dialog came from.
    pub(crate) fn next_hop(&self) -> Flow {
        let address = match self.routes.next_hop() {
            NextHop::Target if self.behind_nat => None,
            NextHop::Target => self.target.socket_address(),
            NextHop::Address(address) => Some(address),
            NextHop::Unresolved => None,
        };
        match address {
            Some(address) if address.is_ipv4() == self.flow.local.is_ipv4() => self.flow.to(address),
            _ => self.flow,
        }
    }

    /// Whether a request or response with these identifiers belongs here; the local tag was compared before.
    pub(crate) fn matches(&self, call_id: &str, remote_tag: Option<&Text>) -> bool {
        self.call_id == *call_id && self.remote_tag.as_ref() == remote_tag
    }

    pub(crate) fn has_remote_tag(&self, tag: Option<&Text>) -> bool {
        self.remote_tag.as_ref() == tag
    }

    pub(crate) fn remote_tag(&self) -> Option<&Text> {
        self.remote_tag.as_ref()
    }

    /// Leaves a gap in the sequence numbers of our requests.
    pub(crate) fn skip_ahead(&mut self) {
        self.local_cseq += 1000;
    }
}

/// The tag in a response's `To`.
pub(crate) fn to_tag(response: &Response) -> Option<Text> {
    response.headers.get(&HeaderName::To).and_then(NameAddr::tag_of)
}

/// The value of an address header field with a tag of ours at its end.
pub(crate) fn with_tag(headers: &Headers, name: &HeaderName, tag: Token) -> Text {
    let value = headers.get(name).map(Text::as_str).unwrap_or_default();
    let mut tagged = String::with_capacity(value.len() + 21);
    tagged.push_str(value);
    tagged.push_str(";tag=");
    tag.write(&mut tagged);
    Text::from(tagged)
}

/// The value of an address header field of an INVITE of ours: as given, with this tag or none.
pub(crate) fn address(given: &NameAddr, tag: Option<Token>) -> Text {
    let mut address = given.clone();
    address.params.remove("tag");
    match tag {
        Some(tag) => Text::from(format!("{address};tag={tag}")),
        None => Text::from(address.to_string()),
    }
}
