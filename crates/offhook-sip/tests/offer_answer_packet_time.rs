//! How much sound goes into a packet.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{LocalMedia, answer};

/// RING-36: 20 ms, or what the offer's ptime and maxptime ask for, within 10 to 60 ms.
#[test]
fn packet_time_follows_the_offer() {
    for (attributes, milliseconds) in [
        (["a=x-none", "a=x-none"], 20),
        (["a=ptime:20", "a=x-none"], 20),
        (["a=ptime:30", "a=x-none"], 30),
        (["a=ptime:10", "a=x-none"], 10),
        (["a=ptime:60", "a=maxptime:150"], 60),
        (["a=ptime:60", "a=maxptime:40"], 40),
        (["a=x-none", "a=maxptime:10"], 10),
        (["a=x-none", "a=maxptime:200"], 20),
        (["a=ptime:20.0", "a=x-none"], 20),
        (["a=ptime: 30 ", "a=x-none"], 30),
        (["a=ptime:1", "a=x-none"], 10),
        (["a=ptime:0", "a=maxptime:0"], 20),
        (["a=ptime:500", "a=x-none"], 60),
        (["a=ptime:99999999999", "a=x-none"], 20),
        (["a=ptime:nonsense", "a=maxptime:-1"], 20),
        (["a=ptime", "a=x-none"], 20),
    ] {
        let negotiated = answered(&["m=audio 4000 RTP/AVP 8", attributes[0], attributes[1]]);
        assert_eq!(negotiated.stream.packet_time_ms, milliseconds, "{attributes:?}");
        assert_eq!(negotiated.answer.media[0].ptime(), Some(u32::from(milliseconds)), "{attributes:?}");
    }
}

/// RING-36: where the offer does not say, the preference of this side counts.
#[test]
fn own_preference_counts_where_nothing_is_asked() {
    let offer = description(&["m=audio 4000 RTP/AVP 8"]);
    let local = LocalMedia { packet_time_ms: 30, ..local() };
    assert_eq!(answer(&offer, &both(), &local).expect("an agreement").stream.packet_time_ms, 30);
}
