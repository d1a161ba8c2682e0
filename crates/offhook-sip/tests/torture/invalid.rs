//! RFC 4475 section 3.1.2: messages that break the grammar.

use super::case::{Answer, Case, Reading};

pub(crate) const CASES: &[Case] = &[
    Case {
        section: "3.1.2.1",
        situation: "separators with nothing between them in the Via",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;;,;,,
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case1@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.1",
        situation: "separators with nothing between them in the Contact",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i2;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case2@192.0.2.60
CSeq: 1 INVITE
Contact: \"Q\" <sip:q@192.0.2.60>;;,;,,
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.1",
        situation: "separators with nothing between them in the From",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i3;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1;;
Call-ID: case3@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.2",
        situation: "a Content-Length beyond the end of the datagram",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i4;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case4@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: 9999

@SDP@",
    },
    Case {
        section: "3.1.2.3",
        situation: "a negative Content-Length",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i5;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case5@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: -999

@SDP@",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: CSeq",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i6;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case6@192.0.2.60
CSeq: 36893488147419103232 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: a CSeq of 2^31",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i7;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case7@192.0.2.60
CSeq: 2147483648 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: Max-Forwards",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i8;rport
Max-Forwards: 300
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case8@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: an Expires and a port of a Contact, both of no use to us",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i9;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case9@192.0.2.60
CSeq: 1 OPTIONS
Expires: 10000000000000000000000000000000
Contact: <sip:q@192.0.2.60:100000>;expires=280297596632815
l: 0

",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: the port of the Contact of an INVITE",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i10;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case10@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60:100000>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.4",
        situation: "numbers beyond their range: the port of the Via",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60:655360;branch=z9hG4bK-port
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case11@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.5",
        situation: "numbers beyond their range in a response",
        reading: Reading::Dropped,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
SIP/2.0 503 Service Unavailable
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i12;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case12@192.0.2.60
CSeq: 9292394834772304023312 OPTIONS
Retry-After: 949302838503028349304023988
Warning: 1812 overture \"In progress\"
l: 0

",
    },
    Case {
        section: "3.1.2.6",
        situation: "a display name whose quote is never closed",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i13;rport
Max-Forwards: 70
To: \"Mr. Desk <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case13@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.7",
        situation: "angle brackets around the Request-URI",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE <sip:desk@192.0.2.1> SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i14;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case14@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.8",
        situation: "a blank within the Request-URI",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1; lr SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i15;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case15@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.9",
        situation: "more than one blank between the parts of the request line",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE  sip:desk@192.0.2.1  SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i16;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case16@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.9",
        situation: "a tab between the parts of the request line",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS\tsip:desk@192.0.2.1\tSIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i17;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case17@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.10",
        situation: "blanks at the end of the request line",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0\x20\x20
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i18;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case18@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.11",
        situation: "header fields in the Request-URI, which is allowed elsewhere and only there",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1?Route=%3Csip:elsewhere.example%3E SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i19;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case19@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.12",
        situation: "a Date in another time zone than GMT, of no use to us",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i20;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case20@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Date: Fri, 01 Jan 2010 16:00:00 EST
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.13",
        situation: "a Contact with header fields of its own and no angle brackets",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i21;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case21@192.0.2.60
CSeq: 1 INVITE
Contact: sip:q@192.0.2.60?Route=%3Csip:x.example%3E
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.2.13",
        situation: "the same in a REGISTER, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:example.org SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i22;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case22@192.0.2.60
CSeq: 1 REGISTER
Contact: sip:q@192.0.2.60?Route=%3Csip:x.example%3E
l: 0

",
    },
    Case {
        section: "3.1.2.14",
        situation: "blanks between the angle brackets and the URI",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i23;rport
Max-Forwards: 70
To: \"Desk\" < sip:desk@192.0.2.1 >
From: <sip:q@example.org>;tag=t1
Call-ID: case23@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.15",
        situation: "a display name that is neither tokens nor quoted",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i24;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: Bell, Alexander <sip:a.g.bell@example.org>;tag=43
Call-ID: case24@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.16",
        situation: "a version of the protocol that nobody knows",
        reading: Reading::Refused(505),
        answer: Answer::Status(505),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/7.0
Via: SIP/7.0/UDP 192.0.2.60;branch=z9hG4bK-v7;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case25@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.1.2.17",
        situation: "a CSeq with another known method than the request line",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i26;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case26@192.0.2.60
CSeq: 8 INVITE
l: 0

",
    },
    Case {
        section: "3.1.2.18",
        situation: "a CSeq with another unknown method than the request line, itself unknown",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
NewMethod sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i27;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case27@192.0.2.60
CSeq: 8 newMethod
l: 0

",
    },
    Case {
        section: "3.1.2.18",
        situation: "an unknown method that its CSeq agrees with",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
NewMethod sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i28;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case28@192.0.2.60
CSeq: 1 NewMethod
l: 0

",
    },
    Case {
        section: "3.1.2.19",
        situation: "a response code with far too many digits",
        reading: Reading::Dropped,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i29;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case29@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
];
