//! Two endpoints, their users' scripts, and the queues between them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::{
    Call, Clearing, ClearingCause, Counts, Endpoint, EndpointConfig, Event, Flow, Headers, OfferMethod,
    PrackPolicy, Progress, Reliability, StatusCode,
};

use super::support::bed::outgoing;
use super::support::{ANSWER, HOLD, OFFER, PEER, US, address, name, sdp};

/// What a user does. An act that the state of the call does not allow does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// 183 with a description; reliably if the caller supports that, so that PRACKs are among what crosses.
    Ring,
    Answer,
    Refuse,
    HangUp,
    Update,
    ReInvite,
}

/// What the users do, each in this order, after the caller has called.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) caller: Vec<Act>,
    pub(crate) callee: Vec<Act>,
    pub(crate) reliability: Reliability,
    /// At most so many datagrams are lost.
    pub(crate) losses: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Caller,
    Callee,
}

/// What happens next, each at one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The oldest datagram on its way arrives there.
    Deliver(Side),
    /// The user there does what is next in the script.
    Act(Side),
    /// The oldest datagram on its way there is lost.
    Lose(Side),
}

impl Step {
    /// Whether two steps can change places without anybody noticing: they touch different sides, and do not
    /// share the number of losses that are allowed.
    pub(crate) fn commutes_with(self, other: Self) -> bool {
        let side = |step| match step {
            Self::Deliver(side) | Self::Act(side) | Self::Lose(side) => side,
        };
        let both_lose = matches!((self, other), (Self::Lose(_), Self::Lose(_)));
        side(self) != side(other) && !both_lose
    }
}

/// One side.
struct User {
    endpoint: Endpoint,
    call: Option<Call>,
    script: VecDeque<Act>,
    /// What is on its way to this side.
    inbox: VecDeque<Bytes>,
    /// Offers of this side that have no end yet.
    open_offers: usize,
    is_connected: bool,
    log: Vec<String>,
    clearings: Vec<Clearing>,
}

impl User {
    fn new(seed: u64, script: &[Act]) -> Self {
        Self {
            endpoint: Endpoint::new(EndpointConfig::default(), seed),
            call: None,
            script: script.iter().copied().collect(),
            inbox: VecDeque::new(),
            open_offers: 0,
            is_connected: false,
            log: Vec::new(),
            clearings: Vec::new(),
        }
    }

    /// Takes note of an event and does what every user does about it.
    fn hear(&mut self, now: Instant, event: Event) {
        self.log.push(name(&event));
        assert!(self.clearings.is_empty(), "nothing may follow the end: {:?}", self.log);
        match event {
            Event::Incoming(incoming) => {
                assert_eq!(self.call.replace(incoming.call), None, "one call comes");
            }
            Event::Answered { .. } | Event::Acknowledged { .. } => self.is_connected = true,
            Event::Answer { .. } | Event::NoAnswer { .. } | Event::OfferRefused { .. } => {
                // The first answer belongs to the INVITE, which is not counted.
                self.open_offers = self.open_offers.saturating_sub(1);
            }
            Event::Offer { call, id, .. } => {
                let answered = self.endpoint.answer_offer(now, call, id, Ok(&sdp(ANSWER)));
                assert_eq!(answered, Ok(()));
            }
            Event::Cleared { clearing, .. } => {
                self.is_connected = false;
                self.open_offers = 0;
                self.clearings.push(clearing);
            }
            _ => {}
        }
    }

    fn act(&mut self, now: Instant, act: Act) {
        let Some(call) = self.call else { return };
        let endpoint = &mut self.endpoint;
        let status = |code| StatusCode::new(code).expect("a status");
        // An act may come at a moment at which it is not allowed; then nothing happens, which is part of the
        // test.
        match act {
            Act::Ring => {
                let progress =
                    Progress { status: status(183), sdp: Some(sdp(ANSWER)), headers: Headers::new() };
                let _ = endpoint.ring(now, call, progress);
            }
            Act::Answer => {
                let _ = endpoint.answer(now, call, Some(&sdp(ANSWER)), Headers::new());
            }
            Act::Refuse => {
                let _ = endpoint.reject(now, call, status(486), Headers::new());
            }
            Act::HangUp => {
                let _ = endpoint.hang_up(now, call, Headers::new());
            }
            Act::Update | Act::ReInvite => {
                let method = if act == Act::Update { OfferMethod::Update } else { OfferMethod::ReInvite };
                if endpoint.offer(now, call, method, &sdp(HOLD)).is_ok() {
                    self.open_offers += 1;
                }
            }
        }
    }
}

