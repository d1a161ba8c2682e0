//! The messages that are mutated, and the words that are put into them.

/// INVITEs; `@N@` stands for a serial number and `@SDP@` for one of [`OFFERS`].
pub(crate) const INVITES: &[&str] = &[
    "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n\
     Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-m@N@;rport\r\n\
     Max-Forwards: 70\r\n\
     From: \"Q\" <sip:q@example.org>;tag=f@N@\r\n\
     To: <sip:desk@192.0.2.1>\r\n\
     Call-ID: m@N@@192.0.2.60\r\n\
     CSeq: 1 INVITE\r\n\
     Contact: <sip:q@192.0.2.60:5060>\r\n\
     Content-Type: application/sdp\r\n\r\n@SDP@",
    "INVITE sip:desk@[2001:db8::1]:5060;transport=udp SIP/2.0\r\n\
     v: SIP/2.0/UDP [2001:db8::60]:5062;branch=z9hG4bK-p@N@;received=192.0.2.60, SIP/2.0/TCP a.example.org;branch=z9hG4bK-q\r\n\
     Max-Forwards: 69\r\n\
     Record-Route: <sip:p1.example.org;lr>, \"Second, one\" <sip:p2.example.org;lr;x=\"1\">\r\n\
     f: Caller <sip:q;isub=4@example.org;user=phone>;tag=f@N@;x=y\r\n\
     t: <tel:+15550100;phone-context=example.org>\r\n\
     i: m@N@\r\n\
     CSeq: 4711 INVITE\r\n\
     m: <sip:q@[2001:db8::60]:5062;ob>;+sip.instance=\"<urn:uuid:0>\";q=0.5\r\n\
     k: 100rel, timer, replaces\r\n\
     Session-Expires: 1800;refresher=uac\r\n\
     Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE\r\n\
     Accept: application/sdp, text/*;q=0.2\r\n\
     P-Asserted-Identity: <sip:q@example.org>, <tel:+15550101>\r\n\
     Diversion: <sip:other@example.org>;reason=unconditional;counter=1\r\n\
     User-Agent: Seed/1.0 (mutated)\r\n\
     c: application/sdp\r\n\r\n@SDP@",
    "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n\
     Via: SIP/2.0/UDP 192.0.2.60:5060;branch=z9hG4bK-r@N@;rport\r\n\
     Max-Forwards: 70\r\n\
     From: <sip:q@example.org>;tag=f@N@\r\n\
     To: <sip:desk@192.0.2.1>\r\n\
     Call-ID: m@N@@192.0.2.60\r\n\
     CSeq: 1 INVITE\r\n\
     Contact: <sip:q@192.0.2.60>\r\n\
     Require: 100rel\r\n\
     Content-Length: 0\r\n\r\n",
    "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n\
     Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-s@N@;rport\r\n\
     Max-Forwards: 70\r\n\
     From: <sip:q@example.org>;tag=f@N@\r\n\
     To: <sip:desk@192.0.2.1>\r\n\
     Call-ID: m@N@@192.0.2.60\r\n\
     CSeq: 1 INVITE\r\n\
     Contact: <sip:q@192.0.2.60>\r\n\
     Content-Type: multipart/mixed;boundary=part\r\n\r\n\
     --part\r\nContent-Type: application/sdp\r\n\r\n@SDP@\r\n--part\r\nContent-Type: text/plain\r\n\r\nhello\r\n--part--\r\n",
];

/// Offers.
pub(crate) const OFFERS: &[&str] = &[
    "v=0\r\no=desk 4711 4711 IN IP4 192.0.2.60\r\ns=-\r\nc=IN IP4 192.0.2.60\r\nt=0 0\r\n\
     m=audio 41000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
     a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:40\r\na=sendrecv\r\n",
    "v=0\r\no=- 1 2 IN IP6 2001:db8::60\r\ns=call\r\ni=about\r\nu=http://example.org/\r\nb=AS:64\r\nt=0 0\r\nr=7d 1h 0 25h\r\n\
     a=group:BUNDLE 0 1\r\nm=video 0 RTP/AVP 31\r\nm=audio 42000/2 RTP/SAVP 9 96 97\r\nc=IN IP6 2001:db8::61\r\n\
     a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n\
     m=audio 43000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=rtcp:43001 IN IP4 192.0.2.60\r\na=rtcp-mux\r\n",
];

/// What has broken parsers before.
pub(crate) const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n ",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"[",
    b"]",
    b"[::ffff:192.0.2.1]",
    b"@",
    b"%",
    b"%00",
    b"%zz",
    b";",
    b";;",
    b";lr",
    b",",
    b",,,,",
    b":",
    b"=",
    b"*",
    b"-1",
    b"0",
    b"65536",
    b"4294967296",
    b"18446744073709551616",
    b"99999999999999999999999999999999999999",
    b"\xff\xfe",
    b"\xe2\x82",
    b"\xf0\x9f\x98\x80",
    b"SIP/2.0",
    b"sip:",
    b"sips:",
    b"tel:+",
    b"INVITE",
    b"ACK",
    b"CANCEL",
    b"OPTIONS",
    b"BYE",
    b"PRACK",
    b"Content-Length: 0\r\n",
    b"Content-Length: 70000\r\n",
    b"l: -5\r\n",
    b"Require: 100rel\r\n",
    b"Require: none-of-it\r\n",
    b"Route: <sip:192.0.2.1;lr>\r\n",
    b"To: <sip:desk@192.0.2.1>;tag=x\r\n",
    b"m=audio 0 RTP/AVP 0\r\n",
    b"m=audio 65535/255 RTP/AVP 255\r\n",
    b"a=rtpmap:0 PCMU/0\r\n",
    b"a=ptime:0\r\n",
    b"a=ptime:4294967295\r\n",
    b"c=IN IP4 255.255.255.255/127/2\r\n",
    b"a=sendonly\r\n",
    b"t=18446744073709551615 1\r\n",
];
