//! What a caller heard.

use std::time::Duration;

use offhook_media::{Codec, Decoder, Sound, rtp};

/// The RTP packets that a caller received, on the call's time line.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Heard {
    /// One entry a packet, telephone events included, in the order in which they came.
    pub packets: Vec<HeardPacket>,
}

/// One RTP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeardPacket {
    /// When it came: time since the INVITE was sent.
    pub at: Duration,
    /// Its synchronisation source.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its marker bit.
    pub marker: bool,
    /// Its payload type.
    pub payload_type: u8,
    /// The codec of its payload; `None` for telephone events and comfort noise.
    pub codec: Option<Codec>,
    /// What it carried.
    pub payload: Box<[u8]>,
}

impl HeardPacket {
    /// A packet that came at this time since the INVITE, from wherever, such as a capture. `codec` is the one that its
    /// payload type stands for; `None` for telephone events.
    pub fn new(at: Duration, packet: &rtp::Packet<'_>, codec: Option<Codec>) -> Self {
        let header = packet.header();
        Self {
            at,
            ssrc: header.ssrc,
            sequence: header.sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            payload_type: header.payload_type,
            codec,
            payload: packet.payload().into(),
        }
    }
}

impl From<Vec<HeardPacket>> for Heard {
    fn from(packets: Vec<HeardPacket>) -> Self {
        Self { packets }
    }
}

impl Heard {
    /// When the first packet came: time since the INVITE was sent.
    pub fn first_at(&self) -> Option<Duration> {
        self.packets.first().map(|packet| packet.at)
    }

    /// The sound from the first packet on, put in order by the RTP timestamps; what was never received is silence. It
    /// has the sampling rate of the first packet's codec.
    pub fn sound(&self) -> Sound {
        let mut audio: Vec<_> = self
            .packets
            .iter()
            .filter_map(|packet| Some((packet.timestamp, packet.codec?, packet)))
            .collect();
        let Some((origin, first_codec, _)) = audio.first().copied() else {
            return Sound::new(Codec::G711A.sampling_rate_hz(), Vec::new());
        };
        // Packets that were overtaken by the first one lie before it.
        let offset = |timestamp: u32| i64::from(timestamp.wrapping_sub(origin).cast_signed());
        audio.sort_by_key(|(timestamp, ..)| offset(*timestamp));
        let start = audio.first().map_or(0, |(timestamp, ..)| offset(*timestamp));

        let rate_hz = first_codec.sampling_rate_hz();
        let mut samples: Vec<i16> = Vec::new();
        for run in audio.chunk_by(|(_, codec, _), (_, next, _)| codec == next) {
            let [(timestamp, codec, _), ..] = run else { continue };
            let place = |since: i64, hz: u32| since * i64::from(hz) / i64::from(codec.clock_rate_hz());
            let Ok(at) = usize::try_from(place(offset(*timestamp) - start, rate_hz)) else { continue };
            let payloads = run.iter().map(|(each, _, packet)| {
                let since = offset(*each) - offset(*timestamp);
                (usize::try_from(place(since, codec.sampling_rate_hz())).unwrap_or(0), &*packet.payload)
            });
            let decoded = decode(*codec, payloads).resampled(rate_hz).samples;
            if at + decoded.len() > LONGEST_SAMPLES {
                continue;
            }
            samples.resize(samples.len().max(at + decoded.len()), 0);
            samples[at..at + decoded.len()].copy_from_slice(&decoded);
        }
        Sound::new(rate_hz, samples)
    }

    /// The same on the call's time line: it begins with the INVITE, and what came before the first
    /// packet is silence.
    pub fn sound_since_invite(&self) -> Sound {
        let heard = self.sound();
        let mut sound = Sound::silence(heard.rate_hz, self.first_at().unwrap_or_default());
        sound.append(&heard);
        sound
    }

    /// The times between packets that follow each other.
    pub fn gaps(&self) -> Vec<Duration> {
        self.packets.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).collect()
    }
}

/// Decodes payloads in their order, each to its place.
fn decode<'a>(codec: Codec, payloads: impl Iterator<Item = (usize, &'a [u8])>) -> Sound {
    let mut decoder = Decoder::new(codec);
    let mut samples: Vec<i16> = Vec::new();
    let mut decoded = vec![0; Codec::MOST_PACKET_SAMPLES];
    for (at, payload) in payloads {
        let Ok(count) = decoder.decode(payload, &mut decoded) else { continue };
        if at + count > LONGEST_SAMPLES {
            continue;
        }
        samples.resize(samples.len().max(at + count), 0);
        samples[at..at + count].copy_from_slice(&decoded[..count]);
    }
    Sound::new(codec.sampling_rate_hz(), samples)
}

/// Timestamps come from the network: what would lie more than a day after the first packet, at 8000 Hz, is left out.
const LONGEST_SAMPLES: usize = 24 * 3600 * 8000;

#[cfg(test)]
mod tests {
    use offhook_media::Law;

    use super::*;

    fn packet(sequence: u16, timestamp: u32, value: i16) -> HeardPacket {
        let payload = Law::A.encode(&[value; 160]).into();
        HeardPacket {
            at: Duration::from_millis(u64::from(sequence) * 20),
            ssrc: 1,
            sequence,
            timestamp,
            marker: false,
            payload_type: 8,
            codec: Some(Codec::G711A),
            payload,
        }
    }

    #[test]
    fn packets_lie_where_their_timestamps_say() {
        let start = u32::MAX - 100;
        let packets = vec![
            packet(1, start.wrapping_add(160), 2000),
            packet(0, start, 1000),
            packet(3, start.wrapping_add(480), 3000),
        ];
        let sound = Heard { packets }.sound();
        assert_eq!(sound.samples.len(), 640);
        let near = |at: usize, value: i16| (sound.samples[at] - value).abs() < 100;
        assert!(near(0, 1000) && near(160, 2000) && near(480, 3000));
        assert_eq!(sound.samples[320], 0, "what was lost is silence");
    }
}
