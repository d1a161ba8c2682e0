//! What a row of the table says.

use bytes::Bytes;

/// One message and what has to become of it.
pub(crate) struct Case {
    /// Section of RFC 4475 that describes the situation.
    pub(crate) section: &'static str,
    /// The situation in a few words.
    pub(crate) situation: &'static str,
    /// What the parser has to say.
    pub(crate) reading: Reading,
    /// What the endpoint has to answer first.
    pub(crate) answer: Answer,
    /// Header fields that the answer has to carry.
    pub(crate) carries: &'static [(&'static str, &'static str)],
    /// The message with bare line feeds; see [`Case::datagram`].
    pub(crate) message: &'static [u8],
}

/// Verdict of the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A message that can be worked with.
    Accepted,
    /// Not a message, but enough of a request to be refused with this status.
    Refused(u16),
    /// Not even that.
    Dropped,
}

/// First response of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 100, and a call for the application.
    Call,
    /// This status, and no call.
    Status(u16),
    /// Nothing is sent.
    Silence,
}

impl Case {
    /// The bytes on the wire: line feeds become line ends, `@SDP@` an offer, and `@LENGTH@` the length of the
    /// body.
    pub(crate) fn datagram(&self) -> Bytes {
        let mut wire = Vec::with_capacity(self.message.len() + 256);
        for &byte in self.message {
            if byte == b'\n' {
                wire.push(b'\r');
            }
            wire.push(byte);
        }
        let wire = replace(&wire, b"@SDP@", OFFER.replace('\n', "\r\n").as_bytes());
        let body = wire.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| wire.len() - end - 4);
        Bytes::from(replace(&wire, b"@LENGTH@", body.to_string().as_bytes()))
    }
}

fn replace(bytes: &[u8], mark: &[u8], with: &[u8]) -> Vec<u8> {
    match bytes.windows(mark.len()).position(|window| window == mark) {
        Some(at) => [&bytes[..at], with, &bytes[at + mark.len()..]].concat(),
        None => bytes.to_vec(),
    }
}

/// What stands for `@SDP@`.
const OFFER: &str = "v=0
o=desk 4711 4711 IN IP4 192.0.2.60
s=-
c=IN IP4 192.0.2.60
t=0 0
m=audio 41000 RTP/AVP 8 0 101
a=rtpmap:101 telephone-event/8000
";
