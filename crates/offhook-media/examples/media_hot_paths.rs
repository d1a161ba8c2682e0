//! The hot paths of sound, each run so many times: what `cargo xtask bench --instructions` counts.
//!
//! ```sh
//! media_hot_paths tick-1000-streams TIMES
//! ```

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use offhook_media::{
    Clip, Codec, JobId, Law, SilencePolicy, Stream, StreamCommand, StreamConfig, StreamDirection,
};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tick-1000-streams", times] => tick_1000_streams(times.parse()?),
        _ => return Err("usage: media_hot_paths tick-1000-streams TIMES".into()),
    }
    Ok(())
}

/// Every stream plays a shared clip in a loop and makes one packet a tick.
fn tick_1000_streams(times: u64) {
    let begin = Instant::now();
    let clip = Clip::from_encoded(Law::A, (0..=250).cycle().take(12_345).collect::<Vec<u8>>());
    let mut streams: Vec<Stream> = (0..1000)
        .map(|number| {
            let mut stream = Stream::new(begin, config(number));
            let play = StreamCommand::Play { job: JobId(1), clip: clip.clone(), looped: true, limit: None };
            stream.command(begin, play);
            stream
        })
        .collect();
    let mut buffer = [0; Stream::MAX_DATAGRAM];
    let mut now = begin;
    for _ in 0..times {
        for stream in &mut streams {
            stream.handle_timeout(now);
            while let Some(outgoing) = stream.poll_transmit(&mut buffer) {
                black_box((outgoing, &buffer));
            }
            while let Some(event) = stream.poll_event() {
                black_box(event);
            }
        }
        now += Duration::from_millis(20);
    }
}

fn config(number: u32) -> StreamConfig {
    StreamConfig {
        ssrc: number,
        first_sequence: 0,
        first_timestamp: 0,
        codec: Codec::G711A,
        payload_send: 8,
        payload_receive: 8,
        telephone_event: Some(101),
        telephone_event_send: Some(101),
        packet_time: Duration::from_millis(20),
        remote_rtp: Some(([192, 0, 2, 60], 40_000).into()),
        remote_rtcp: None,
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "hot-path@offhook".to_owned(),
        record: false,
        offset: Duration::ZERO,
    }
}
