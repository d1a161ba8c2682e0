//! Streams in a codec that remembers what went before: what plays, what is heard, what listens, and who meets in rooms.

mod stream_support;

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use offhook_media::recorder::{RecordChannels, RecordCodec, RecordSettings};
use offhook_media::rtp::HEADER_BYTES;
use offhook_media::{
    Clip, Codec, Decoder, Encoder, HeardFrame, JobId, Party, PlayEnd, Room, RoomStreams, Sound, Stream,
    StreamCommand, StreamConfig, StreamEvent, StreamUpdate, measure, wav,
};
use stream_support::{Driven, config, ms, packet, signalled, update};

/// G.722 in place of A-law.
fn wide() -> StreamConfig {
    StreamConfig { codec: Codec::G722, payload_send: 9, payload_receive: 9, ..config() }
}

fn tone(hz: f64, rate_hz: u32, duration: Duration) -> Sound {
    let peak = measure::peak_of_dbm0(-10.0);
    let count = (duration.as_secs_f64() * f64::from(rate_hz)) as usize;
    let sample = |at| (peak * (TAU * hz * at as f64 / f64::from(rate_hz)).sin()).round() as i16;
    Sound::new(rate_hz, (0..count).map(sample).collect())
}

/// What a far end hears of packets in a codec.
fn heard_by_far_end<'a>(codec: Codec, payloads: impl IntoIterator<Item = &'a [u8]>) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    let mut heard = Vec::new();
    for payload in payloads {
        let mut samples = [0; 960];
        let count = decoder.decode(payload, &mut samples).expect("the stream sends its codec");
        heard.extend_from_slice(&samples[..count]);
    }
    heard
}

fn far_end_of(driven: &Driven) -> Vec<i16> {
    let sent = driven.rtp_sent();
    heard_by_far_end(
        Codec::G722,
        sent.iter().filter(|sent| sent.header().payload_type == 9).map(|sent| sent.payload()),
    )
}

#[track_caller]
fn assert_tone(samples: &[i16], rate_hz: u32, hz: f64) {
    let level = measure::level_dbm0(samples, rate_hz, hz);
    assert!((level + 10.0).abs() < 0.5, "{hz} Hz at {level} dBm0");
}

/// A far end that speaks a tone in packets of 20 ms.
struct Talker {
    codec: Codec,
    encoder: Encoder,
    sound: Sound,
    sequence: u16,
    timestamp: u32,
}

impl Talker {
    fn new(codec: Codec, hz: f64) -> Self {
        let sound = tone(hz, codec.sampling_rate_hz(), Duration::from_secs(10));
        Self { codec, encoder: Encoder::new(codec), sound, sequence: 0, timestamp: 0 }
    }

    fn packet(&mut self) -> Vec<u8> {
        let samples = self.codec.sampling_rate_hz() as usize / 50;
        let at = usize::from(self.sequence) * samples;
        let mut payload = [0; 320];
        let length = self.encoder.encode(&self.sound.samples[at..at + samples], &mut payload);
        let payload_type = self.codec.static_payload_type().expect("it has one");
        let bytes = packet(payload_type, self.sequence, self.timestamp, &payload[..length]);
        self.sequence += 1;
        self.timestamp += self.codec.clock_rate_hz() / 50;
        bytes
    }

    fn talk(&mut self, driven: &mut Driven, packets: usize) {
        for _ in 0..packets {
            driven.rtp(signalled(), &self.packet());
            driven.run(ms(20));
        }
    }
}