pub(crate) struct World {
    scenario: Scenario,
    caller: User,
    callee: User,
    losses_left: usize,
    now: Instant,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut world = Self {
            scenario: scenario.clone(),
            caller: User::new(1, &scenario.caller),
            callee: User::new(2, &scenario.callee),
            losses_left: scenario.losses,
            now: Instant::now(),
        };
        let flow = Flow::udp(address(PEER), address(US));
        let call = outgoing(flow, Some(sdp(OFFER)), scenario.reliability, PrackPolicy::Auto);
        world.caller.call = Some(world.caller.endpoint.invite(world.now, call).expect("it calls"));
        world.flush();
        world
    }

    /// The steps that can be taken.
    pub(crate) fn possible(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (side, user) in [(Side::Caller, &self.caller), (Side::Callee, &self.callee)] {
            // Nobody acts on a call that has not come, and it makes no difference what is done after the end.
            let can_act = user.call.is_some() && user.clearings.is_empty();
            if can_act && !user.script.is_empty() {
                steps.push(Step::Act(side));
            }
            if !user.inbox.is_empty() {
                steps.push(Step::Deliver(side));
                if self.losses_left > 0 {
                    steps.push(Step::Lose(side));
                }
            }
        }
        steps
    }

    pub(crate) fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Deliver(side) => self.deliver(side),
            Step::Act(side) => {
                let user = self.user(side);
                if let Some(act) = user.script.pop_front() {
                    user.act(now, act);
                }
            }
            Step::Lose(side) => {
                self.losses_left -= 1;
                self.user(side).inbox.pop_front();
            }
        }
        self.flush();
    }

    /// Lets everything come to rest, and checks that it is as it must be.
    pub(crate) fn settle_and_check(mut self, order: &[Step]) {
        self.run_for(GIVE_UP * 3);
        let is_connected = (self.caller.is_connected, self.callee.is_connected);
        let is_over = (!self.caller.clearings.is_empty(), !self.callee.clearings.is_empty());
        let was_there = self.callee.call.is_some();
        let story = || {
            format!(
                "{:?}\n{order:?}\ncaller {:?}\ncallee {:?}",
                self.scenario, self.caller.log, self.callee.log
            )
        };
        assert_eq!(is_connected.0, is_connected.1, "no side stays connected alone: {}", story());
        assert!(!was_there || is_over.0 == is_over.1, "no side stays alone: {}", story());
        let open = (self.caller.open_offers, self.callee.open_offers);
        assert_eq!(open, (0, 0), "no offer is left without an end: {}", story());
        // A call that is still up ends by the caller's will.
        let now = self.now;
        self.caller.act(now, Act::HangUp);
        self.flush();
        self.run_for(GIVE_UP * 3);
        let story = || {
            format!(
                "{:?}\n{order:?}\ncaller {:?}\ncallee {:?}",
                self.scenario, self.caller.log, self.callee.log
            )
        };
        for user in [&self.caller, &self.callee] {
            let expected = usize::from(user.call.is_some());
            assert_eq!(user.clearings.len(), expected, "one end: {}", story());
            assert_eq!(user.endpoint.counts(), Counts::default(), "nothing is retained: {}", story());
        }
        if let ([caller], [callee]) = (&self.caller.clearings[..], &self.callee.clearings[..]) {
            let fits = FITTING.contains(&(caller.cause, callee.cause));
            assert!(fits, "{:?} and {:?} do not fit: {}", caller.cause, callee.cause, story());
        }
    }

    fn user(&mut self, side: Side) -> &mut User {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    fn deliver(&mut self, side: Side) {
        let now = self.now;
        let (local, remote) = match side {
            Side::Caller => (address(PEER), address(US)),
            Side::Callee => (address(US), address(PEER)),
        };
        let user = self.user(side);
        if let Some(bytes) = user.inbox.pop_front() {
            user.endpoint.receive(now, Flow::udp(local, remote), bytes);
        }
    }

    /// Lets users hear what happened, and puts what was sent on its way.
    fn flush(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            let now = self.now;
            let user = self.user(side);
            while let Some(event) = user.endpoint.poll_event() {
                user.hear(now, event);
            }
            let mut sent = Vec::new();
            while let Some(transmit) = user.endpoint.poll_transmit() {
                sent.push(transmit.bytes);
            }
            let other = if side == Side::Caller { Side::Callee } else { Side::Caller };
            self.user(other).inbox.extend(sent);
        }
    }

    /// Delivers everything at once, and lets time pass.
    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            while !(self.caller.inbox.is_empty() && self.callee.inbox.is_empty()) {
                self.deliver(Side::Caller);
                self.deliver(Side::Callee);
                self.flush();
            }
            let timers = [self.caller.endpoint.poll_timeout(), self.callee.endpoint.poll_timeout()];
            let Some(next) = timers.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            let now = self.now;
            self.caller.endpoint.handle_timeout(now);
            self.callee.endpoint.handle_timeout(now);
            self.flush();
        }
        self.now = end;
    }
}

/// How the two ends of one call may look from the two sides.
const FITTING: &[(ClearingCause, ClearingCause)] = &[
    // Hung up by one side, or by both at once.
    (ClearingCause::LocalBye, ClearingCause::RemoteBye),
    (ClearingCause::RemoteBye, ClearingCause::LocalBye),
    (ClearingCause::LocalBye, ClearingCause::LocalBye),
    // Cancelled; or cancelled while the 200 was on its way, which shows as a BYE.
    (ClearingCause::Cancelled, ClearingCause::Cancelled),
    (ClearingCause::Cancelled, ClearingCause::RemoteBye),
    (ClearingCause::Cancelled, ClearingCause::LocalBye),
    // Refused; or refused while the CANCEL was on its way.
    (ClearingCause::Refused, ClearingCause::Rejected),
    (ClearingCause::Cancelled, ClearingCause::Rejected),
];

/// 64*T1.
const GIVE_UP: Duration = Duration::from_secs(32);
