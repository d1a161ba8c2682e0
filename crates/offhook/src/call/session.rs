//! The media session of a call: one port, SSRC, sequence and timestamp line from the first early
//! packet to the end (RING-35).

use std::time::Duration;

use offhook_media::{
    Codec, CodecList, JobId, StreamCommand, StreamConfig, StreamDirection, StreamStats, StreamUpdate,
};
use offhook_net::StreamId;
use offhook_sip::sdp::{
    self, CodecSpec, Direction, LocalMedia, NoAgreement, SessionDescription, StreamParameters,
};

use super::{Channel, Context};
use crate::details::MediaStats;
use crate::network::ReservedPorts;
use crate::settings::silence_policy;
use crate::shared::Media;
use crate::state::State;

/// How far the media session has come.
pub(crate) enum Session {
    /// Nothing was said about media.
    None,
    /// Our offer is with the caller (RFC 3262 section 5, RFC 3261 section 13.2.1).
    Offered(Box<Offered>),
    /// Both sides agree and no stream runs: the caller is not to hear anything yet.
    Agreed(Box<Agreed>),
    /// The stream runs.
    Open(Box<Open>),
    /// The stream of a call whose far end is a conference room (CONF-16).
    Room(StreamId),
    /// Our offer got no usable answer (RING-31).
    Failed,
    /// The stream has ended with the call.
    Closed,
}

/// An offer of ours without its answer.
pub(crate) struct Offered {
    ports: Box<dyn ReservedPorts>,
    local: LocalMedia,
    offer: SessionDescription,
    /// A provisional response has carried it.
    sent: bool,
    /// Early media was asked for: the stream starts as soon as the answer is there.
    pub(super) early: bool,
}

/// A session without a stream.
pub(crate) struct Agreed {
    ports: Box<dyn ReservedPorts>,
    local: LocalMedia,
    ours: SessionDescription,
    parameters: StreamParameters,
    /// What the 200 carries; `None` if our own offer was answered before.
    answer: Option<SessionDescription>,
    /// The 183 waits for the PRACK of an earlier response; the stream starts when it leaves.
    pub(super) early: bool,
}

/// A session whose stream runs.
pub(crate) struct Open {
    pub(super) stream: StreamId,
    pub(super) local: LocalMedia,
    /// Our last description in the dialog.
    pub(super) ours: SessionDescription,
    pub(super) parameters: StreamParameters,
    /// What the 200 carries: the SDP of the 183, byte for byte (RING-35); `None` if the offer was
    /// ours and its answer came in a PRACK, since SDP in the 200 would then be another offer.
    pub(super) answer: Option<SessionDescription>,
    /// Our reply to a re-INVITE without SDP, until its ACK brings the answer.
    pub(super) pending_offer: Option<SessionDescription>,
}

/// A port and a description, ready to be sent.
pub(crate) enum Proposal {
    /// The answer to the caller's offer.
    Answer(Box<Agreed>),
    /// Our offer.
    Offer(Box<Offered>),
}

impl Offered {
    /// The offer for the 200, if no provisional response has carried it (ANS-13).
    pub(super) fn unsent_offer(&self) -> Option<&SessionDescription> {
        (!self.sent).then_some(&self.offer)
    }
}

impl Agreed {
    /// What the 200 carries.
    pub(super) fn answer(&self) -> Option<&SessionDescription> {
        self.answer.as_ref()
    }

    /// Answers a later offer of the peer before the stream runs.
    pub(super) fn renegotiate(
        &mut self,
        offer: &SessionDescription,
        codecs: &[CodecSpec],
    ) -> Result<SessionDescription, NoAgreement> {
        let negotiated = sdp::answer_again(&self.ours, offer, codecs, &self.local)?;
        self.ours = negotiated.answer.clone();
        self.parameters = negotiated.stream;
        Ok(negotiated.answer)
    }
}

impl Proposal {
    /// The codec that was chosen, if the caller's offer is known.
    pub(super) fn codec(&self) -> Option<Codec> {
        match self {
            Self::Answer(agreed) => Some(codec_of(&agreed.parameters.codec)),
            Self::Offer(_) => None,
        }
    }

    /// The session once a provisional response has carried the description, for early media or not.
    pub(super) fn into_session(self, early: bool) -> Session {
        match self {
            Self::Answer(agreed) => Session::Agreed(Box::new(Agreed { early, ..*agreed })),
            Self::Offer(offered) => Session::Offered(Box::new(Offered { sent: true, early, ..*offered })),
        }
    }