/// RING-47, RFC 3551 section 4.5.2: what plays is heard in wide band; the clock of RTP counts 8000 units a second.
#[test]
fn a_clip_is_heard_in_wide_band() {
    let mut driven = Driven::new(wide());
    let clip = Clip::for_codec(&tone(6000.0, 16_000, ms(1000)), Codec::G722);
    driven.command(StreamCommand::Play { job: JobId(1), clip, looped: false, limit: None });
    driven.run(ms(1100));
    let timestamps: Vec<u32> = driven.rtp_sent().iter().map(|sent| sent.header().timestamp).collect();
    assert!(timestamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 160));
    let heard = far_end_of(&driven);
    assert_tone(&heard[1600..14_400], 16_000, 6000.0);
    let ended = driven.happened().into_iter().find_map(|event| match event {
        StreamEvent::PlayEnded { reason, played, .. } => Some((*reason, *played)),
        _ => None,
    });
    assert_eq!(ended, Some((PlayEnd::Finished, ms(1000))));
}

/// RING-44: a loop has no seam: half a second that holds whole turns goes on without a click.
#[test]
fn a_loop_has_no_seam() {
    let mut driven = Driven::new(wide());
    let clip = Clip::for_codec_looped(&tone(440.0, 16_000, ms(500)), Codec::G722);
    driven.command(StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
    driven.run(ms(2000));
    let heard = far_end_of(&driven);
    for window in heard[1600..].chunks_exact(400) {
        assert_tone(window, 16_000, 440.0);
    }
}

/// RING-53, RING-47: a clip that was made for another codec is heard all the same, in either direction.
#[test]
fn a_clip_for_another_codec_is_heard_at_its_pitch_and_for_its_time() {
    for (made_for, config) in [(Codec::G711A, wide()), (Codec::G722, config())] {
        let codec = config.codec;
        let mut driven = Driven::new(config);
        let clip = Clip::for_codec(&tone(1000.0, 16_000, ms(1000)), made_for);
        let limit = Some(ms(500));
        driven.command(StreamCommand::Play { job: JobId(1), clip, looped: true, limit });
        driven.run(ms(700));
        let sent = driven.rtp_sent();
        let heard = heard_by_far_end(codec, sent.iter().map(|sent| sent.payload()));
        let rate_hz = codec.sampling_rate_hz();
        let part = |from_ms: u32, to_ms: u32| {
            &heard[(from_ms * rate_hz / 1000) as usize..(to_ms * rate_hz / 1000) as usize]
        };
        assert_tone(part(100, 480), rate_hz, 1000.0);
        assert!(measure::rms_dbm0(part(540, 680)) < -50.0, "{made_for} in {codec}");
    }
}

/// DTMF-17: digits go out as tones in wide band too.
#[test]
fn digits_go_out_as_tones() {
    let without_events = StreamConfig { telephone_event: None, telephone_event_send: None, ..wide() };
    let mut driven = Driven::new(without_events);
    driven.command(StreamCommand::SendDigits("5".to_owned()));
    driven.run(ms(300));
    let heard = far_end_of(&driven);
    let (low, high) = (
        measure::level_dbm0(&heard[320..1500], 16_000, 770.0),
        measure::level_dbm0(&heard[320..1500], 16_000, 1336.0),
    );
    assert!((low + 9.0).abs() < 1.0 && (high + 7.0).abs() < 1.0, "{low} and {high} dBm0");
}

/// DTMF-11: tones within wide-band audio are recognised.
#[test]
fn tones_that_come_are_recognised() {
    let without_events = StreamConfig { telephone_event: None, telephone_event_send: None, ..wide() };
    let mut driven = Driven::new(without_events);
    let mut talker = Talker::new(Codec::G722, 770.0);
    let other = tone(1336.0, 16_000, Duration::from_secs(10));
    for (at, (sample, other)) in talker.sound.samples.iter_mut().zip(&other.samples).enumerate() {
        *sample = if (1600..3200).contains(&at) { *sample / 2 + *other / 2 } else { 0 };
    }
    talker.talk(&mut driven, 25);
    let digits: Vec<char> = driven
        .happened()
        .into_iter()
        .filter_map(|event| match event {
            StreamEvent::Digit { digit, .. } => Some(*digit),
            _ => None,
        })
        .collect();
    assert_eq!(digits, ['5']);
}

/// REC-12: a recording has 8000 Hz; what is heard is on the left, what is sent on the right.
#[test]
fn both_sides_are_recorded_at_8000_hz() {
    let mut driven = Driven::new(wide());
    let settings = RecordSettings {
        channels: RecordChannels::Stereo,
        codec: RecordCodec::Pcm16,
        ..RecordSettings::default()
    };
    let mut file = settings.empty_file();
    driven.command(StreamCommand::Record { job: JobId(1), settings: Box::new(settings) });
    let clip = Clip::for_codec(&tone(1500.0, 16_000, Duration::from_secs(10)), Codec::G722);
    driven.command(StreamCommand::Play { job: JobId(2), clip, looped: false, limit: None });
    Talker::new(Codec::G722, 700.0).talk(&mut driven, 100);
    driven.command(StreamCommand::StopRecording(offhook_media::recorder::RecordEnd::Stopped));
    for event in driven.happened() {
        if let StreamEvent::Recorded { part, .. } = event {
            file.extend(&part.data);
            file[..part.header.len()].copy_from_slice(&part.header);
        }
    }
    let info = wav::probe(&file).expect("a WAV file");
    assert_eq!((info.rate_hz, info.channels), (8000, 2));
    // What waits in the jitter buffer at the end is part of it.
    assert!((16_000..16_400).contains(&info.samples), "{}", info.samples);
    // Mixed down, each side has half its level.
    let mixed = wav::read(&file).expect("a WAV file").samples;
    for hz in [700.0, 1500.0] {
        let level = measure::level_dbm0(&mixed[4000..12_000], 8000, hz);
        assert!((level + 16.0).abs() < 0.7, "{hz} Hz at {level} dBm0");
    }
}

/// RING-35: a later offer that changes to wide band changes what is sent and understood, and the line goes on.
#[test]
fn a_stream_goes_over_to_wide_band() {
    let mut driven = Driven::new(config());
    let clip = Clip::for_codec(&tone(1000.0, 16_000, Duration::from_secs(5)), Codec::G711A);
    driven.command(StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
    driven.run(ms(500));
    let change = StreamUpdate { codec: Codec::G722, payload_send: 9, payload_receive: 9, ..update() };
    driven.command(StreamCommand::Update(change));
    driven.run(ms(1000));
    let headers: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.header()).collect();
    assert!(headers.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    assert_tone(&far_end_of(&driven)[3200..14_000], 16_000, 1000.0);
}

/// UR-40, RFC 3551 section 4.1: a far end that pauses without a packet has lost nothing.
#[test]
fn a_pause_is_no_loss() {
    let without_events = StreamConfig { telephone_event: None, ..config() };
    let mut driven = Driven::new(without_events);
    let mut talker = Talker::new(Codec::G711A, 700.0);
    talker.talk(&mut driven, 50);
    driven.run(ms(1000));
    talker.timestamp += 8000;
    let mut first = talker.packet();
    first[1] |= 0x80;
    driven.rtp(signalled(), &first);
    driven.run(ms(20));
    talker.talk(&mut driven, 49);
    let stats = driven.stream.stats();
    assert_eq!((stats.packets_lost, stats.packets_discarded, stats.concealed), (0, 0, Duration::ZERO));
}

/// RFC 3389: what a far end sends about its silence is heard until it speaks again, and counts as received.
#[test]
fn comfort_noise_is_heard() {
    for codec in [Codec::G711A, Codec::G722] {
        let payload = codec.static_payload_type().expect("it has one");
        let without_events = StreamConfig { telephone_event: None, ..wide() };
        let config =
            StreamConfig { codec, payload_send: payload, payload_receive: payload, ..without_events };
        let mut driven = Driven::new(config);
        driven.stream.enter_room();
        let mut talker = Talker::new(codec, 700.0);
        let mut heard = Vec::new();
        for number in 0..100 {
            match number {
                0..30 => driven.rtp(signalled(), &talker.packet()),
                30 => driven.rtp(signalled(), &packet(13, talker.sequence, talker.timestamp, &[50])),
                _ => {}
            }
            driven.run(ms(20));
            let mut frame = [0; 160];
            let found = driven.stream.take_heard_frame(driven.now, &mut frame);
            assert!(number < 10 || found == HeardFrame::Audio, "{codec}, frame {number}: {found:?}");
            heard.extend_from_slice(&frame);
        }
        let level = measure::rms_dbm0(&heard[8000..]);
        // Of white noise in wide band, 8000 Hz hold half.
        let expected = if codec == Codec::G722 { -46.9 } else { -43.9 };
        assert!((level - expected).abs() < 1.5, "{codec}: {level} dBm0");
        let stats = driven.stream.stats();
        assert_eq!((stats.packets_received, stats.packets_discarded, stats.packets_lost), (31, 0, 0));
        assert_eq!(stats.concealed, Duration::ZERO);
    }
}

/// Streams that meet in a room, and what their far ends hear.
struct Meeting {
    legs: Vec<(Stream, Talker, Vec<Vec<u8>>)>,
}

impl RoomStreams<usize> for Meeting {
    fn stream(&mut self, member: usize) -> Option<&mut Stream> {
        self.legs.get_mut(member).map(|(stream, ..)| stream)
    }
}

/// What each far end has heard after two seconds in which each speaks a tone.
fn meet(members: &[(Codec, f64)]) -> Vec<Vec<i16>> {
    let mut now = Instant::now();
    let mut room = Room::new(None);
    let mut meeting = Meeting { legs: Vec::new() };
    for (member, (codec, hz)) in members.iter().enumerate() {
        let payload = codec.static_payload_type().expect("it has one");
        let config =
            StreamConfig { codec: *codec, payload_send: payload, payload_receive: payload, ..config() };
        let mut stream = Stream::new(now, config);
        stream.enter_room();
        room.enter(member, Party::BOTH, now);
        meeting.legs.push((stream, Talker::new(*codec, *hz), Vec::new()));
    }
    for _ in 0..100 {
        for (stream, talker, _) in &mut meeting.legs {
            stream.handle_rtp(now, signalled(), &talker.packet());
        }
        room.handle_timeout(now, &mut meeting);
        for (stream, _, heard) in &mut meeting.legs {
            stream.handle_timeout(now);
            let mut buffer = [0; Stream::MAX_DATAGRAM];
            while let Some(outgoing) = stream.poll_transmit(&mut buffer) {
                if !outgoing.rtcp {
                    heard.push(buffer[HEADER_BYTES..outgoing.len].to_vec());
                }
            }
            while stream.poll_event().is_some() {}
        }
        now += ms(20);
    }
    let legs = meeting.legs.iter().zip(members);
    legs.map(|((_, _, heard), (codec, _))| heard_by_far_end(*codec, heard.iter().map(Vec::as_slice)))
        .collect()
}

/// CONF-13, CONN-1: a room whose parties all have wide band mixes in wide band.
#[test]
fn a_room_of_wide_band_parties_is_wide_band() {
    let heard = meet(&[(Codec::G722, 6000.0), (Codec::G722, 5000.0)]);
    assert_tone(&heard[0][16_000..], 16_000, 5000.0);
    assert_tone(&heard[1][16_000..], 16_000, 6000.0);
}

/// CONN-1: legs with different codecs are transcoded; what narrow band cannot hold is not heard at another pitch.
#[test]
fn legs_of_different_codecs_are_transcoded() {
    let heard = meet(&[(Codec::G722, 1000.0), (Codec::G711U, 700.0)]);
    assert_tone(&heard[0][16_000..], 16_000, 700.0);
    assert_tone(&heard[1][8000..], 8000, 1000.0);
    let heard = meet(&[(Codec::G722, 6000.0), (Codec::G711A, 700.0)]);
    assert!(measure::level_dbm0(&heard[1][8000..], 8000, 2000.0) < -60.0);
}
