//! The task that runs a caller's calls.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_media::{
    Clip, Codec, CodecList, JobId, SilencePolicy, Sound, StreamCommand, StreamConfig, StreamEvent,
    StreamUpdate,
};
use offhook_net::StreamId;
use offhook_sip::sdp::{self, Direction, LocalMedia, SessionDescription, StreamParameters};
use offhook_sip::{
    Call, Endpoint, Event, Flow, HeaderName, Headers, Incoming, Message, NameAddr, OfferId, OfferMethod,
    Outgoing, ParseLimits, Progress, Response, StatusCode, Transmit, Uri,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::out_call::{CallLog, OutCall};
use super::person::{Side, Utterance};
use super::reception::{Reception, Step};
use super::request::{CallRequest, CallSdp};
use super::{CallError, CallerConfig, HeardPacket, LadderDirection, LadderEntry, OfferOutcome};
use crate::call::{codec_of, codec_specs, stream_direction};
use crate::network::{MediaEngine, ReservedPorts, SipSocket, StreamEvents};
use crate::random::Random;

/// A call that has begun.
pub(super) struct NewCall {
    pub(super) call: Call,
    pub(super) began: Instant,
    pub(super) log: Arc<watch::Sender<CallLog>>,
}

/// What a handle asks of the task.
pub(super) enum Order {
    Call(Box<CallRequest>, SocketAddr, oneshot::Sender<Result<NewCall, CallError>>),
    HangUp(Call),
    Prack(Call),
    Digits(Call, String),
    Play(Call, Sound),
    Info(Call, String, Bytes),
    Offer {
        call: Call,
        method: OfferMethod,
        direction: Direction,
        codecs: Option<String>,
        reply: oneshot::Sender<OfferOutcome>,
    },
    Heard(Call, oneshot::Sender<()>),
    Step(Call, Step),
}

pub(super) struct Task {
    config: CallerConfig,
    socket: Arc<dyn SipSocket>,
    media: Arc<dyn MediaEngine>,
    endpoint: Endpoint,
    random: Random,
    calls: HashMap<Call, CallerCall>,
    by_call_id: HashMap<Box<[u8]>, Call>,
    streams: HashMap<StreamId, Call>,
    stream_events: StreamEvents,
    arriving: Option<mpsc::UnboundedReceiver<(StreamId, StreamEvent)>>,
    receiving: Option<Receiving>,
}

/// What is done with calls that come.
struct Receiving {
    reception: Reception,
    orders: mpsc::UnboundedSender<Order>,
    hand_over: mpsc::UnboundedSender<OutCall>,
}

/// One call of the caller.
struct CallerCall {
    log: Arc<watch::Sender<CallLog>>,
    began: Instant,
    call_id: Box<[u8]>,
    codecs: CodecList,
    local: LocalMedia,
    ports: Option<Box<dyn ReservedPorts>>,
    stream: Option<StreamId>,
    sends_media: bool,
    /// What is said when the call is answered.
    utterance: Option<Utterance>,
    /// Our last description in the dialog.
    ours: Option<SessionDescription>,
    /// What was agreed on for a call that came, until its stream starts.
    agreed: Option<StreamParameters>,
    /// Our first offer still waits for its answer.
    offer_open: bool,
    /// The codecs that payload types stand for.
    payloads: Vec<(u8, Codec)>,
    direction: Direction,
    offering: Option<Offering>,
    heard: Option<oneshot::Sender<()>>,
    cleared: bool,
}

struct Offering {
    ours: SessionDescription,
    reply: Option<oneshot::Sender<OfferOutcome>>,
}

impl Task {
    pub(super) fn new(
        config: CallerConfig,
        socket: Arc<dyn SipSocket>,
        media: Arc<dyn MediaEngine>,
        endpoint: Endpoint,
        random: Random,
    ) -> Self {
        let (stream_events, arriving) = mpsc::unbounded_channel();
        Self {
            config,
            socket,
            media,
            endpoint,
            random,
            calls: HashMap::new(),
            by_call_id: HashMap::new(),
            streams: HashMap::new(),
            stream_events,
            arriving: Some(arriving),
            receiving: None,
        }
    }

    /// The same task taking calls.
    pub(super) fn receiving(
        mut self,
        reception: Reception,
        orders: mpsc::UnboundedSender<Order>,
        hand_over: mpsc::UnboundedSender<OutCall>,
    ) -> Self {
        self.receiving = Some(Receiving { reception, orders, hand_over });
        self
    }

    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let Some(mut arriving) = self.arriving.take() else { return };
        let socket = self.socket.clone();
        loop {
            let deadline = self.endpoint.poll_timeout();
            let timer = async {
                match deadline {
                    Some(deadline) => sleep_until(TokioInstant::from_std(deadline)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.order(now(), order),
                    // No caller and no call is left that could ask for anything.
                    None => return,
                },
                Some((stream, event)) = arriving.recv() => self.stream_event(stream, event),
                received = socket.recv() => if let Ok((flow, bytes)) = received {
                    self.log_message(now(), LadderDirection::Received, &bytes);
                    self.endpoint.receive(now(), flow, bytes);
                },
                () = timer => {}
            }
            self.settle(now());
        }
    }

    fn settle(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        loop {
            while let Some(transmit) = self.endpoint.poll_transmit() {
                self.transmit(now, &transmit);
            }
            match self.endpoint.poll_event() {
                Some(event) => self.event(now, event),
                None => break,
            }
        }
    }

    fn transmit(&mut self, now: Instant, transmit: &Transmit) {
        self.log_message(now, LadderDirection::Sent, &transmit.bytes);
        if let Err(error) = self.socket.try_send(transmit) {
            tracing::debug!(to = %transmit.flow.remote, %error, "a SIP datagram was not sent");
            self.endpoint.transmit_failed(now, transmit);
        }
    }

    fn order(&mut self, now: Instant, order: Order) {
        match order {
            Order::Call(request, remote, reply) => {
                let outcome = self.call(now, &request, remote);
                // Whoever asked may have given up; the call goes on as any other whose handle was dropped.
                let _ = reply.send(outcome);
            }
            Order::HangUp(call) => {
                if let Err(error) = self.endpoint.hang_up(now, call, Headers::default()) {
                    tracing::debug!(%error, "hang up");
                }
            }
            Order::Prack(call) => {
                if let Err(error) = self.endpoint.prack(now, call, None) {
                    tracing::debug!(%error, "PRACK");
                }
            }
            Order::Digits(call, digits) => self.stream_command(call, StreamCommand::SendDigits(digits)),
            Order::Play(call, sound) => self.play(call, &sound, false),
            Order::Info(call, content_type, body) => {
                if let Err(error) = self.endpoint.info(now, call, &content_type, body) {
                    tracing::debug!(%error, "INFO");
                }
            }
            Order::Offer { call, method, direction, codecs, reply } => {
                self.offer(now, call, method, direction, codecs.as_deref(), reply);
            }
            Order::Step(call, step) => self.step(now, call, step),
            Order::Heard(call, reply) => {
                if let Some(CallerCall { stream: Some(stream), heard, .. }) = self.calls.get_mut(&call) {
                    *heard = Some(reply);
                    self.media.command(*stream, StreamCommand::Report);
                }
            }
        }
    }

    /// Sends the INVITE.
    fn call(
        &mut self,
        now: Instant,
        request: &CallRequest,
        remote: SocketAddr,
    ) -> Result<NewCall, CallError> {
        let codecs: CodecList = request.codecs.parse()?;
        let local_sip = self.socket.local_for(remote);
        let bind = self.config.media.address.unwrap_or(local_sip.ip());
        let ports = self.media.reserve(bind).map_err(CallError::Port)?;
        let address = self.config.media.advertised.unwrap_or(local_sip.ip());
        let mut local = LocalMedia::new(address, ports.rtp().port(), self.random.next_u64() >> 2);
        local.packet_time_ms = request.packet_time_ms;
        local.telephone_event = request.telephone_events;
        let sdp = match &request.sdp {
            CallSdp::Offer => Some(sdp::offer(&codec_specs(&codecs), &local, Direction::SendRecv)),
            CallSdp::None => None,
            CallSdp::Raw(text) => {
                let text = text.replace("{address}", &address.to_string());
                let text = text.replace("{port}", &ports.rtp().port().to_string());
                SessionDescription::parse(text.as_str()).ok()
            }
        };
        let mut outgoing = Outgoing::new(
            Flow::udp(local_sip, remote),
            request.target.clone(),
            NameAddr::new(Uri::from_address(Some(&self.config.user), local_sip)),
            NameAddr::new(request.target.clone()),
        );
        outgoing.sdp.clone_from(&sdp);
        outgoing.reliability = request.reliability;
        outgoing.prack = request.prack;
        outgoing.headers = request.headers.clone();
        outgoing.credentials.clone_from(&request.credentials);
        let call = self.endpoint.invite(now, outgoing)?;
        let log = Arc::new(watch::Sender::new(CallLog::default()));
        let mut entry = CallerCall {
            log: log.clone(),
            began: now,
            call_id: Box::default(),
            codecs,
            local,
            ports: Some(ports),
            stream: None,
            sends_media: request.sends_media,
            utterance: request.person.utterance(Side::Calling),
            offer_open: sdp.is_some(),
            ours: sdp,
            agreed: None,
            payloads: Vec::new(),
            direction: Direction::SendRecv,
            offering: None,
            heard: None,
            cleared: false,
        };
        // The INVITE is the last message in the queue: its Call-ID tells the messages of this call.
        let mut queued = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            queued.push(transmit);
        }
        if let Some(invite) = queued.last() {
            entry.call_id = crate::call_id::of(&invite.bytes).unwrap_or_default().into();
            self.by_call_id.insert(entry.call_id.clone(), call);
        }
        self.calls.insert(call, entry);
        for transmit in &queued {
            self.transmit(now, transmit);
        }
        Ok(NewCall { call, began: now, log })
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Progress { call, response, sdp } => {
                self.described(now, call, &response, sdp);
            }
            Event::Answered { call, response, sdp } => {
                self.note(call, |log| log.answered = true);
                self.described(now, call, &response, sdp);
                self.lifted(call);
            }
            Event::Answer { call, sdp } => self.offer_answered(call, &sdp),
            Event::OfferRefused { call, status, .. } => self.offer_over(call, OfferOutcome::Refused(status)),
            Event::NoAnswer { call } => self.offer_over(call, OfferOutcome::Failed),
            Event::Offer { call, id, sdp, .. } => self.offered(now, call, id, sdp),
            Event::Incoming(incoming) => {
                let status = match self.receive(now, &incoming) {
                    Ok(()) => return,
                    Err(status) => status,
                };
                if let Err(error) = self.endpoint.reject(now, incoming.call, status, Headers::default()) {
                    tracing::debug!(%error, "a call to the caller was not refused");
                }
            }
            Event::Acknowledged { call } => self.note(call, |log| log.answered = true),
            Event::Cleared { call, clearing } => {
                let Some(entry) = self.calls.get_mut(&call) else { return };
                entry.cleared = true;
                entry.ports = None;
                if let Some(Offering { reply: Some(reply), .. }) = entry.offering.take() {
                    let _ = reply.send(OfferOutcome::Failed);
                }
                let stream = entry.stream;
                self.note(call, |log| {
                    log.clearing = Some(clearing.clone());
                    log.media_ended = stream.is_none();
                });
                match stream {
                    Some(stream) => self.media.command(stream, StreamCommand::Close),
                    None => self.forget(call),
                }
            }
            _ => {}
        }
    }

    /// A call comes: it is taken by the script, or refused with a status.
    fn receive(&mut self, now: Instant, incoming: &Incoming) -> Result<(), StatusCode> {
        let Receiving { reception, orders, hand_over } =
            self.receiving.as_ref().ok_or(StatusCode::BUSY_HERE)?;
        let fault = StatusCode::SERVER_INTERNAL_ERROR;
        let codecs: CodecList = reception.codecs.parse().map_err(|_| fault)?;
        let bind = self.config.media.address.unwrap_or(incoming.flow.local.ip());
        let ports = self.media.reserve(bind).map_err(|_| fault)?;
        let address = self.config.media.advertised.unwrap_or(incoming.flow.local.ip());
        let local = LocalMedia::new(address, ports.rtp().port(), self.random.next_u64() >> 2);
        let offer = incoming.sdp.as_ref().ok_or(StatusCode::NOT_ACCEPTABLE_HERE)?;
        let negotiated =
            sdp::answer(offer, &codec_specs(&codecs), &local).map_err(|_| StatusCode::NOT_ACCEPTABLE_HERE)?;

        let call = incoming.call;
        let log = Arc::new(watch::Sender::new(CallLog::default()));
        let call_id = incoming.request.headers.get(&HeaderName::CallId);
        let call_id: Box<[u8]> = call_id.map(|id| id.as_bytes().into()).unwrap_or_default();
        let entry = CallerCall {
            log: log.clone(),
            began: now,
            call_id: call_id.clone(),
            codecs,
            local,
            ports: Some(ports),
            stream: None,
            sends_media: reception.sends_media,
            utterance: reception.person.utterance(Side::Called),
            offer_open: false,
            ours: Some(negotiated.answer),
            agreed: Some(negotiated.stream),
            payloads: Vec::new(),
            direction: Direction::SendRecv,
            offering: None,
            heard: None,
            cleared: false,
        };
        let invite = incoming.request.to_bytes();
        log.send_modify(|log| {
            log.ladder.push(LadderEntry::new(Duration::ZERO, LadderDirection::Received, invite, &[]));
        });
        self.by_call_id.insert(call_id, call);
        self.calls.insert(call, entry);
        // A test that is over takes no calls.
        let _ = hand_over.send(OutCall::new(
            NewCall { call, began: now, log },
            incoming.flow.remote,
            orders.clone(),
        ));
        tokio::spawn(follow(reception.steps.clone(), call, orders.clone()));
        Ok(())
    }

    /// Carries out one step of a script.
    fn step(&mut self, now: Instant, call: Call, step: Step) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let (answer, agreed) = (entry.ours.clone(), entry.agreed.clone());
        let done = match step {
            Step::Wait(_) => Ok(()),
            Step::Provisional(status, has_sdp) => {
                let sdp = answer.filter(|_| has_sdp);
                let progress = Progress { status, sdp, headers: Headers::default() };
                let rung = self.endpoint.ring(now, call, progress).map_err(|error| error.to_string());
                if let (true, Some(agreed)) = (has_sdp, agreed) {
                    self.start_stream(call, agreed);
                }
                rung.map(drop)
            }
            Step::Play(sound) => {
                self.order(now, Order::Play(call, sound));
                Ok(())
            }
            Step::Answer => {
                let answered = self.endpoint.answer(now, call, answer.as_ref(), Headers::default());
                if let Some(agreed) = agreed {
                    self.start_stream(call, agreed);
                }
                if answered.is_ok() {
                    self.lifted(call);
                }
                answered.map_err(|error| error.to_string())
            }
            Step::Refuse(status, headers) => {
                self.endpoint.reject(now, call, status, headers).map_err(|error| error.to_string())
            }
            Step::HangUp => {
                self.endpoint.hang_up(now, call, Headers::default()).map_err(|error| error.to_string())
            }
        };
        if let Err(error) = done {
            // The caller was faster.
            tracing::debug!(%error, "a step of the callee was not done");
        }
    }

    /// A response brought a session description: the answer to our offer, or an offer.
    fn described(&mut self, now: Instant, call: Call, response: &Response, sdp: Option<SessionDescription>) {
        let (Some(sdp), Some(entry)) = (sdp, self.calls.get_mut(&call)) else { return };
        let specs = codec_specs(&entry.codecs);
        if let Some(ours) = &entry.ours {
            // The 200 repeats the description of the 183: only the first one counts (RFC 3261 section 13.2.1).
            if entry.offer_open
                && let Ok(parameters) = sdp::accept(ours, &sdp, &specs)
            {
                entry.offer_open = false;
                self.start_stream(call, parameters);
            }
            return;
        }
        let negotiated = sdp::answer(&sdp, &specs, &entry.local).ok();
        let answer = negotiated.as_ref().map(|negotiated| negotiated.answer.clone());
        entry.ours = answer.clone();
        let sent = if response.status.is_provisional() {
            self.endpoint.prack(now, call, answer.as_ref()).map(drop).map_err(|error| error.to_string())
        } else {
            self.endpoint.acknowledge(now, call, answer.as_ref()).map_err(|error| error.to_string())
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "the answer to an offer was not sent");
        }
        if let Some(negotiated) = negotiated {
            self.start_stream(call, negotiated.stream);
        }
    }

    /// The call is answered: whoever is at this end says what there is to say.
    fn lifted(&mut self, call: Call) {
        let utterance = self.calls.get_mut(&call).and_then(|entry| entry.utterance.take());
        if let Some(Utterance { sound, repeated }) = utterance {
            self.play(call, &sound, repeated);
        }
    }

    fn play(&mut self, call: Call, sound: &Sound, looped: bool) {
        let codec = self.calls.get(&call).and_then(|call| Some(call.payloads.last()?.1));
        let Some(codec) = codec else { return };
        let job = JobId(self.random.next_u64());
        let clip = match looped {
            true => Clip::for_codec_looped(sound, codec),
            false => Clip::for_codec(sound, codec),
        };
        self.stream_command(call, StreamCommand::Play { job, clip, looped, limit: None });
    }

    fn start_stream(&mut self, call: Call, parameters: StreamParameters) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let Some(ports) = entry.ports.take() else { return };
        let codec = codec_of(&parameters.codec);
        entry.payloads.push((parameters.payload_receive, codec));
        let config = StreamConfig {
            ssrc: self.random.next_u32(),
            first_sequence: self.random.next_u32() as u16,
            first_timestamp: self.random.next_u32(),
            codec,
            payload_send: parameters.payload_send,
            payload_receive: parameters.payload_receive,
            telephone_event: parameters.telephone_event.map(|event| event.payload_receive),
            telephone_event_send: parameters.telephone_event.map(|event| event.payload_send),
            packet_time: Duration::from_millis(parameters.packet_time_ms.into()),
            remote_rtp: parameters.remote_rtp,
            // Who is silent says nothing at all: RTCP too shows that the far end is there (RUN-28).
            remote_rtcp: parameters.remote_rtcp.filter(|_| entry.sends_media),
            rtcp_mux: parameters.rtcp_mux && entry.sends_media,
            direction: stream_direction(parameters.direction),
            symmetric: self.config.media.symmetric,
            silence: if entry.sends_media { SilencePolicy::Send } else { SilencePolicy::Suppress },
            cname: format!("{:016x}@caller", self.random.next_u64()),
            record: true,
            offset: Duration::ZERO,
        };
        match self.media.open(ports, config, self.stream_events.clone()) {
            Ok(stream) => {
                entry.stream = Some(stream);
                self.streams.insert(stream, call);
                self.note(call, |log| log.media = true);
            }
            Err(error) => tracing::error!(%error, "the caller's stream cannot be started"),
        }
    }

    /// Makes another offer within the call.
    fn offer(
        &mut self,
        now: Instant,
        call: Call,
        method: OfferMethod,
        direction: Direction,
        codecs: Option<&str>,
        reply: oneshot::Sender<OfferOutcome>,
    ) {
        // Every way out without a reply drops it, which counts as failed.
        let Some(entry) = self.calls.get_mut(&call) else { return };
        if let Some(list) = codecs {
            let Ok(list) = list.parse() else { return };
            entry.codecs = list;
        }
        let Some(previous) = &entry.ours else { return };
        let ours = sdp::offer_again(previous, &codec_specs(&entry.codecs), &entry.local, direction);
        match self.endpoint.offer(now, call, method, &ours) {
            Ok(_) => {
                entry.direction = direction;
                entry.offering = Some(Offering { ours, reply: Some(reply) });
            }
            Err(error) => tracing::debug!(%error, "no offer was made"),
        }
    }

    fn offer_answered(&mut self, call: Call, answer: &SessionDescription) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let Some(Offering { ours, reply }) = entry.offering.take() else { return };
        let outcome = match sdp::accept(&ours, answer, &codec_specs(&entry.codecs)) {
            Ok(parameters) => {
                entry.ours = Some(ours);
                let direction = parameters.direction;
                self.update_stream(call, parameters);
                OfferOutcome::Accepted(direction)
            }
            Err(_) => OfferOutcome::Failed,
        };
        if let Some(reply) = reply {
            let _ = reply.send(outcome);
        }
    }

    fn offer_over(&mut self, call: Call, outcome: OfferOutcome) {
        let offering = self.calls.get_mut(&call).and_then(|entry| entry.offering.take());
        if let Some(Offering { reply: Some(reply), .. }) = offering {
            let _ = reply.send(outcome);
        }
    }

    /// The far end offers a session within the call.
    fn offered(&mut self, now: Instant, call: Call, id: OfferId, offer: Option<SessionDescription>) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let specs = codec_specs(&entry.codecs);
        let (reply, parameters) = match (&entry.ours, offer) {
            (Some(ours), Some(offer)) => match sdp::answer_again(ours, &offer, &specs, &entry.local) {
                Ok(negotiated) => (Ok(negotiated.answer), Some(negotiated.stream)),
                Err(_) => (Err(StatusCode::NOT_ACCEPTABLE_HERE), None),
            },
            (Some(ours), None) => {
                let ours = sdp::offer_again(ours, &specs, &entry.local, Direction::SendRecv);
                entry.offering = Some(Offering { ours: ours.clone(), reply: None });
                (Ok(ours), None)
            }
            (None, _) => (Err(StatusCode::NOT_ACCEPTABLE_HERE), None),
        };
        if let Err(error) =
            self.endpoint.answer_offer(now, call, id, reply.as_ref().map_err(|status| *status))
        {
            tracing::debug!(%error, "the offer was withdrawn");
            return;
        }
        if let (Ok(answer), Some(parameters)) = (reply, parameters) {
            entry.ours = Some(answer);
            self.update_stream(call, parameters);
        }
    }

    fn update_stream(&mut self, call: Call, parameters: StreamParameters) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let codec = codec_of(&parameters.codec);
        entry.payloads.push((parameters.payload_receive, codec));
        let update = StreamUpdate {
            remote_rtp: parameters.remote_rtp,
            remote_rtcp: parameters.remote_rtcp.filter(|_| entry.sends_media),
            rtcp_mux: parameters.rtcp_mux && entry.sends_media,
            codec,
            payload_send: parameters.payload_send,
            payload_receive: parameters.payload_receive,
            telephone_event: parameters.telephone_event.map(|event| event.payload_receive),
            telephone_event_send: parameters.telephone_event.map(|event| event.payload_send),
            packet_time: Duration::from_millis(parameters.packet_time_ms.into()),
            direction: stream_direction(parameters.direction),
        };
        self.stream_command(call, StreamCommand::Update(update));
    }

    fn stream_command(&self, call: Call, command: StreamCommand) {
        if let Some(stream) = self.calls.get(&call).and_then(|entry| entry.stream) {
            self.media.command(stream, command);
        }
    }

    fn stream_event(&mut self, stream: StreamId, event: StreamEvent) {
        let Some(call) = self.streams.get(&stream).copied() else { return };
        match event {
            StreamEvent::Heard(packet) => self.keep(call, packet),
            StreamEvent::Report(stats) => {
                self.note(call, |log| log.stats = Some(stats));
                if let Some(reply) = self.calls.get_mut(&call).and_then(|entry| entry.heard.take()) {
                    let _ = reply.send(());
                }
            }
            StreamEvent::Closed(stats) => {
                self.streams.remove(&stream);
                self.note(call, |log| {
                    log.stats = Some(stats);
                    log.media_ended = true;
                });
                self.forget(call);
            }
            _ => {}
        }
    }

    fn keep(&self, call: Call, packet: offhook_media::HeardPacket) {
        let Some(entry) = self.calls.get(&call) else { return };
        let same = |(payload, _): &&(u8, Codec)| *payload == packet.payload_type;
        let codec = entry.payloads.iter().rev().find(same).map(|(_, codec)| *codec);
        let packet = HeardPacket {
            at: packet.at.saturating_duration_since(entry.began),
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload_type: packet.payload_type,
            codec,
            payload: packet.payload,
        };
        entry.log.send_modify(|log| log.heard.push(packet));
    }

    /// Puts a message into the ladder of its call.
    fn log_message(&mut self, now: Instant, direction: LadderDirection, bytes: &Bytes) {
        let Some(call) = crate::call_id::of(bytes).and_then(|id| self.by_call_id.get(id)).copied() else {
            return;
        };
        let Some(entry) = self.calls.get(&call) else { return };
        let at = now.saturating_duration_since(entry.began);
        entry.log.send_modify(|log| {
            let step = LadderEntry::new(at, direction, bytes.clone(), &log.ladder);
            if step.is_new_response() {
                log.responses.extend(response(bytes));
            }
            log.ladder.push(step);
        });
    }

    fn note(&self, call: Call, change: impl FnOnce(&mut CallLog)) {
        if let Some(entry) = self.calls.get(&call) {
            entry.log.send_modify(change);
        }
    }

    /// Drops a call that is over with its stream.
    fn forget(&mut self, call: Call) {
        if self.calls.get(&call).is_some_and(|entry| entry.cleared)
            && let Some(entry) = self.calls.remove(&call)
        {
            self.by_call_id.remove(&entry.call_id);
        }
    }
}

/// Hands the steps of a script to the task, each when its time has come.
async fn follow(steps: Vec<Step>, call: Call, orders: mpsc::UnboundedSender<Order>) {
    for step in steps {
        match step {
            Step::Wait(time) => tokio::time::sleep(time).await,
            // A callee that has ended does nothing more.
            step => drop(orders.send(Order::Step(call, step))),
        }
    }
}

fn response(bytes: &Bytes) -> Option<Response> {
    match Message::parse(bytes.clone(), &ParseLimits::default()).ok()? {
        Message::Response(response) => Some(response),
        Message::Request(_) => None,
    }
}

fn now() -> Instant {
    TokioInstant::now().into_std()
}
