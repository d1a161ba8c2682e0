//! What listening costs: one frame of a stream that only plays, beside one that listens for keys or records.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use offhook_media::recorder::{RecordChannels, RecordSettings};
use offhook_media::rtp::Header;
use offhook_media::speaker::DetectionStart;
use offhook_media::{
    Clip, Codec, JobId, Law, SilencePolicy, Stream, StreamCommand, StreamConfig, StreamDirection,
};

const FAR_END: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);

fn config(telephone_event: Option<u8>) -> StreamConfig {
    StreamConfig {
        ssrc: 1,
        first_sequence: 0,
        first_timestamp: 0,
        codec: Codec::G711A,
        payload_send: 8,
        payload_receive: 8,
        telephone_event,
        telephone_event_send: telephone_event,
        packet_time: Duration::from_millis(20),
        remote_rtp: Some(FAR_END),
        remote_rtcp: None,
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "bench".to_owned(),
        record: false,
        offset: Duration::ZERO,
    }
}

fn speech() -> Vec<u8> {
    let mut state = 1_u32;
    (0..160)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

/// One packet in, one frame out, for 20 ms of a call.
fn frames(criterion: &mut Criterion) {
    let record = |channels| StreamCommand::Record {
        job: JobId(2),
        settings: Box::new(RecordSettings { channels, ..RecordSettings::default() }),
    };
    let rows = [
        ("playing only", Some(101), None),
        ("listening for keys as tones", None, None),
        ("recording", Some(101), Some(record(RecordChannels::Mono))),
        ("recording in stereo", Some(101), Some(record(RecordChannels::Stereo))),
        (
            "finding out who answered",
            Some(101),
            Some(StreamCommand::DetectSpeaker(DetectionStart::NetworkConnect, Duration::MAX)),
        ),
    ];
    let mut group = criterion.benchmark_group("20 ms of a call");
    let payload = speech();
    for (row, telephone_event, command) in rows {
        let mut now = Instant::now();
        let mut stream = Stream::new(now, config(telephone_event));
        let clip = Clip::from_encoded(Law::A, speech());
        stream.command(now, StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
        if let Some(command) = command {
            stream.command(now, command);
        }
        let mut header = Header { marker: false, payload_type: 8, sequence: 0, timestamp: 0, ssrc: 2 };
        let mut packet = [0; 172];
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        group.bench_function(row, |bencher| {
            bencher.iter(|| {
                header.write(&payload, &mut packet);
                header.sequence = header.sequence.wrapping_add(1);
                header.timestamp = header.timestamp.wrapping_add(160);
                stream.handle_rtp(now, FAR_END, black_box(&packet));
                stream.handle_timeout(now);
                while stream.poll_transmit(&mut buffer).is_some() {}
                while let Some(event) = stream.poll_event() {
                    black_box(&event);
                }
                now += Duration::from_millis(20);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
