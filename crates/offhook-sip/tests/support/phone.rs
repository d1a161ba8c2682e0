//! The peer's side of one dialog: writes the messages of a scripted phone.

use offhook_sip::header::RSeq;
use offhook_sip::{HeaderName, Message, Request, Response};

use super::{PEER, Wire};

/// A phone that calls the endpoint, or is called by it.
#[derive(Clone, Debug)]
pub struct Phone {
    pub call_id: String,
    pub tag: String,
    /// The endpoint's tag, once a response told it.
    pub remote_tag: Option<String>,
    /// The number of the newest reliable provisional response.
    pub rseq: Option<u32>,
    pub cseq: u32,
    pub branches: u32,
    pub invite_cseq: u32,
    pub invite_branch: String,
    /// Header lines of every request.
    pub headers: String,
    pub contact: String,
    pub via: String,
}

impl Phone {
    pub fn new() -> Self {
        Self::named("one")
    }

    /// A phone whose Call-ID, tag and branches are of its own.
    pub fn named(name: &str) -> Self {
        Self {
            call_id: format!("call-{name}@192.0.2.1"),
            tag: format!("tag-{name}"),
            remote_tag: None,
            rseq: None,
            cseq: 0,
            branches: 0,
            invite_cseq: 0,
            invite_branch: String::new(),
            headers: String::new(),
            contact: format!("<sip:ann@{PEER}>"),
            via: PEER.into(),
        }
    }

    /// An INVITE that begins a call, with these header lines (each with its line end) and body.
    pub fn invite(&mut self, headers: &str, body: &str) -> String {
        let invite = self.request("INVITE", headers, body);
        self.invite_cseq = self.cseq;
        self.invite_branch = self.branch();
        invite
    }

    /// A request with the next CSeq and a branch of its own.
    pub fn request(&mut self, method: &str, headers: &str, body: &str) -> String {
        self.cseq += 1;
        self.branches += 1;
        self.write(method, self.cseq, &self.branch(), headers, body)
    }

    /// The ACK for a 2xx.
    pub fn ack(&mut self, body: &str) -> String {
        self.branches += 1;
        self.write("ACK", self.invite_cseq, &self.branch(), "", body)
    }

    /// The ACK for a refusal.
    pub fn ack_refusal(&self) -> String {
        self.write("ACK", self.invite_cseq, &self.invite_branch, "", "")
    }

    pub fn cancel(&self, headers: &str) -> String {
        let mut bare = self.clone();
        bare.remote_tag = None;
        bare.write("CANCEL", self.invite_cseq, &self.invite_branch, headers, "")
    }

    pub fn prack(&mut self, rseq: u32, body: &str) -> String {
        let rack = format!("RAck: {rseq} {} INVITE\r\n", self.invite_cseq);
        self.request("PRACK", &rack, body)
    }

    /// Learns the endpoint's tag and the number of a reliable response.
    pub fn learn(&mut self, response: &Response) {
        self.rseq = response.headers.typed::<RSeq>().ok().map(|rseq| rseq.0).or(self.rseq);
        let tag = response.to().expect("a To").tag().map(|tag| tag.to_string());
        self.remote_tag = tag.or(self.remote_tag.take());
    }

    /// Learns the endpoint's tag from the last response among these.
    pub fn learn_all(&mut self, sent: &[Wire]) {
        for wire in sent {
            if let Message::Response(response) = &wire.message {
                self.learn(response);
            }
        }
    }

    fn branch(&self) -> String {
        format!("z9hG4bK-{}-{}", self.tag, self.branches)
    }

    pub fn write(&self, method: &str, cseq: u32, branch: &str, headers: &str, body: &str) -> String {
        let Self { call_id, tag, headers: common, contact, via, .. } = self;
        let to = self.remote_tag.as_ref().map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let content_type = if body.is_empty() || headers.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} sip:bob@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch={branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:ann@example.com>;tag={tag}\r\nTo: <sip:bob@example.com>{to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: {contact}\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO\r\n{common}{headers}{content_type}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// A response of the peer to a request of the endpoint, with this To tag, these header lines and body.
pub fn reply(request: &Request, code: u16, tag: &str, headers: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {code} Whatever\r\n");
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
        for value in request.headers.get_all(&name) {
            let is_bare_to = name == HeaderName::To && !value.contains(";tag=") && !tag.is_empty();
            let tag = if is_bare_to { format!(";tag={tag}") } else { String::new() };
            text.push_str(&format!("{}: {value}{tag}\r\n", name.as_str()));
        }
    }
    let content_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text.push_str(&format!(
        "Contact: <sip:bob@{PEER}>\r\n{headers}{content_type}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    text
}
