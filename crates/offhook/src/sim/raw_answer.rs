//! The responses of a raw peer that is called, as text that a test can bend before it is sent.

use std::net::SocketAddr;

use offhook_sip::{HeaderName, Request};

/// Writes the responses to one request as text. Several of them with different tags make a fork.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    request: Request,
    contact: SocketAddr,
    /// The tag of the `To` header field.
    pub tag: String,
}

impl RawAnswer {
    /// Responses to `request` of a peer at `contact`.
    pub fn new(request: &Request, contact: SocketAddr) -> Self {
        Self { request: request.clone(), contact, tag: "callee".to_owned() }
    }

    /// The same responses in another dialog, as another branch of a fork sends them.
    pub fn tagged(&self, tag: &str) -> Self {
        Self { tag: tag.to_owned(), ..self.clone() }
    }

    /// A response; `headers` are whole lines, each ended by CRLF.
    pub fn response(&self, status: u16, headers: &str, sdp: &str) -> String {
        let mut text = format!("SIP/2.0 {status} Status\r\n");
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq]
        {
            for value in self.request.headers.get_all(&name) {
                let to = name == HeaderName::To && !value.contains(";tag=");
                let tag = if to { format!(";tag={}", self.tag) } else { String::new() };
                text.push_str(&format!("{}: {value}{tag}\r\n", name.as_str()));
            }
        }
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        text.push_str(&format!(
            "Contact: <sip:callee@{}>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO\r\n\
             {headers}{kind}Content-Length: {}\r\n\r\n{sdp}",
            self.contact,
            sdp.len()
        ));
        text
    }
}
