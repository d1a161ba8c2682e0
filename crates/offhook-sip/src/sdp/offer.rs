//! Making offers and reading the answers to them (RFC 3264 sections 5, 7 and 8).

use super::address::{Address, Connection};
use super::agreement::NoAgreement;
use super::attribute::{Attribute, Direction};
use super::codec::{CodecSpec, LocalMedia};
use super::description::{Origin, SessionDescription};
use super::formats::{Formats, TELEPHONE_EVENT, codecs_for_humans};
use super::media::{Media, MediaKind, Protocol};
use super::stream::{
    Remote, StreamParameters, TelephoneEvent, check_protocol, direction_for_us, packet_time,
};

/// The first offer of a dialog: one audio line with all `codecs` in their order and `telephone-event` at each of their
/// clock rates. `direction` is what this side wants to do.
pub fn offer(codecs: &[CodecSpec], local: &LocalMedia, direction: Direction) -> SessionDescription {
    let mut offer = SessionDescription::new(Origin::new(local.session_id, local.address));
    offer.connection = Some(Connection::new(local.address));
    offer.media.push(audio(None, codecs, local, direction));
    offer
}

/// A later offer in the same dialog, on the basis of `previous`, our last description in it.
///
/// The number and order of lines stay, as does what each payload number stands for; a line that is not in use stays
/// refused. The origin's version goes up by one only if the text differs (RFC 3264 section 8).
pub fn offer_again(
    previous: &SessionDescription,
    codecs: &[CodecSpec],
    local: &LocalMedia,
    direction: Direction,
) -> SessionDescription {
    let mut offer = SessionDescription::new(previous.origin.clone());
    offer.connection = Some(Connection::new(local.address));
    offer.timings = previous.timings.clone();
    let audio_lines =
        || previous.media.iter().enumerate().filter(|(_, media)| media.kind == MediaKind::Audio);
    let in_use = audio_lines().find(|(_, media)| media.port != 0).or_else(|| audio_lines().next());
    offer.media = previous.media.iter().map(Media::refused).collect();
    match in_use {
        Some((index, media)) => offer.media[index] = audio(Some(media), codecs, local, direction),
        None => offer.media.push(audio(None, codecs, local, direction)),
    }
    next_version(previous, &mut offer);
    offer
}

/// Reads the far end's `answer` to our `offer`. `codecs` are those that the offer was made with.
///
/// Of the codecs in the answer the first counts (RFC 3264 section 7); it is sent under the answer's payload number and
/// received under the offer's.
///
/// # Errors
///
/// [`NoAgreement`], if the far end has refused the audio line or answered with something that was not offered.
pub fn accept(
    offer: &SessionDescription,
    answer: &SessionDescription,
    codecs: &[CodecSpec],
) -> Result<StreamParameters, NoAgreement> {
    if offer.media.len() != answer.media.len() {
        return Err(NoAgreement::MediaCount { offered: offer.media.len(), answered: answer.media.len() });
    }
    let audio = |media: &Media| media.kind == MediaKind::Audio && media.port != 0;
    let (media_index, (ours, theirs)) = offer
        .media
        .iter()
        .zip(&answer.media)
        .enumerate()
        .find(|(_, (ours, theirs))| audio(ours) && audio(theirs))
        .ok_or(NoAgreement::NoAudio)?;
    check_protocol(theirs)?;
    let rtcp_mux = ours.rtcp_mux() && theirs.rtcp_mux();
    let our_address = match offer.connection(ours).map(|connection| &connection.address) {
        Some(Address::Ip(ip)) => *ip,
        _ => std::net::IpAddr::from([0, 0, 0, 0]),
    };
    let remote = Remote::of(answer, theirs, our_address, rtcp_mux)?;
    let (offered, answered) = (Formats::of(ours), Formats::of_answer(theirs, ours));
    let (codec, payload_send, payload_receive) =
        answered.first_common(&offered, codecs).ok_or_else(|| NoAgreement::NoCommonCodec {
            offered: answered.for_humans(),
            ours: codecs_for_humans(codecs),
        })?;
    let telephone_event = answered.telephone_event(codec.clock_rate_hz).and_then(|(payload_send, events)| {
        let (payload_receive, _) = offered.telephone_event(codec.clock_rate_hz)?;
        Some(TelephoneEvent { payload_send, payload_receive, clock_rate_hz: codec.clock_rate_hz, events })
    });
    let own_packet_time = ours.ptime().and_then(|ptime| u8::try_from(ptime).ok()).unwrap_or(20);
    Ok(StreamParameters {
        direction: direction_for_us(answer, theirs, remote.rtp.is_none()).and(offer.direction(ours)),
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        rtcp_mux,
        codec: codec.clone(),
        payload_send,
        payload_receive,
        telephone_event,
        packet_time_ms: packet_time(theirs, own_packet_time, codec),
        media_index,
    })
}

