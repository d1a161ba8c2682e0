//! A call that a caller made or a callee took.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_media::{Sound, StreamStats};
use offhook_sip::sdp::Direction;
use offhook_sip::{Call, Clearing, Headers, OfferMethod, Response, StatusCode};
use tokio::sync::{mpsc, oneshot, watch};

use super::reception::Step;
use super::task::{NewCall, Order};
use super::{Heard, HeardPacket, LadderEntry, state_of};
use crate::state::State;

/// A call that a [`Caller`](super::Caller) made or a [`Callee`](super::Callee) took. It goes on by itself; dropping this
/// leaves it as it is, and cloning gives another handle to the same call.
#[derive(Clone)]
pub struct OutCall {
    call: Call,
    began: Instant,
    remote: SocketAddr,
    log: Arc<watch::Sender<CallLog>>,
    orders: mpsc::UnboundedSender<Order>,
}

/// Everything that is known about a call.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    pub(super) ladder: Vec<LadderEntry>,
    pub(super) responses: Vec<Response>,
    pub(super) answered: bool,
    pub(super) media: bool,
    pub(super) clearing: Option<Clearing>,
    /// The stream has ended, or there never was one.
    pub(super) media_ended: bool,
    pub(super) heard: Vec<HeardPacket>,
    pub(super) stats: Option<StreamStats>,
}

/// How the far end took an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferOutcome {
    /// It was answered; the direction is ours.
    Accepted(Direction),
    /// It was refused with this status.
    Refused(StatusCode),
    /// It could not be made, or its answer could not be used.
    Failed,
}

impl OutCall {
    pub(super) fn new(placed: NewCall, remote: SocketAddr, orders: mpsc::UnboundedSender<Order>) -> Self {
        let NewCall { call, began, log } = placed;
        Self { call, began, remote, log, orders }
    }

    /// Waits for a response to the INVITE with this status; `None` if the call clears without one.
    pub async fn response(&self, status: u16) -> Option<Response> {
        let of =
            |log: &CallLog| log.responses.iter().find(|response| response.status.code() == status).cloned();
        self.wait_for(|log| of(log).is_some() || log.clearing.is_some()).await;
        of(&self.log.borrow())
    }

    /// Waits for a provisional response from 101 on; `false` if the call clears without one.
    pub async fn ringing(&self) -> bool {
        self.wait_for(|log| !log.responses.is_empty() || log.clearing.is_some()).await;
        self.log.borrow().responses.iter().any(|response| response.status.is_provisional())
    }

    /// Waits until media is negotiated, before or with the answer; `false` if the call clears first.
    pub async fn media(&self) -> bool {
        self.wait_for(|log| log.media || log.clearing.is_some()).await;
        self.log.borrow().media
    }

    /// Waits for the answer; `false` if the call clears without one.
    pub async fn answered(&self) -> bool {
        self.wait_for(|log| log.answered || log.clearing.is_some()).await;
        self.log.borrow().answered
    }

    /// Waits until the call is over, and tells how it ended.
    pub async fn cleared(&self) -> Option<Clearing> {
        self.wait_for(|log| log.clearing.is_some()).await;
        self.log.borrow().clearing.clone()
    }

    /// How the call ended, once it has.
    pub fn clearing(&self) -> Option<Clearing> {
        self.log.borrow().clearing.clone()
    }

    /// Answers a call that came: 200. On one that was made, or is answered, it does nothing.
    pub fn answer(&self) {
        self.order(Order::Step(self.call, Step::Answer));
    }

    /// Refuses a call that came and is not answered; on any other it does nothing.
    ///
    /// # Panics
    ///
    /// When the status is no number of a final response of 300 or more.
    pub fn refuse(&self, status: u16) {
        self.order(Order::Step(self.call, Step::refuse(status, Headers::default())));
    }

    /// Ends the call: CANCEL before the answer, BYE after it. Does not wait; see [`cleared`](Self::cleared).
    pub fn hang_up(&self) {
        self.order(Order::HangUp(self.call));
    }

    /// Presses keys, sent as telephone events, or as tones where these were not negotiated; a comma is a pause of half
    /// a second.
    pub fn send_digits(&self, digits: &str) {
        self.order(Order::Digits(self.call, digits.to_owned()));
    }

    /// Speaks: the far end hears this sound once.
    pub fn play(&self, sound: Sound) {
        self.order(Order::Play(self.call, sound));
    }

    /// Sends an INFO request.
    pub fn info(&self, content_type: &str, body: impl Into<Bytes>) {
        self.order(Order::Info(self.call, content_type.to_owned(), body.into()));
    }

    /// Acknowledges the oldest reliable response, for a call made with
    /// [`PrackPolicy::Manual`](offhook_sip::PrackPolicy::Manual).
    pub fn prack(&self) {
        self.order(Order::Prack(self.call));
    }

    /// Offers another direction: [`Direction::SendOnly`] holds the call, [`Direction::SendRecv`] resumes
    /// it. Waits for the far end's answer.
    pub async fn offer(&self, method: OfferMethod, direction: Direction) -> OfferOutcome {
        self.offer_with(method, direction, None).await
    }

    /// The same with another codec list.
    pub async fn offer_codecs(&self, method: OfferMethod, codecs: &str) -> OfferOutcome {
        self.offer_with(method, Direction::SendRecv, Some(codecs.to_owned())).await
    }

    /// When the INVITE was sent, or came.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Where the INVITE was sent to, or came from.
    pub fn remote_address(&self) -> SocketAddr {
        self.remote
    }

    /// The state in the words of the call channel.
    pub fn state(&self) -> State {
        let log = self.log.borrow();
        state_of(log.answered, !log.responses.is_empty(), log.clearing.is_some())
    }

    /// The responses to the INVITE so far, without 100 and without repetitions.
    pub fn responses(&self) -> Vec<Response> {
        self.log.borrow().responses.clone()
    }

    /// Their status codes.
    pub fn statuses(&self) -> Vec<u16> {
        self.log.borrow().responses.iter().map(|response| response.status.code()).collect()
    }

    /// Every SIP message of the call so far.
    pub fn ladder(&self) -> Vec<LadderEntry> {
        self.log.borrow().ladder.clone()
    }

    /// What was heard so far.
    pub async fn heard(&self) -> Heard {
        let (reply, replied) = oneshot::channel();
        self.order(Order::Heard(self.call, reply));
        // Without a running stream the reply is dropped, and the log is complete.
        let _ = replied.await;
        self.wait_for(|log| log.clearing.is_none() || log.media_ended || !log.media).await;
        Heard { packets: self.log.borrow().heard.clone() }
    }

    /// The counts of the stream; final once the call is over.
    pub fn stream_stats(&self) -> Option<StreamStats> {
        self.log.borrow().stats.clone()
    }

    /// Waits until the log shows something, at most for as long as the caller lives.
    async fn wait_for(&self, reached: impl FnMut(&CallLog) -> bool) {
        let mut log = self.log.subscribe();
        let _ = tokio::time::timeout(LONGEST_WAIT, log.wait_for(reached)).await;
    }

    async fn offer_with(
        &self,
        method: OfferMethod,
        direction: Direction,
        codecs: Option<String>,
    ) -> OfferOutcome {
        let (reply, replied) = oneshot::channel();
        self.order(Order::Offer { call: self.call, method, direction, codecs, reply });
        replied.await.unwrap_or(OfferOutcome::Failed)
    }

    fn order(&self, order: Order) {
        // A caller that has ended carries out nothing.
        let _ = self.orders.send(order);
    }
}

impl fmt::Debug for OutCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutCall").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// No call lasts longer: what waits for one returns in the end.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);
