//! The ladder of a call: every SIP message in the order in which it was sent or came.

use std::time::Duration;

use bytes::Bytes;

/// One SIP message of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LadderEntry {
    /// Time since the INVITE was sent.
    pub at: Duration,
    /// Which way it went.
    pub direction: LadderDirection,
    /// What it is, for people: `INVITE (SDP)`, `183 Session Progress (SDP)`.
    pub summary: String,
    /// The status code of a response.
    pub status: Option<u16>,
    /// The method of the request, or of the request that the response is for.
    pub method: String,
    /// Whether it carries a session description.
    pub has_sdp: bool,
    /// Whether the very same message went the same way before.
    pub repeated: bool,
    /// The whole message.
    pub bytes: Bytes,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LadderDirection {
    /// From the caller to the far end.
    Sent,
    /// From the far end to the caller.
    Received,
}

impl LadderDirection {
    /// An arrow, with the caller on the left.
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::Sent => "──▶",
            Self::Received => "◀──",
        }
    }
}

impl LadderEntry {
    pub(super) fn new(at: Duration, direction: LadderDirection, bytes: Bytes, earlier: &[Self]) -> Self {
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let cseq = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("cseq").then(|| value.trim().to_owned())
        });
        let method = cseq.as_deref().and_then(|cseq| cseq.split_whitespace().nth(1)).unwrap_or_default();
        let status =
            first.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
        let mut summary = match status {
            Some(_) => first.strip_prefix("SIP/2.0 ").unwrap_or(first).to_owned(),
            None => method.to_owned(),
        };
        if status.is_some() && method != "INVITE" {
            summary = format!("{summary} ({method})");
        }
        let has_sdp = body.starts_with("v=0");
        if has_sdp {
            summary.push_str(" (SDP)");
        }
        let repeated = earlier.iter().any(|entry| entry.direction == direction && entry.bytes == bytes);
        let method = method.to_owned();
        Self { at, direction, summary, status, method, has_sdp, repeated, bytes }
    }

    /// Whether it is a response to the first INVITE, other than 100, that did not come before.
    pub(super) fn is_new_response(&self) -> bool {
        let received = self.direction == LadderDirection::Received && !self.repeated;
        received && self.method == "INVITE" && self.status.is_some_and(|status| status > 100)
    }

    /// The whole message as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_what_the_message_is() {
        let message = Bytes::from_static(b"SIP/2.0 183 Session Progress\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n");
        let first = LadderEntry::new(Duration::ZERO, LadderDirection::Received, message.clone(), &[]);
        assert_eq!(first.summary, "183 Session Progress (SDP)");
        assert_eq!((first.status, first.repeated), (Some(183), false));
        let again = LadderEntry::new(Duration::ZERO, LadderDirection::Received, message, &[first]);
        assert!(again.repeated);
        let bye = Bytes::from_static(b"SIP/2.0 200 OK\r\ncseq: 2 BYE\r\n\r\n");
        let bye = LadderEntry::new(Duration::ZERO, LadderDirection::Sent, bye, &[]);
        assert_eq!(bye.summary, "200 OK (BYE)");
    }
}
