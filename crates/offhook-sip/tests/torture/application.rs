//! RFC 4475 sections 3.3 and 3.4: messages with a meaning that cannot be served, or of another time.

use super::case::{Answer, Case, Reading};

pub(crate) const CASES: &[Case] = &[
    Case {
        section: "3.3.1",
        situation: "an INVITE without Call-ID, From and To",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i33;rport
Max-Forwards: 70
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.1",
        situation: "an INVITE without CSeq",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i34;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case34@192.0.2.60
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.1",
        situation: "an INVITE without Via: nobody knows whom to answer",
        reading: Reading::Dropped,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case35@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.1",
        situation: "an INVITE without Contact: there is nowhere to send the BYE",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i36;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case36@192.0.2.60
CSeq: 1 INVITE
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.1",
        situation: "no Max-Forwards, which RFC 2543 did not know",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i37;rport
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case37@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.3.2",
        situation: "a Request-URI with a scheme that nobody knows",
        reading: Reading::Accepted,
        answer: Answer::Status(416),
        carries: &[],
        message: b"\
OPTIONS nobody-knows-this:total-nonsense SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i38;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case38@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.3.3",
        situation: "a Request-URI with a scheme that is known and has nothing to do with calls",
        reading: Reading::Accepted,
        answer: Answer::Status(416),
        carries: &[],
        message: b"\
OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i39;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case39@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.3.4",
        situation: "unknown schemes in To, From and Contact",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i40;rport
Max-Forwards: 70
To: isbn:2983792873
From: <http://www.example.org>;tag=s1
Call-ID: case40@192.0.2.60
CSeq: 1 OPTIONS
Contact: <name:John_Smith>
l: 0

",
    },
    Case {
        section: "3.3.4",
        situation: "unknown schemes in To, From and Contact of a REGISTER, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i41;rport
Max-Forwards: 70
To: isbn:2983792873
From: <http://www.example.org>;tag=s1
Call-ID: case41@192.0.2.60
CSeq: 1 REGISTER
Contact: <name:John_Smith>
l: 0

",
    },
    Case {
        section: "3.3.5",
        situation: "required extensions that nobody has, for us and for proxies",
        reading: Reading::Accepted,
        answer: Answer::Status(420),
        carries: &[("Unsupported", "not-heard-of, nor-of-this")],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i42;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case42@192.0.2.60
CSeq: 1 OPTIONS
Require: not-heard-of, nor-of-this
Proxy-Require: neither-this, nor-that
l: 0

",
    },
    Case {
        section: "3.3.5",
        situation: "extensions that only proxies must have",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i43;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case43@192.0.2.60
CSeq: 1 OPTIONS
Proxy-Require: neither-this, nor-that
l: 0

",
    },
    Case {
        section: "3.3.6",
        situation: "a body of a type that nobody knows",
        reading: Reading::Accepted,
        answer: Answer::Status(415),
        carries: &[("Accept", "application/sdp")],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i44;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case44@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/unknown-format
Content-Length: @LENGTH@

<audio>
 <pcmu port=\"443\"/>
</audio>
",
    },
    Case {
        section: "3.3.6",
        situation: "a body that is encoded in an unknown way",
        reading: Reading::Accepted,
        answer: Answer::Status(415),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i45;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case45@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Encoding: squeezed
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.7",
        situation: "credentials of a scheme that nobody knows, where none are asked for",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i46;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case46@192.0.2.60
CSeq: 1 OPTIONS
Authorization: NoOneKnowsThisScheme opaque-data=here
l: 0

",
    },
    Case {
        section: "3.3.7",
        situation: "credentials of a scheme that nobody knows in a REGISTER, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i47;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case47@192.0.2.60
CSeq: 1 REGISTER
Authorization: NoOneKnowsThisScheme opaque-data=here
l: 0

",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: all of them",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i48;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case48@192.0.2.60
CSeq: 1 INVITE
CSeq: 8 INVITE
Call-ID: other@192.0.2.60
Max-Forwards: 5
From: <sip:other@example.org>;tag=o1
To: <sip:another@192.0.2.1>
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: CSeq",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i49;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case49@192.0.2.60
CSeq: 1 OPTIONS
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: Call-ID",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i50;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case50@192.0.2.60
CSeq: 1 OPTIONS
i: again@192.0.2.60
l: 0

",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: From",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i51;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case51@192.0.2.60
CSeq: 1 OPTIONS
f: <sip:q@example.org>;tag=t1
l: 0

",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: To",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i52;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case52@192.0.2.60
CSeq: 1 OPTIONS
t: <sip:desk@192.0.2.1>
l: 0

",
    },
    Case {
        section: "3.3.8",
        situation: "fields that stand once, twice: Max-Forwards",
        reading: Reading::Accepted,
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i53;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case53@192.0.2.60
CSeq: 1 OPTIONS
Max-Forwards: 70
l: 0

",
    },
    Case {
        section: "3.3.9",
        situation: "two Content-Lengths",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i54;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case54@192.0.2.60
CSeq: 1 OPTIONS
Content-Length: 13
Content-Length: 5

There is no way to know where this body ends
",
    },
    Case {
        section: "3.3.10",
        situation: "a 200 whose way back is a broadcast address",
        reading: Reading::Accepted,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-bc1
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK-bc2
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case55@192.0.2.60
CSeq: 8 INVITE
Contact: <sip:q@192.0.2.60>
l: 0

",
    },
    Case {
        section: "3.3.11",
        situation: "no hop left for an OPTIONS: whom it reaches answers",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i56;rport
Max-Forwards: 0
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case56@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.3.11",
        situation: "no hop left for an INVITE",
        reading: Reading::Accepted,
        answer: Answer::Status(483),
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i57;rport
Max-Forwards: 0
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case57@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.12",
        situation: "a parameter of the Contact that nobody knows",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i58;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case58@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>;unknownparam;other=\"x;y\"
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.12",
        situation: "a REGISTER with such a Contact, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i59;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case59@192.0.2.60
CSeq: 1 REGISTER
Contact: sip:q@192.0.2.60;unknownparam
l: 0

",
    },
    Case {
        section: "3.3.13",
        situation: "a parameter of the URI of the Contact that nobody knows",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i60;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case60@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60;unknownparam;x=y>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.13",
        situation: "a REGISTER with such a URI, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i61;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case61@192.0.2.60
CSeq: 1 REGISTER
Contact: <sip:q@192.0.2.60;unknownparam>
l: 0

",
    },
    Case {
        section: "3.3.14",
        situation: "an escaped header field in the URI of the Contact",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i62;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case62@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60?Route=%3Csip:x.example%3E>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.3.14",
        situation: "a REGISTER with such a URI, which is not for us",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i63;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case63@192.0.2.60
CSeq: 1 REGISTER
Contact: <sip:q@192.0.2.60?Route=%3Csip:x.example%3E>
l: 0

",
    },
    Case {
        section: "3.3.15",
        situation: "an INVITE whose sender does not take session descriptions",
        reading: Reading::Accepted,
        answer: Answer::Status(406),
        carries: &[("Accept", "application/sdp")],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-i64;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case64@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Accept: text/nobody-knows-this
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.4.1",
        situation: "an INVITE as before RFC 3261: no branch, no tag, no Max-Forwards, no Content-Length, no loose routing",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60
To: Desk <sip:desk@192.0.2.1>
From: <sip:q@example.org>
Call-ID: case65@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
Record-Route: <sip:desk@192.0.2.1;maddr=192.0.2.61>
Content-Type: application/sdp

@SDP@",
    },
];
