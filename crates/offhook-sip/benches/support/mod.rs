//! The INVITE that the benchmarks and the counted hot paths take.

use bytes::Bytes;

/// The offer that the INVITE carries.
pub(crate) const OFFER: &str = "v=0\r\n\
    o=ann 2890844526 2890844526 IN IP4 192.0.2.60\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.60\r\n\
    t=0 0\r\n\
    m=audio 49170 RTP/AVP 8 0 101\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\n\
    a=ptime:20\r\n";

/// An INVITE as a telephone sends it, with a Call-ID of its own for each number.
pub(crate) fn invite(number: u64) -> Bytes {
    format!(
        "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.60:5060;branch=z9hG4bK-{number};rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Ann\" <sip:ann@example.com>;tag=a{number}\r\n\
         To: <sip:desk@192.0.2.1>\r\n\
         Call-ID: {number}@192.0.2.60\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:ann@192.0.2.60:5060>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK\r\n\
         Supported: 100rel, timer, replaces\r\n\
         User-Agent: telephone/1.0\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{OFFER}",
        OFFER.len()
    )
    .into()
}
