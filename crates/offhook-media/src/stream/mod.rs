//! One media session: the RTP and RTCP of one call, from its first early packet to its end (RING-35).

mod command;
mod config;
mod event;
mod heard;
mod hearing;
mod receive;
mod room;
mod send;
mod stats;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use self::command::StreamCommand;
pub use self::config::{SilencePolicy, StreamConfig, StreamDirection, StreamUpdate};
pub use self::event::{DigitCarrier, DigitsRefusal, StreamEvent};
pub use self::heard::HeardPacket;
pub use self::hearing::HeardFrame;
use self::hearing::Hearing;
use self::room::{RoomFarEnd, Seat};
use self::send::Linear;
pub use self::stats::StreamStats;
use crate::Codec;
use crate::dtmf::{EventReceiver, EventSender, ToneSender};
use crate::playout::{Ended, Play, PlayEnd, Playout};
use crate::recorder::RecordEnd;
use crate::rtp::rtcp::Schedule;
use crate::rtp::{Latch, Receiver, Sender};

/// A media session as a state machine: datagrams and time in, datagrams and events out.
///
/// It has no socket and no clock. Whoever drives it
///
/// 1. calls [`handle_timeout`](Stream::handle_timeout) when [`poll_timeout`](Stream::poll_timeout) is reached, and
///    [`handle_rtp`](Stream::handle_rtp) or [`handle_rtcp`](Stream::handle_rtcp) when a datagram came;
/// 2. then calls [`poll_transmit`](Stream::poll_transmit) until it has nothing more, and sends what it wrote;
/// 3. then calls [`poll_event`](Stream::poll_event) until it has nothing more;
/// 4. and drops the stream after [`StreamEvent::Closed`].
///
/// A frame is due every packet time, whatever plays and whether or not it may be sent: the timestamp line is the
/// clock of the session (MED-15). A driver that comes late gets the frames that are due one after another; when
/// more than two are due, the older ones are left out, as if they had been lost, and the timestamps say so.
///
/// The steady state allocates nothing: not for a frame, not for a packet that comes. A stream made with
/// [`StreamConfig::record`] allocates for every packet it hears, a recording two or three times a second.
#[derive(Debug)]
pub struct Stream {
    started_at: Instant,
    /// When the next frame is due; `None` once the stream is closed.
    next_frame: Option<Instant>,
    packet_time: Duration,
    /// Samples of a frame, at the codec's sampling rate, and what they are in units of its RTP clock.
    frame_samples: usize,
    frame_ticks: u32,
    /// Whether a frame is due that was not yet polled.
    frame_due: bool,
    direction: StreamDirection,
    silence: SilencePolicy,
    codec: Codec,
    /// What encodes the frames; `None` for G.711, whose frames are put together encoded.
    linear: Option<Box<Linear>>,
    sender: Sender,
    playout: Playout,
    telephone_event_send: Option<u8>,
    digits_out: EventSender,
    tones_out: ToneSender,
    digits_waiting: bool,

    payload_receive: u8,
    telephone_event: Option<u8>,
    latch: Latch,
    receiver: Receiver,
    digits_in: EventReceiver,
    /// What listens to the audio that comes; `None` in a stream that only plays.
    hearing: Option<Box<Hearing>>,
    discarded: u64,
    record: bool,

    /// The seat in a room, while the stream has one.
    seat: Option<Seat>,
    /// The far end of a stream without a network.
    room_far_end: Option<RoomFarEnd>,

    rtcp_mux: bool,
    remote_rtcp: Option<SocketAddr>,
    /// Where RTCP of the latched host comes from.
    latched_rtcp: Option<SocketAddr>,
    schedule: Schedule,
    next_report: Instant,
    report_due: bool,
    bye_due: bool,
    bye_heard: bool,
    /// Whether anything of ours ever left.
    present: bool,
    /// Packets sent at the time of the last two reports: they decide between SR and RR.
    reported_packets: [u64; 2],
    last_sender_report: Option<(u32, Instant)>,
    last_rtcp: Option<Instant>,
    cname: Box<str>,

    now: Instant,
    frames_skipped: u64,
    events: VecDeque<StreamEvent>,
}