    /// The session of a call that is answered with this description.
    pub(super) fn into_answered_session(self) -> Session {
        match self {
            Self::Answer(agreed) => Session::Agreed(agreed),
            Self::Offer(offered) => Session::Offered(offered),
        }
    }

    /// The description that the response carries.
    pub(super) fn description(&self) -> &SessionDescription {
        match self {
            Self::Answer(agreed) => &agreed.ours,
            Self::Offer(offered) => &offered.offer,
        }
    }
}

/// Why there is no media.
pub(crate) enum NoMedia {
    /// The two sides have nothing in common.
    Agreement(NoAgreement),
    /// No RTP port could be had.
    Port(std::io::Error),
}

impl Session {
    /// Whether a stream runs.
    pub(super) fn is_open(&self) -> bool {
        self.stream().is_some()
    }

    /// Whether both sides agreed, so that another codec list comes too late (RING-53).
    pub(super) fn is_negotiated(&self) -> bool {
        matches!(self, Self::Agreed(_) | Self::Open(_) | Self::Offered(_))
    }

    /// The stream that runs.
    pub(super) fn stream(&self) -> Option<StreamId> {
        match self {
            Self::Open(open) => Some(open.stream),
            Self::Room(stream) => Some(*stream),
            _ => None,
        }
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Open> {
        match self {
            Self::Open(open) => Some(open),
            _ => None,
        }
    }
}

impl Channel {
    /// The codec list of this call: its own, or the server's (RING-50, RING-53).
    pub(super) fn codec_list<'a>(&'a self, cx: &'a Context<'_>) -> &'a CodecList {
        self.codecs.as_ref().unwrap_or(&cx.settings.codecs)
    }

    /// Takes a port and writes our answer or offer; sends nothing.
    pub(super) fn propose(&self, cx: &mut Context<'_>, codecs: &CodecList) -> Result<Proposal, NoMedia> {
        let arrived_at = self.local_ip;
        let bind = cx.settings.config.media.address.unwrap_or(arrived_at);
        let ports = cx.media.reserve(bind).map_err(NoMedia::Port)?;
        let seen = match cx.settings.config.media.advertised {
            Some(advertised) => advertised,
            None if bind.is_unspecified() => arrived_at,
            None => bind,
        };
        // The session id is a decimal number that many peers hold in a signed 64-bit integer.
        let local = LocalMedia::new(seen, ports.rtp().port(), cx.random.next_u64() >> 2);
        let specs = codec_specs(codecs);
        match &self.offer {
            Some(offer) => {
                let negotiated = sdp::answer(offer, &specs, &local).map_err(NoMedia::Agreement)?;
                Ok(Proposal::Answer(Box::new(Agreed {
                    ports,
                    local,
                    answer: Some(negotiated.answer.clone()),
                    ours: negotiated.answer,
                    parameters: negotiated.stream,
                    early: false,
                })))
            }
            None => {
                let offer = sdp::offer(&specs, &local, Direction::SendRecv);
                Ok(Proposal::Offer(Box::new(Offered { ports, local, offer, sent: false, early: false })))
            }
        }
    }

    /// Starts the stream of a session on which both sides agree.
    pub(super) fn open_stream(&mut self, cx: &mut Context<'_>) {
        let agreed = match std::mem::replace(&mut self.session, Session::Failed) {
            Session::Agreed(agreed) => *agreed,
            other => {
                self.session = other;
                return;
            }
        };
        let Agreed { ports, local, ours, parameters, answer, .. } = agreed;
        let config = self.stream_config(cx, &parameters);
        let codec = config.codec.name();
        match cx.media.open(ports, config, cx.stream_events.clone()) {
            Ok(stream) => {
                cx.streams.insert(stream, self.id);
                self.shared.publish(|published| {
                    published.codec = Some(codec);
                    published.media = Media::Running(cx.media.clone(), stream);
                });
                let open = Open { stream, local, ours, parameters, answer, pending_offer: None };
                self.session = Session::Open(Box::new(open));
            }
            Err(error) => tracing::error!(
                call_id = %self.identity.call_id,
                %error,
                "the media stream cannot be started"
            ),
        }
    }

    /// Takes an answer to the offer of our INVITE, the first or a changed one (CALL-10, CALL-11). Tells
    /// whether it can be used; if not, the session is as it was.
    pub(super) fn take_answer(&mut self, cx: &mut Context<'_>, answer: &SessionDescription) -> bool {
        let specs = codec_specs(self.codec_list(cx));
        let ours = match &self.session {
            Session::Offered(offered) => &offered.offer,
            Session::Open(open) => &open.ours,
            _ => return false,
        };
        let parameters = match sdp::accept(ours, answer, &specs) {
            Ok(parameters) => parameters,
            Err(error) => {
                tracing::info!(
                    call_id = %self.identity.call_id,
                    %error,
                    "the far end's answer to our offer cannot be used"
                );
                return false;
            }
        };
        match std::mem::replace(&mut self.session, Session::Failed) {
            Session::Offered(offered) => {
                let Offered { ports, local, offer, .. } = *offered;
                let agreed = Agreed { ports, local, ours: offer, parameters, answer: None, early: false };
                self.session = Session::Agreed(Box::new(agreed));
                self.open_stream(cx);
            }
            other => {
                self.session = other;
                self.update_stream(cx, parameters);
            }
        }
        self.session.is_open()
    }

    /// The answer to our own offer arrived (RING-31, ANS-13). Tells whether it can be used.
    pub(super) fn offer_answered(&mut self, cx: &Context<'_>, answer: &SessionDescription) -> bool {
        let offered = match std::mem::replace(&mut self.session, Session::Failed) {
            Session::Offered(offered) => *offered,
            other => {
                self.session = other;
                return true;
            }
        };
        let specs = codec_specs(self.codec_list(cx));
        let Offered { ports, local, offer, early, .. } = offered;
        match sdp::accept(&offer, answer, &specs) {
            Ok(parameters) => {
                let agreed = Agreed { ports, local, ours: offer, parameters, answer: None, early };
                self.session = Session::Agreed(Box::new(agreed));
                true
            }
            Err(error) => {
                tracing::info!(
                    call_id = %self.identity.call_id,
                    %error,
                    "the answer to our offer cannot be used"
                );
                false
            }
        }
    }

    /// Hands a command to the stream, if one runs.
    pub(super) fn stream_command(&self, cx: &Context<'_>, command: StreamCommand) {
        if let Some(stream) = self.session.stream() {
            cx.media.command(stream, command);
        }
    }

    /// Takes over what a later offer and answer agreed on; SSRC and timestamp line go on (RING-35).
    pub(super) fn update_stream(&mut self, cx: &Context<'_>, parameters: StreamParameters) {
        let Session::Open(open) = &mut self.session else { return };
        let codec = codec_of(&parameters.codec);
        let update = StreamUpdate {
            remote_rtp: parameters.remote_rtp,
            remote_rtcp: parameters.remote_rtcp,
            rtcp_mux: parameters.rtcp_mux,
            codec,
            payload_send: parameters.payload_send,
            payload_receive: parameters.payload_receive,
            telephone_event: parameters.telephone_event.map(|event| event.payload_receive),
            telephone_event_send: parameters.telephone_event.map(|event| event.payload_send),
            packet_time: Duration::from_millis(parameters.packet_time_ms.into()),
            direction: stream_direction(parameters.direction),
        };
        open.parameters = parameters;
        cx.media.command(open.stream, StreamCommand::Update(update));
        self.shared.publish(|published| published.codec = Some(codec.name()));
        self.restart_media_watch(cx);
    }

    /// The stream has ended: its counts are final (DET-3).
    pub(super) fn stream_closed(&mut self, cx: &mut Context<'_>, stats: &StreamStats) {
        let stats = MediaStats::of(stats);
        self.shared.publish(|published| published.media = Media::Ended(stats));
        self.session = Session::Closed;
        if self.refusing.is_some() {
            self.send_refusal(cx);
        }
    }

    /// The codec that sound for this call is made ready for.
    pub(super) fn codec(&self, cx: &Context<'_>) -> Codec {
        let negotiated = match &self.session {
            Session::Agreed(agreed) => Some(codec_of(&agreed.parameters.codec)),
            Session::Open(open) => Some(codec_of(&open.parameters.codec)),
            _ => None,
        };
        negotiated.or_else(|| self.codec_list(cx).available().first().copied()).unwrap_or(Codec::G711A)
    }

    /// Counts missing RTP from now on, or not at all while the call is on hold (RUN-28).
    pub(super) fn restart_media_watch(&mut self, cx: &Context<'_>) {
        let limit = self.media_timeout(cx);
        let receives = match &self.session {
            Session::Open(open) => {
                open.parameters.direction == Direction::SendRecv && open.parameters.remote_rtp.is_some()
            }
            _ => false,
        };
        let watched = !limit.is_zero() && receives && self.state() == State::Answered;
        self.media_since = watched.then_some(cx.now);
        self.media_watch = watched.then(|| cx.now + limit);
    }

    /// The last packet may have come since the watch was set.
    pub(super) fn check_media(&mut self, cx: &mut Context<'_>) {
        let limit = self.media_timeout(cx);
        let Some(since) = self.media_since else {
            self.media_watch = None;
            return;
        };
        let last = self.shared.read(|published| published.media.stream_stats());
        let last = last.and_then(|stats| stats.last_received).map_or(since, |last| last.max(since));
        let deadline = last + limit;
        if deadline > cx.now {
            self.media_watch = Some(deadline);
            return;
        }
        self.media_watch = None;
        self.hang_up(cx, super::Ending::MISSING_MEDIA);
    }

    /// The longest time without RTP: the service's or the server's (RUN-28, UR-43).
    fn media_timeout(&self, cx: &Context<'_>) -> Duration {
        let service = self.shared.instance.service.as_ref();
        service.and_then(|service| service.media_timeout).unwrap_or(cx.settings.config.media_timeout)
    }

    fn stream_config(&self, cx: &mut Context<'_>, parameters: &StreamParameters) -> StreamConfig {
        let packet_time = Duration::from_millis(parameters.packet_time_ms.into());
        StreamConfig {
            ssrc: cx.random.next_u32(),
            first_sequence: cx.random.next_u32() as u16,
            first_timestamp: cx.random.next_u32(),
            codec: codec_of(&parameters.codec),
            payload_send: parameters.payload_send,
            payload_receive: parameters.payload_receive,
            telephone_event: parameters.telephone_event.map(|event| event.payload_receive),
            telephone_event_send: parameters.telephone_event.map(|event| event.payload_send),
            packet_time,
            remote_rtp: parameters.remote_rtp,
            remote_rtcp: parameters.remote_rtcp,
            rtcp_mux: parameters.rtcp_mux,
            direction: stream_direction(parameters.direction),
            symmetric: cx.settings.config.media.symmetric,
            silence: silence_policy(cx.settings.config.media.silence),
            cname: format!("{:016x}@offhook", cx.random.next_u64()),
            record: false,
            // Calls that begin together are spread over the packet time, and yet the first packet
            // leaves within 20 ms of the 183 (RING-36).
            offset: Duration::from_micros(cx.random.below(FIRST_PACKET_SPREAD_MICROS)),
        }
    }
}

