//! The messages of a raw peer's call, as text that a test can bend before it is sent.

use std::net::SocketAddr;

use offhook_sip::{HeaderName, Response};

/// Writes the requests of one call as text. Nothing is sent and nothing is kept but the numbers that
/// make the messages belong together; every method gives text for [`RawPeer::send`](super::RawPeer::send).
#[derive(Clone, Debug)]
pub struct RawCall {
    peer: SocketAddr,
    server: SocketAddr,
    number: u64,
    branch: u64,
    /// The `CSeq` number of the INVITE.
    pub cseq: u32,
    /// The number of the latest request within the dialog.
    pub next_cseq: u32,
    /// The user part of the address that is called.
    pub user: String,
    /// Further header lines of the INVITE, each ended by CRLF: `"Supported: 100rel\r\n"`.
    pub headers: String,
    /// The body of the INVITE; empty for none.
    pub sdp: String,
}

impl RawCall {
    pub(super) fn new(peer: SocketAddr, server: SocketAddr, number: u64) -> Self {
        let sdp = Self::offer(SocketAddr::new(peer.ip(), 40_000), "0 8");
        Self {
            peer,
            server,
            number,
            branch: 0,
            cseq: 1,
            next_cseq: 1,
            user: "100".to_owned(),
            headers: String::new(),
            sdp,
        }
    }

    /// A plain audio offer: where to send to, and the payload types as they stand on the `m=` line.
    pub fn offer(media: SocketAddr, formats: &str) -> String {
        let (version, ip, port) = (if media.is_ipv4() { 4 } else { 6 }, media.ip(), media.port());
        format!(
            "v=0\r\no=- 1 1 IN IP{version} {ip}\r\ns=-\r\nc=IN IP{version} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {formats}\r\n"
        )
    }

    /// The same call without an offer.
    pub fn without_sdp(mut self) -> Self {
        self.sdp.clear();
        self
    }

    /// The same call with another body.
    pub fn with_sdp(mut self, sdp: impl Into<String>) -> Self {
        self.sdp = sdp.into();
        self
    }

    /// The same call with a further header line in its INVITE, given without CRLF.
    pub fn with_header(mut self, line: &str) -> Self {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }

    /// The INVITE; the same text every time, so that sending it again is a retransmission.
    pub fn invite(&self) -> String {
        let user = &self.user;
        self.request(
            "INVITE",
            &format!("sip:{user}@{}", self.server),
            &self.branch(0),
            self.cseq,
            None,
            &self.headers,
            &self.sdp,
        )
    }

    /// The CANCEL of the INVITE.
    pub fn cancel(&self) -> String {
        let target = format!("sip:{}@{}", self.user, self.server);
        self.request("CANCEL", &target, &self.branch(0), self.cseq, None, "", "")
    }

    /// The ACK for a response: of the INVITE's transaction for a refusal, its own for a 2xx.
    pub fn ack(&mut self, response: &Response) -> String {
        self.ack_with(response, "")
    }

    /// The ACK with a body: the answer to an offer in the 2xx.
    pub fn ack_with(&mut self, response: &Response, sdp: &str) -> String {
        let tag = to_tag(response);
        if response.status.code() < 300 {
            let branch = self.next_branch();
            return self.request("ACK", &contact(response), &branch, self.cseq, tag.as_deref(), "", sdp);
        }
        let target = format!("sip:{}@{}", self.user, self.server);
        self.request("ACK", &target, &self.branch(0), self.cseq, tag.as_deref(), "", "")
    }

    /// The PRACK for a reliable provisional response.
    pub fn prack(&mut self, response: &Response) -> String {
        self.prack_with(response, "")
    }

    /// The PRACK with a body: the answer to an offer in the response, or another offer.
    pub fn prack_with(&mut self, response: &Response, sdp: &str) -> String {
        let rseq = response.headers.get(&HeaderName::RSeq).map(ToString::to_string).unwrap_or_default();
        self.within("PRACK", response, &format!("RAck: {rseq} {} INVITE\r\n", self.cseq), sdp)
    }

    /// A BYE within the dialog that `response` established.
    pub fn bye(&mut self, response: &Response) -> String {
        self.within("BYE", response, "", "")
    }

    /// An UPDATE with an offer.
    pub fn update(&mut self, response: &Response, sdp: &str) -> String {
        self.within("UPDATE", response, "", sdp)
    }

    /// A re-INVITE with an offer, or without one if `sdp` is empty. Its ACK is [`ack`](Self::ack) once
    /// `cseq` is set to the re-INVITE's number, [`next_cseq`](Self::next_cseq).
    pub fn reinvite(&mut self, response: &Response, sdp: &str) -> String {
        self.within("INVITE", response, "", sdp)
    }

    /// Any other request within the dialog; `headers` are whole lines, each ended by CRLF.
    pub fn within(&mut self, method: &str, response: &Response, headers: &str, body: &str) -> String {
        self.next_cseq += 1;
        let (branch, tag) = (self.next_branch(), to_tag(response));
        self.request(method, &contact(response), &branch, self.next_cseq, tag.as_deref(), headers, body)
    }

    /// The 200 for a request of the server, for example its BYE.
    pub fn ok(&self, request: &offhook_sip::Request) -> String {
        let mut response = Response::for_request(request, offhook_sip::StatusCode::OK);
        response.headers.push(HeaderName::Contact, format!("<sip:peer@{}>", self.peer));
        String::from_utf8_lossy(&response.to_bytes()).into_owned()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a message")]
    fn request(
        &self,
        method: &str,
        target: &str,
        branch: &str,
        cseq: u32,
        to_tag: Option<&str>,
        headers: &str,
        body: &str,
    ) -> String {
        let (peer, server, user, number) = (self.peer, self.server, &self.user, self.number);
        let tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let kind = if body.is_empty() || headers.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {peer};branch={branch};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:peer@{ip}>;tag=peer-{number}\r\n\
             To: <sip:{user}@{server}>{tag}\r\n\
             Call-ID: raw-{number}@{ip}\r\n\
             CSeq: {cseq} {method}\r\n\
             Contact: <sip:peer@{peer}>\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO\r\n\
             {headers}{kind}Content-Length: {length}\r\n\r\n{body}",
            ip = peer.ip(),
            length = body.len(),
        )
    }

    fn next_branch(&mut self) -> String {
        self.branch += 1;
        self.branch(self.branch)
    }

    fn branch(&self, number: u64) -> String {
        format!("z9hG4bK-raw-{}-{number}", self.number)
    }
}

/// Where requests within the dialog go.
fn contact(response: &Response) -> String {
    let contact = response.headers.typed::<offhook_sip::header::Contact>();
    contact.map(|contact| contact.uri.to_string()).unwrap_or_else(|error| panic!("the response: {error}"))
}

fn to_tag(response: &Response) -> Option<String> {
    response.to().ok().and_then(|to| to.tag().map(ToString::to_string))
}
