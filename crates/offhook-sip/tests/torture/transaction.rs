//! RFC 4475 section 3.2: messages that a transaction cannot be made of in the usual way.

use super::case::{Answer, Case, Reading};

pub(crate) const CASES: &[Case] = &[
    Case {
        section: "3.2.1",
        situation: "a branch that is only the magic cookie: no transaction identifier",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case30@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.2.1",
        situation: "no branch at all",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case31@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
    Case {
        section: "3.2.1",
        situation: "a branch without a value",
        reading: Reading::Refused(400),
        answer: Answer::Status(400),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=t1
Call-ID: case32@192.0.2.60
CSeq: 1 OPTIONS
l: 0

",
    },
];