/// The codecs of a list in the words of SDP, in the list's order (RING-52).
pub(crate) fn codec_specs(list: &CodecList) -> Vec<CodecSpec> {
    let spec = |codec: &Codec| CodecSpec {
        channels: codec.rtp_channels(),
        static_payload: codec.static_payload_type(),
        fmtp: codec.fmtp().map(str::to_owned),
        frame_ms: u8::try_from(codec.frame_time().as_millis()).unwrap_or(1),
        ..CodecSpec::new(codec.name(), codec.rtp_encoding(), codec.clock_rate_hz())
    };
    list.available().iter().map(spec).collect()
}

/// The codec that a negotiation chose. It only chooses among those that [`codec_specs`] offered it.
pub(crate) fn codec_of(spec: &CodecSpec) -> Codec {
    Codec::ALL.into_iter().find(|codec| codec.name() == spec.name).unwrap_or(Codec::G711A)
}

pub(crate) fn stream_direction(direction: Direction) -> StreamDirection {
    match direction {
        Direction::SendRecv => StreamDirection::SendRecv,
        Direction::SendOnly => StreamDirection::SendOnly,
        Direction::RecvOnly => StreamDirection::RecvOnly,
        Direction::Inactive => StreamDirection::Inactive,
    }
}

/// A job id that no other job of this server has.
pub(super) fn next_job(cx: &mut Context<'_>) -> JobId {
    JobId(cx.random.next_u64())
}

/// Leaves 5 ms of the 20 ms of RING-36 to the pacing thread.
const FIRST_PACKET_SPREAD_MICROS: u64 = 15_000;