impl Stream {
    /// A stream whose first frame is due `config.offset` after `now`.
    pub fn new(now: Instant, config: StreamConfig) -> Self {
        let packet_time = config::packet_time(config.codec, config.packet_time);
        let seed = u64::from(config.ssrc) << 32 | u64::from(config.first_timestamp);
        let mut schedule = Schedule::new(seed);
        let next_report = now + schedule.interval();
        let mut stream = Self {
            started_at: now,
            next_frame: Some(now + config.offset),
            packet_time,
            frame_samples: units_in(packet_time, config.codec.sampling_rate_hz()) as usize,
            frame_ticks: units_in(packet_time, config.codec.clock_rate_hz()) as u32,
            frame_due: false,
            direction: config.direction,
            silence: config.silence,
            codec: config.codec,
            linear: Linear::for_codec(config.codec),
            sender: Sender::new(
                config.ssrc,
                config.first_sequence,
                config.first_timestamp,
                config.payload_send,
            ),
            playout: Playout::default(),
            telephone_event_send: config.telephone_event_send,
            digits_out: EventSender::default(),
            tones_out: ToneSender::default(),
            digits_waiting: false,
            payload_receive: config.payload_receive,
            telephone_event: config.telephone_event,
            latch: Latch::new(config.symmetric, config.remote_rtp),
            receiver: Receiver::new(config.codec.clock_rate_hz()),
            digits_in: EventReceiver::default(),
            hearing: None,
            discarded: 0,
            record: config.record,
            seat: None,
            room_far_end: None,
            rtcp_mux: config.rtcp_mux,
            remote_rtcp: config.remote_rtcp,
            latched_rtcp: None,
            schedule,
            next_report,
            report_due: false,
            bye_due: false,
            bye_heard: false,
            present: false,
            reported_packets: [0; 2],
            last_sender_report: None,
            last_rtcp: None,
            cname: config.cname.into_boxed_str(),
            now,
            frames_skipped: 0,
            events: VecDeque::new(),
        };
        stream.review_hearing();
        stream
    }

    /// Carries out an order. After [`StreamCommand::Close`] all others are ignored.
    pub fn command(&mut self, now: Instant, command: StreamCommand) {
        if self.next_frame.is_none() {
            return;
        }
        self.now = now;
        match command {
            StreamCommand::Play { job, clip, looped, limit } => {
                let limit_samples = limit.map(|limit| clip.samples_in(limit));
                let replaced = self.playout.play(Play { job, clip, looped, limit_samples });
                self.play_ended(replaced);
            }
            StreamCommand::Stop => {
                let stopped = self.playout.stop();
                self.play_ended(stopped);
            }
            StreamCommand::Update(update) => self.update(update),
            StreamCommand::Pause => {
                self.playout.pause();
            }
            StreamCommand::Resume => {
                self.playout.resume();
            }
            StreamCommand::Seek(to) => {
                self.playout.seek(to);
            }
            StreamCommand::SendDigits(digits) => self.send_digits(&digits),
            StreamCommand::StopDigits => self.drop_digits(),
            StreamCommand::Record { job, settings } => self.begin_recording(now, job, *settings),
            StreamCommand::DetectSpeaker(start, limit) => self.detect_speaker(start, limit),
            StreamCommand::AwaitMachine(settings) => self.await_machine(settings),
            StreamCommand::StopRecording(reason) => self.end_recording(reason),
            StreamCommand::Report => {
                let stats = self.stats();
                self.events.push_back(StreamEvent::Report(stats));
            }
            StreamCommand::Close => self.close(now),
        }
    }

    /// Takes in the time. To be called when [`poll_timeout`](Stream::poll_timeout) is reached; earlier does no
    /// harm. Call [`poll_transmit`](Stream::poll_transmit) next: a frame that is not taken before the next one is
    /// due is left out.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let Some(due) = self.next_frame.filter(|due| *due <= now) else { return };
        if self.frame_due {
            self.skip_frames(1);
            self.frames_skipped += 1;
        }
        let late = now.saturating_duration_since(due);
        let mut behind = 0;
        if late > self.packet_time * MAX_FRAMES_BEHIND {
            behind = u32::try_from(late.as_nanos() / self.packet_time.as_nanos()).unwrap_or(u32::MAX);
            self.skip_frames(behind);
            self.frames_skipped += u64::from(behind);
        }
        let due = due + self.packet_time * behind;
        self.next_frame = Some(due + self.packet_time);

        let ended = self.playout.take_ended();
        self.play_ended(ended);
        if self.direction.sends() && self.latch.target().is_some() {
            self.frame_due = true;
        } else {
            self.skip_frames(1);
        }