/// Our audio line. `previous` is the line that it follows, whose protocol, payload numbers and `rtcp-mux` stay.
fn audio(previous: Option<&Media>, codecs: &[CodecSpec], local: &LocalMedia, direction: Direction) -> Media {
    let protocol = previous.map_or(Protocol::RtpAvp, |media| media.protocol.clone());
    let mut media = Media::new(MediaKind::Audio, local.port, protocol);
    let mut numbers = Numbers::new(previous, codecs);
    for codec in codecs {
        if let Some(number) = numbers.of_codec(codec) {
            add_codec(&mut media, codec, number);
        }
    }
    if local.telephone_event {
        let mut rates: Vec<u32> = Vec::new();
        for codec in codecs {
            if !rates.contains(&codec.clock_rate_hz) {
                rates.push(codec.clock_rate_hz);
            }
        }
        for rate in rates {
            if let Some(number) = numbers.dynamic(DYNAMIC_EVENT, TELEPHONE_EVENT, rate, 1) {
                add_telephone_event(&mut media, number, rate);
            }
        }
    }
    media.attributes.push(Attribute::new("ptime", local.packet_time_ms.clamp(10, 60).to_string()));
    media.attributes.push(Attribute::flag(direction.as_str()));
    if previous.is_some_and(Media::rtcp_mux) {
        media.attributes.push(Attribute::flag("rtcp-mux"));
    }
    media
}

/// Hands out dynamic payload numbers (96 to 127) that stay what they were (RFC 3264 section 8.3.2).
struct Numbers<'a> {
    before: Option<Formats<'a>>,
    taken: Vec<u8>,
}

impl<'a> Numbers<'a> {
    fn new(previous: Option<&'a Media>, codecs: &[CodecSpec]) -> Self {
        let taken = previous.into_iter().flat_map(Media::payloads);
        Self {
            before: previous.map(Formats::of),
            taken: taken.chain(codecs.iter().filter_map(|codec| codec.static_payload)).collect(),
        }
    }

    fn of_codec(&mut self, codec: &CodecSpec) -> Option<u8> {
        let before = self.before.as_ref().and_then(|formats| formats.payload_of(codec));
        before
            .or(codec.static_payload)
            .or_else(|| self.dynamic(DYNAMIC_CODEC, codec.encoding, codec.clock_rate_hz, codec.channels))
    }

    /// The number that the encoding had, else the first free one from `first` on. `None` if all are taken.
    fn dynamic(&mut self, first: u8, encoding: &str, clock_rate_hz: u32, channels: u8) -> Option<u8> {
        let before = self
            .before
            .as_ref()
            .and_then(|formats| formats.payload_of_encoding(encoding, clock_rate_hz, channels));
        let number =
            before.or_else(|| (first..=127).chain(96..first).find(|number| !self.taken.contains(number)))?;
        self.taken.push(number);
        Some(number)
    }
}

pub(super) fn add_codec(media: &mut Media, codec: &CodecSpec, payload: u8) {
    media.formats.push(payload.to_string());
    media.attributes.push(Attribute::new("rtpmap", codec.rtpmap(payload).to_string()));
    if let Some(fmtp) = &codec.fmtp {
        media.attributes.push(Attribute::new("fmtp", format!("{payload} {fmtp}")));
    }
}

pub(super) fn add_telephone_event(media: &mut Media, payload: u8, clock_rate_hz: u32) {
    media.formats.push(payload.to_string());
    media.attributes.push(Attribute::new("rtpmap", format!("{payload} {TELEPHONE_EVENT}/{clock_rate_hz}")));
    media.attributes.push(Attribute::new("fmtp", format!("{payload} 0-15")));
}

/// Sets the version of a description that follows `previous`: the same for the same text, else one more.
pub(super) fn next_version(previous: &SessionDescription, next: &mut SessionDescription) {
    if next.to_string() != previous.to_string() {
        next.origin.session_version = previous.origin.session_version.wrapping_add(1);
    }
}

/// Where the numbers of codecs begin.
const DYNAMIC_CODEC: u8 = 96;
/// Where those of `telephone-event` begin: 101, as nearly everybody has it.
const DYNAMIC_EVENT: u8 = 101;
