//! Answering offers (RFC 3264 sections 6 and 8).

use super::address::Connection;
use super::agreement::NoAgreement;
use super::attribute::Attribute;
use super::codec::{CodecSpec, LocalMedia};
use super::description::{Origin, SessionDescription};
use super::formats::{Formats, codecs_for_humans};
use super::media::{Media, MediaKind};
use super::offer::{add_codec, add_telephone_event, next_version};
use super::stream::{
    Remote, StreamParameters, TelephoneEvent, check_protocol, direction_for_us, packet_time,
};

/// An answer and what it means for the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// What is sent to the far end.
    pub answer: SessionDescription,
    /// What the media engine does from then on.
    pub stream: StreamParameters,
}

/// Answers the first offer of a dialog.
///
/// The first usable audio line is taken and every other line refused with port 0, in order. The order of `codecs`
/// decides, not the offer's (`RING-52`); the answer holds that one codec, and `telephone-event` at the same clock rate
/// if it was offered, under the offer's payload numbers. An offer that is on hold (`inactive`, `sendonly`,
/// `c=0.0.0.0`) is answered like any other, with the direction that follows from it.
///
/// # Errors
///
/// [`NoAgreement`] says why no audio line can be used; with several lines it speaks of the first whose port is not 0.
pub fn answer(
    offer: &SessionDescription,
    codecs: &[CodecSpec],
    local: &LocalMedia,
) -> Result<Negotiated, NoAgreement> {
    negotiate(offer, codecs, local, Origin::new(local.session_id, local.address), None)
}

/// Answers a later offer of the same dialog: hold and resume, another address, another codec.
///
/// As [`answer`], with the origin of `previous`, our last description in this dialog; its version goes up by one only
/// if the text differs (RFC 3264 section 8). The line that is in use stays in use as long as it can be.
///
/// # Errors
///
/// As [`answer`]. The session then goes on as it was agreed before (RFC 3264 section 8, RFC 3261 section 14.2).
pub fn answer_again(
    previous: &SessionDescription,
    offer: &SessionDescription,
    codecs: &[CodecSpec],
    local: &LocalMedia,
) -> Result<Negotiated, NoAgreement> {
    let in_use = previous.media.iter().position(|media| media.kind == MediaKind::Audio && media.port != 0);
    let mut negotiated = negotiate(offer, codecs, local, previous.origin.clone(), in_use)?;
    next_version(previous, &mut negotiated.answer);
    Ok(negotiated)
}

fn negotiate(
    offer: &SessionDescription,
    codecs: &[CodecSpec],
    local: &LocalMedia,
    origin: Origin,
    in_use: Option<usize>,
) -> Result<Negotiated, NoAgreement> {
    let stream = choose(offer, codecs, local, in_use)?;
    let mut answer = SessionDescription::new(origin);
    answer.connection = Some(Connection::new(local.address));
    // The answer's t= lines equal the offer's (RFC 3264 section 6).
    answer.timings = offer.timings.clone();
    answer.media = offer
        .media
        .iter()
        .enumerate()
        .map(
            |(index, media)| {
                if index == stream.media_index { accepted(media, &stream, local) } else { media.refused() }
            },
        )
        .collect();
    Ok(Negotiated { answer, stream })
}

fn choose(
    offer: &SessionDescription,
    codecs: &[CodecSpec],
    local: &LocalMedia,
    in_use: Option<usize>,
) -> Result<StreamParameters, NoAgreement> {
    let others = (0..offer.media.len()).filter(|index| Some(*index) != in_use);
    let mut first_refusal = None;
    for index in in_use.into_iter().chain(others) {
        let Some(media) = offer.media.get(index) else { continue };
        if media.kind != MediaKind::Audio || media.port == 0 {
            continue;
        }
        match stream_of(offer, media, index, codecs, local) {
            Ok(stream) => return Ok(stream),
            Err(refusal) => {
                first_refusal.get_or_insert(refusal);
            }
        }
    }
    Err(first_refusal.unwrap_or(NoAgreement::NoAudio))
}

fn stream_of(
    offer: &SessionDescription,
    media: &Media,
    media_index: usize,
    codecs: &[CodecSpec],
    local: &LocalMedia,
) -> Result<StreamParameters, NoAgreement> {
    check_protocol(media)?;
    let rtcp_mux = media.rtcp_mux();
    let remote = Remote::of(offer, media, local.address, rtcp_mux)?;
    let formats = Formats::of(media);
    let (codec, payload) = codecs
        .iter()
        .find_map(|codec| formats.payload_of(codec).map(|payload| (codec, payload)))
        .ok_or_else(|| NoAgreement::NoCommonCodec {
            offered: formats.for_humans(),
            ours: codecs_for_humans(codecs),
        })?;
    let telephone_event = formats.telephone_event(codec.clock_rate_hz).filter(|_| local.telephone_event).map(
        |(payload, events)| TelephoneEvent {
            payload_send: payload,
            payload_receive: payload,
            clock_rate_hz: codec.clock_rate_hz,
            events,
        },
    );
    Ok(StreamParameters {
        direction: direction_for_us(offer, media, remote.rtp.is_none()),
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        rtcp_mux,
        codec: codec.clone(),
        payload_send: payload,
        payload_receive: payload,
        telephone_event,
        packet_time_ms: packet_time(media, local.packet_time_ms, codec),
        media_index,
    })
}

fn accepted(offered: &Media, stream: &StreamParameters, local: &LocalMedia) -> Media {
    let mut media = Media::new(MediaKind::Audio, local.port, offered.protocol.clone());
    add_codec(&mut media, &stream.codec, stream.payload_receive);
    if let Some(event) = stream.telephone_event {
        add_telephone_event(&mut media, event.payload_receive, event.clock_rate_hz);
    }
    media.attributes.push(Attribute::new("ptime", stream.packet_time_ms.to_string()));
    media.attributes.push(Attribute::flag(stream.direction.as_str()));
    if stream.rtcp_mux {
        media.attributes.push(Attribute::flag("rtcp-mux"));
    }
    media
}
