//! What a caller heard.

use std::time::Duration;

use offhook_media::{Codec, Sound};

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
    /// The codec of its payload; `None` for telephone events.
    pub codec: Option<Codec>,
    /// What it carried.
    pub payload: Box<[u8]>,
}

impl Heard {
    /// When the first packet came: time since the INVITE was sent.
    pub fn first_at(&self) -> Option<Duration> {
        self.packets.first().map(|packet| packet.at)
    }

    /// The sound from the first packet on, at 8000 Hz, put in order by the RTP timestamps; what was
    /// never received is silence.
    pub fn sound(&self) -> Sound {
        let audio = self.packets.iter().filter_map(|packet| Some((packet, packet.codec?)));
        let Some(origin) = audio.clone().map(|(packet, _)| packet.timestamp).next() else {
            return Sound::new(RATE_HZ, Vec::new());
        };
        // Packets that were overtaken by the first one lie before it.
        let offset = |timestamp: u32| i64::from(timestamp.wrapping_sub(origin).cast_signed());
        let start = audio.clone().map(|(packet, _)| offset(packet.timestamp)).min().unwrap_or_default();
        let mut samples: Vec<i16> = Vec::new();
        for (packet, codec) in audio {
            let Ok(at) = usize::try_from(offset(packet.timestamp) - start) else { continue };
            let end = at + packet.payload.len();
            if end > LONGEST_SAMPLES {
                continue;
            }
            if samples.len() < end {
                samples.resize(end, 0);
            }
            codec.decode_into(&packet.payload, &mut samples[at..end]);
        }
        Sound::new(RATE_HZ, samples)
    }

    /// The same on the call's time line: it begins with the INVITE, and what came before the first
    /// packet is silence.
    pub fn sound_since_invite(&self) -> Sound {
        let lead = self.first_at().unwrap_or_default();
        let mut sound = Sound::silence(RATE_HZ, lead);
        sound.append(&self.sound());
        sound
    }

    /// The times between packets that follow each other.
    pub fn gaps(&self) -> Vec<Duration> {
        self.packets.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).collect()
    }
}

/// The rate of every codec that a caller speaks.
const RATE_HZ: u32 = 8000;

/// Timestamps come from the network: what would lie more than a day after the first packet is left out.
const LONGEST_SAMPLES: usize = 24 * 3600 * RATE_HZ as usize;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32, value: i16) -> HeardPacket {
        let payload = Codec::G711A.encode(&[value; 160]).into();
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
