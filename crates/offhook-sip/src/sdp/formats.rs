//! What the payload numbers of one audio line stand for.

use super::attribute::{EventSet, RtpMap, payload_number};
use super::codec::CodecSpec;
use super::media::Media;

pub(super) const TELEPHONE_EVENT: &str = "telephone-event";

/// The formats of an audio line with their mappings, looked up once: a hostile description can hold hundreds of both.
pub(super) struct Formats<'a> {
    media: &'a Media,
    mappings: Vec<Option<RtpMap>>,
}

impl<'a> Formats<'a> {
    pub(super) fn of(media: &'a Media) -> Self {
        let mut formats = Self { media, mappings: vec![None; 128] };
        formats.learn(media);
        formats
    }

    /// The same, where mappings that are missing are those of `offered`: some answers repeat our dynamic numbers
    /// without their `a=rtpmap`.
    pub(super) fn of_answer(media: &'a Media, offered: &Media) -> Self {
        let mut formats = Self::of(media);
        formats.learn(offered);
        formats
    }

    /// The payload number of the codec: the first in the line's order. A mapping that is written counts before the
    /// static assignment, which needs none (RFC 3264 section 5.1).
    pub(super) fn payload_of(&self, codec: &CodecSpec) -> Option<u8> {
        self.media.payloads().find(|payload| self.is(*payload, codec))
    }

    /// The codec that comes first in this line's order and that `ours` has as well: its number here and there.
    pub(super) fn first_common<'c>(
        &self,
        ours: &Formats<'_>,
        codecs: &'c [CodecSpec],
    ) -> Option<(&'c CodecSpec, u8, u8)> {
        self.media.payloads().find_map(|payload| {
            let codec = codecs.iter().find(|codec| self.is(payload, codec))?;
            Some((codec, payload, ours.payload_of(codec)?))
        })
    }

    /// The number of `telephone-event` at a clock rate, and the events that the writer can receive.
    pub(super) fn telephone_event(&self, clock_rate_hz: u32) -> Option<(u8, EventSet)> {
        let payload = self.payload_of_encoding(TELEPHONE_EVENT, clock_rate_hz, 1)?;
        Some((payload, self.media.fmtp(payload).map_or(EventSet::DTMF, EventSet::parse)))
    }

    /// The number under which an encoding is written.
    pub(super) fn payload_of_encoding(&self, encoding: &str, clock_rate_hz: u32, channels: u8) -> Option<u8> {
        self.media.payloads().find(|payload| {
            self.mapping(*payload).is_some_and(|map| map.is(encoding, clock_rate_hz, channels))
        })
    }

    /// The list for a person: `encoding/rate` where it is known, else the number, cut where it gets long.
    pub(super) fn for_humans(&self) -> String {
        const LONGEST: usize = 16;
        let mut names: Vec<String> = self
            .media
            .formats
            .iter()
            .take(LONGEST)
            .map(|format| match payload_number(format).and_then(|payload| self.mapping(payload)) {
                Some(map) => format!("{}/{}", map.encoding, map.clock_rate_hz),
                None => format.clone(),
            })
            .collect();
        if self.media.formats.len() > LONGEST {
            names.push("…".to_owned());
        }
        names.join(", ")
    }

    fn is(&self, payload: u8, codec: &CodecSpec) -> bool {
        match self.mapping(payload) {
            Some(map) => map.is(codec.encoding, codec.clock_rate_hz, codec.channels),
            None => codec.static_payload == Some(payload),
        }
    }

    fn mapping(&self, payload: u8) -> Option<&RtpMap> {
        self.mappings.get(usize::from(payload))?.as_ref()
    }

    /// Takes over mappings of numbers that have none; the first of several counts.
    fn learn(&mut self, media: &Media) {
        for map in media.rtpmaps() {
            if let Some(slot) = self.mappings.get_mut(usize::from(map.payload)) {
                slot.get_or_insert(map);
            }
        }
    }
}

/// Our codecs, for a person.
pub(super) fn codecs_for_humans(codecs: &[CodecSpec]) -> String {
    codecs.iter().map(|codec| codec.name).collect::<Vec<_>>().join(", ")
}
