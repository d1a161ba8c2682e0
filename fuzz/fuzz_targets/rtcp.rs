//! A compound RTCP packet: all its reports.

#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_media::rtp::is_rtcp;
use offhook_media::rtp::rtcp::Compound;

fuzz_target!(|bytes: &[u8]| {
    is_rtcp(bytes);
    if let Ok(compound) = Compound::parse(bytes) {
        // Every packet inside has a header of four bytes.
        assert!(compound.reports().count() <= bytes.len() / 4);
    }
});
