//! RFC 4475 section 3.1.1: messages that look wrong and are right.

use super::case::{Answer, Case, Reading};

pub(crate) const CASES: &[Case] = &[
    Case {
        section: "3.1.1.1",
        situation: "every freedom of the grammar in one INVITE: folding, compact names, blanks, letter case, unknown fields",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1;made-up=par%41m SIP/2.0
tO  :
 SIP:desk@192.0.2.1 ;  oTHER   = 7
Max-Forwards\t: 0000068
i	 :
 twisted.1@192.0.2.60
cSeQ:
\t 0000000009
   INVITE
V  : SIP  /   2.0
 /UDP
     192.0.2.60;branch=z9hG4bK-tw1;rport
s  :
X-Hidden: ;; ,, ;;  , ;
x-hidden-too:   folded
\tand folded
 again
v:  SIP  / 2.0  / TCP     a.example.org   ;
  branch  =   z9hG4bK-tw2
  , SIP/2.0/SCTP [2001:db8::60]:5099;branch=z9hG4bK-tw3 ;  flag
f: \"Q \\\"tw\\\" \\\\ end\"   <sip:q@192.0.2.60>
  ;
  tag = 77
Content-TYPE: application/sdp
rOUTE:
 <sip:p.example.org;lr;word=%77> , \"comma, and <bracket>\" <sip:[2001:db8::61];lr>
m:\"Quoted \\\"inner\\\"\"<sip:q@192.0.2.60;transport=udp>;  one = two ; three
  ; q = 0.25
Content-LENGTH :
   @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.1.2",
        situation: "all characters that the grammar allows: in the method, a user, a display name, a tag, a reason-like header",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
Aa0-.!%*_+`'~ sip:0_z.-!~*'()%7e&=+$,;?/:&=+$,@a-b.c-9.example:4242;p-!~*'()=v[/]:&+$%25 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-.!%*_+`'~wide;rport
To: \"NUL:\\\x00 BEL:\\\x07 DEL:\\\x7f\" <sip:1_odd.Name~(!q-w%20r)&%23t=$@example.org>
From: \xe2\x98\x8e\xc3\xbc\xe9\x9b\xbb tok-.!%*_+`'~en <sip:w@example.org>;tag=!%*_+`'~-.0
Max-Forwards: 255
Call-ID: wide%ZZ*:<>()[]{}?/\\\"~@odd.!%*
CSeq: 2147483647 Aa0-.!%*_+`'~
!-.%*_+`'~odd-name: \xe2\x80\xa6 and ;,<>@()
Content-Length: 0

",
    },
    Case {
        section: "3.1.1.2",
        situation: "all characters that the grammar allows, in an OPTIONS that is served",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[("Call-ID", "wide%ZZ*:<>()[]{}?/\\\"~@odd.!%*")],
        message: b"\
OPTIONS sip:0_z.-!~*'()%7e&=+$,;?/:&=+$,@a-b.c-9.example:4242;p-!~*'()=v[/]:&+$%25 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-.!%*_+`'~wide2;rport
To: \"NUL:\\\x00 BEL:\\\x07 DEL:\\\x7f\" <sip:1_odd.Name~(!q-w%20r)&%23t=$@example.org>
From: \xe2\x98\x8e\xc3\xbc\xe9\x9b\xbb tok-.!%*_+`'~en <sip:w@example.org>;tag=!%*_+`'~-.0
Max-Forwards: 255
Call-ID: wide%ZZ*:<>()[]{}?/\\\"~@odd.!%*
CSeq: 2147483647 OPTIONS
Content-Length: 0

",
    },
    Case {
        section: "3.1.1.3",
        situation: "escapes that hide separators in the user part, the address and a parameter",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:sip%3Adesk%40elsewhere.example@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-esc1;rport
To: <sip:%64%65%73%6B%40x@192.0.2.1>
From: <sip:I%20have%20blanks%3b@example.org>;tag=e1
Max-Forwards: 70
Call-ID: esc1@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:ca%6Cler@192.0.2.60;%6C%72;n%61me=v%61lue%25%34%31>
Content-Type: application/sdp
Content-Length: @LENGTH@

@SDP@",
    },
    Case {
        section: "3.1.1.4",
        situation: "escaped zero bytes in users: the users differ and nothing ends at the zero",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
REGISTER sip:example.org SIP/2.0
To: sip:zero-%00-zero@example.org
From: sip:zero-%00-zero@example.org;tag=n1
Max-Forwards: 70
Call-ID: nul1@192.0.2.60
CSeq: 3 REGISTER
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-nul1;rport
Contact: <sip:%00@192.0.2.60>
Contact: <sip:%00%00@192.0.2.60>
l: 0

",
    },
    Case {
        section: "3.1.1.5",
        situation: "percent signs that are no escapes: the method is not the one that it seems to spell",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
OPT%49ONS sip:192.0.2.1 SIP/2.0
To: \"%Z%45 %4\" <sip:desk@192.0.2.1>
From: %Q%5A <sip:q@example.org>;tag=p%zz1
Max-Forwards: 70
Call-ID: esc2.%zz@192.0.2.60
CSeq: 29 OPT%49ONS
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-%esc2;rport
Contact: <sip:one@192.0.2.60>;p%=%
l: 0

",
    },
    Case {
        section: "3.1.1.5",
        situation: "percent signs that are no escapes in names, tags and branches of a request that is served",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[("Call-ID", "esc3.%zz@192.0.2.60")],
        message: b"\
OPTIONS sip:192.0.2.1 SIP/2.0
To: \"%Z%45 %4\" <sip:desk@192.0.2.1>
From: %Q%5A <sip:q@example.org>;tag=p%zz1
Max-Forwards: 70
Call-ID: esc3.%zz@192.0.2.60
CSeq: 29 OPTIONS
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-%esc3;rport
l: 0

",
    },
    Case {
        section: "3.1.1.6",
        situation: "no blank between a display name and the angle bracket",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
To: Desk<sip:desk@192.0.2.1>
From: \"Q\"<sip:q@example.org>;tag=lws1
Max-Forwards: 70
Call-ID: lws1@192.0.2.60
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-lws1;rport
l: 0

",
    },
    Case {
        section: "3.1.1.7",
        situation: "long values everywhere: names, users, parameters, unknown fields, and a long way of hops",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: include_bytes!("long.txt"),
    },
    Case {
        section: "3.1.1.8",
        situation: "more bytes in the datagram than the Content-Length says, and they look like another request",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[("CSeq", "8 OPTIONS")],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=x1
Max-Forwards: 70
Call-ID: extra1@192.0.2.60
CSeq: 8 OPTIONS
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-extra1;rport
Content-Length: 0


INVITE sip:desk@192.0.2.1 SIP/2.0
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=x2
Max-Forwards: 70
Call-ID: extra2@192.0.2.60
CSeq: 9 INVITE
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-extra2;rport
Contact: <sip:q@192.0.2.60>
Content-Type: application/sdp
Content-Length: 150

@SDP@",
    },
    Case {
        section: "3.1.1.9",
        situation: "a parameter within the user part: it belongs to the user, not to the URI",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk;room=7%40west.example@192.0.2.1 SIP/2.0
To: sip:desk@192.0.2.1
From: <sip:q;day=friday@example.org>;tag=sc1
Max-Forwards: 70
Call-ID: semi1@192.0.2.60
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
 multipart/mixed, multipart/signed, message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-semi1;rport
l: 0

",
    },
    Case {
        section: "3.1.1.10",
        situation: "transports that are usual, unusual and unheard of",
        reading: Reading::Accepted,
        answer: Answer::Status(200),
        carries: &[],
        message: b"\
OPTIONS sip:desk@192.0.2.1 SIP/2.0
To: sip:desk@192.0.2.1
From: <sip:q@example.org>;tag=tr1
Max-Forwards: 70
Call-ID: transports1@192.0.2.60
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-trA;rport
Via: SIP/2.0/TLS-SCTP b.example.org:5061;branch=z9hG4bK-trB
Via: SIP/2.0/CARRIER-PIGEON c.example.org;branch=z9hG4bK-trC, SIP/2.0/TLS d.example.org;branch=z9hG4bK-trD
Via: SIP/2.0/WSS e.invalid;branch=z9hG4bK-trE
l: 0

",
    },
    Case {
        section: "3.1.1.11",
        situation: "a body of several parts, one of them binary with bytes that look like the end of a head",
        reading: Reading::Accepted,
        answer: Answer::Status(405),
        carries: &[],
        message: b"\
MESSAGE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-mp1;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=mp1
Call-ID: multipart1@192.0.2.60
CSeq: 1 MESSAGE
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=7a9cbec02ceef655
Content-Length: @LENGTH@

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

hello
--7a9cbec02ceef655
Content-Type: application/octet-stream

\x30\x82\x00\xff\xfe\x0d\x0a\x0d\x0aSIP/2.0 200 OK\x00\x80
--7a9cbec02ceef655--
",
    },
    Case {
        section: "3.1.1.11",
        situation: "an offer in one part of a body of several parts",
        reading: Reading::Accepted,
        answer: Answer::Call,
        carries: &[],
        message: b"\
INVITE sip:desk@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-mp2;rport
Max-Forwards: 70
To: <sip:desk@192.0.2.1>
From: <sip:q@example.org>;tag=mp2
Call-ID: multipart2@192.0.2.60
CSeq: 1 INVITE
Contact: <sip:q@192.0.2.60>
MIME-Version: 1.0
Content-Type: multipart/mixed;boundary=\"a b\"
Content-Length: @LENGTH@

--a b
Content-Type: application/octet-stream

\x30\x82\x00\xff\xfe\x00\x80
--a b
Content-Type: application/sdp

@SDP@
--a b--
",
    },
    Case {
        section: "3.1.1.12",
        situation: "a reason phrase with letters of many scripts, quotes and what looks like a header",
        reading: Reading::Accepted,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \"\xe6\x98\x8e\xe6\x97\xa5\" Via: <none>
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-rp1
From: <sip:desk@192.0.2.1>;tag=rp1
To: <sip:q@example.org>;tag=rp2
Call-ID: reason1@192.0.2.1
CSeq: 35 INVITE
Contact: <sip:q@192.0.2.60>
Content-Length: 0

",
    },
    Case {
        section: "3.1.1.13",
        situation: "no reason phrase, with the blank before it",
        reading: Reading::Accepted,
        answer: Answer::Silence,
        carries: &[],
        message: b"\
SIP/2.0 100\x20
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-rp3
From: <sip:desk@192.0.2.1>;tag=rp3
To: <sip:q@example.org>
Call-ID: reason2@192.0.2.1
CSeq: 35 INVITE
Content-Length: 0

",
    },
];