        if self.hearing.is_some() && !self.speaks_in_room() {
            self.listen(now);
        }
        if self.digits_in.is_pressed() {
            let press = self.digits_in.handle_timeout(now);
            self.pressed(press, DigitCarrier::Event);
        }
        if now >= self.next_report {
            self.report_due = true;
            self.next_report = now + self.schedule.interval();
        }
    }

    /// When [`handle_timeout`](Stream::handle_timeout) is to be called; `None` once the stream is closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_frame
    }

    /// Writes the next datagram to be sent, if there is one. `buffer` must hold [`Stream::MAX_DATAGRAM`] bytes; in a
    /// smaller one packets get lost.
    pub fn poll_transmit(&mut self, buffer: &mut [u8]) -> Option<Outgoing> {
        if std::mem::take(&mut self.frame_due)
            && let Some(outgoing) = self.write_frame(buffer)
        {
            return Some(outgoing);
        }
        if std::mem::take(&mut self.report_due) {
            let bye = std::mem::take(&mut self.bye_due);
            return self.write_report(bye, buffer);
        }
        None
    }

    /// The next thing to tell, if there is one.
    pub fn poll_event(&mut self) -> Option<StreamEvent> {
        self.events.pop_front()
    }

    /// Where things stand.
    pub fn stats(&self) -> StreamStats {
        let heard_for = match (self.receiver.first_received(), self.receiver.last_received()) {
            (Some(first), Some(last)) => last.saturating_duration_since(first),
            _ => Duration::ZERO,
        };
        let (playout_delay, concealed) = self.hearing_stats();
        StreamStats {
            playout_delay,
            concealed,
            packets_sent: self.sender.packets(),
            octets_sent: self.sender.octets(),
            packets_received: self.receiver.packets(),
            octets_received: self.receiver.octets(),
            packets_lost: self.receiver.lost(),
            packets_discarded: self.discarded,
            frames_skipped: self.frames_skipped,
            jitter_ms: self.receiver.jitter().as_secs_f64() * 1000.0,
            heard_for,
            last_received: self.receiver.last_received().max(self.last_rtcp),
        }
    }

    /// The one address that packets go to and come from, once that is settled for good: a driver may connect its
    /// socket to it. A later [`StreamUpdate`] can unsettle it.
    pub fn settled_remote(&self) -> Option<SocketAddr> {
        self.latch.locked()
    }

    /// Whether the stream has ended.
    pub fn is_closed(&self) -> bool {
        self.next_frame.is_none()
    }

    fn update(&mut self, update: StreamUpdate) {
        if self.frame_due {
            // The frame that is due was cut for the packet time before.
            self.frame_due = false;
            self.skip_frames(1);
        }
        if self.latch.signal(update.remote_rtp) {
            self.latched_rtcp = None;
        }
        self.remote_rtcp = update.remote_rtcp;
        self.rtcp_mux = update.rtcp_mux;
        self.change_codec(update.codec);
        self.sender.set_payload_type(update.payload_send);
        self.payload_receive = update.payload_receive;
        self.telephone_event = update.telephone_event;
        self.telephone_event_send = update.telephone_event_send;
        self.direction = update.direction;
        self.packet_time = config::packet_time(self.codec, update.packet_time);
        self.frame_samples = units_in(self.packet_time, self.codec.sampling_rate_hz()) as usize;
        self.frame_ticks = units_in(self.packet_time, self.codec.clock_rate_hz()) as u32;
        if self.telephone_event_send.is_none() && !self.digits_out.is_idle() {
            self.drop_digits();
            self.events.push_back(StreamEvent::DigitsRefused { reason: DigitsRefusal::NotNegotiated });
        }
        self.review_hearing();
    }

    fn change_codec(&mut self, codec: Codec) {
        if codec == self.codec {
            return;
        }
        if codec.sampling_rate_hz() != self.codec.sampling_rate_hz()
            && let Some(seat) = &mut self.seat
        {
            seat.forget();
        }
        self.codec = codec;
        self.linear = Linear::for_codec(codec);
        self.receiver.set_clock_rate(codec.clock_rate_hz());
    }

    fn send_digits(&mut self, digits: &str) {
        let queued = match self.telephone_event_send {
            Some(_) => self.digits_out.queue(digits),
            None => self.tones_out.queue(digits),
        };
        match queued {
            Ok(()) => self.digits_waiting = true,
            Err(error) => self.events.push_back(StreamEvent::DigitsRefused { reason: error.into() }),
        }
    }

    fn drop_digits(&mut self) {
        self.digits_out = EventSender::default();
        self.tones_out = ToneSender::default();
        self.digits_waiting = false;
    }

    fn close(&mut self, now: Instant) {
        self.end_recording(RecordEnd::Closed);
        self.next_frame = None;
        self.frame_due = false;
        let ended = self.playout.stop();
        let ended = ended.map(|ended| match ended.reason {
            PlayEnd::Stopped => Ended { reason: PlayEnd::Closed, ..ended },
            _ => ended,
        });
        self.play_ended(ended);
        let released = self.digits_in.handle_timeout(now + EventReceiver::LOST_END);
        self.pressed(released, DigitCarrier::Event);
        self.release_tones();
        // Who was never there says no BYE (RFC 3550 section 6.3.7).
        self.report_due = self.present;
        self.bye_due = self.present;
        let stats = self.stats();
        self.events.push_back(StreamEvent::Closed(stats));
    }

    fn play_ended(&mut self, ended: Option<Ended>) {
        let Some(ended) = ended else { return };
        let (job, reason, played) = (ended.job, ended.reason, ended.played());
        self.events.push_back(StreamEvent::PlayEnded { job, reason, played });
    }

    /// What [`Stream::poll_transmit`] may write at most.
    pub const MAX_DATAGRAM: usize = 1024;
}

/// A datagram that [`Stream::poll_transmit`] has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Whether it leaves from the RTCP port; false for RTCP that shares the RTP port.
    pub rtcp: bool,
    /// Where it goes.
    pub to: SocketAddr,
    /// Its length in the buffer.
    pub len: usize,
}

/// The samples or timestamp units of a time, rounded to the nearest.
fn units_in(time: Duration, rate_hz: u32) -> u64 {
    let units = (time.as_nanos() * u128::from(rate_hz) + 500_000_000) / 1_000_000_000;
    u64::try_from(units).unwrap_or(u64::MAX)
}

/// When more frames than this are due at once, the older ones are left out.
const MAX_FRAMES_BEHIND: u32 = 2;
