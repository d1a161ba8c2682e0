//! Whatever comes over the network: no panic, no growth, the frames go on.

mod stream_support;

use offhook_media::StreamConfig;
use proptest::prelude::*;
use stream_support::{Driven, address, config, ms};

/// Bytes that are likely to get past the first checks.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![Just(8_u8), Just(101), Just(200), Just(201), Just(203), any::<u8>()];
    (any::<u8>(), kind, prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(first, kind, rest)| {
        let mut bytes = vec![0x80 | (first & 0x3f), kind];
        bytes.extend(rest);
        bytes
    })
}

proptest! {
    /// UR-41: any packets on either port, in any order: the stream goes on sending its frames.
    #[test]
    fn any_datagrams_leave_the_stream_running(
        datagrams in prop::collection::vec((datagram(), any::<bool>(), 0..3_u8), 0..40), rtcp_mux: bool,
    ) {
        let mut driven = Driven::new(StreamConfig { rtcp_mux, record: true, ..config() });
        for (bytes, control, host) in &datagrams {
            let from = address(&format!("192.0.2.{host}:4000"));
            if *control {
                driven.rtcp(from, bytes);
            } else {
                driven.rtp(from, bytes);
            }
            driven.run(ms(20));
        }
        let frames = driven.sent.iter().filter(|sent| !sent.rtcp && sent.bytes[1] & 0x7f == 8).count();
        prop_assert_eq!(frames, datagrams.len());
        prop_assert!(driven.events.len() <= 4 * datagrams.len() + 1);
    }
}
