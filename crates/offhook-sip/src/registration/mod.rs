//! Registrations of ours: REGISTER, its refreshes, and where to turn when a registrar fails (RFC 3261 section
//! 10).

mod binding;

use std::time::{Duration, Instant};

use self::binding::{granted_seconds, refresh_after};
use crate::arena::{Arena, Key};
use crate::auth::{Attempt, ClientAuth, Credentials};
use crate::dialog::address;
use crate::endpoint::{Core, Event, Flow};
use crate::header::{
    CSeq, CallId, Contact, Expires, HeaderName, Headers, MaxForwards, MinExpires, NameAddr, RetryAfter,
};
use crate::message::{Method, Request, Response, StatusCode};
use crate::random::Token;
use crate::text::Text;
use crate::timer::TimerId;
use crate::transaction::{Again, ClientId, Outcome, Owner};
use crate::uri::Uri;

/// What is to be registered, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Registration {
    /// The address of record: whose calls are to come to us. Stands in `To` and `From`.
    pub address: NameAddr,
    /// The Request-URI: the domain of the registrar, without a user.
    pub registrar: Uri,
    /// Where REGISTER goes, the preferred place first. When one does not answer or is out of order the next
    /// one is tried at once, and after the last of them the first one again, later and later.
    pub targets: Vec<Flow>,
    /// The user part of our Contact, by which calls that come in by this registration can be told.
    pub contact_user: Option<Text>,
    /// How long the registration is asked to hold: one hour. The registrar may shorten it, and lengthen it by
    /// a 423.
    pub expires: Duration,
    /// With what challenges are answered.
    pub credentials: Option<Credentials>,
    /// The Call-ID of all its requests; without one a random one is made.
    pub call_id: Option<CallId>,
    /// Header fields to add.
    pub headers: Headers,
}

impl Registration {
    /// A registration of `address` at the registrar of its domain, for an hour at a time.
    pub fn new(address: NameAddr, targets: Vec<Flow>) -> Self {
        let mut registrar = address.uri.clone();
        registrar.user = None;
        registrar.password = None;
        Self {
            address,
            registrar,
            targets,
            contact_user: None,
            expires: Duration::from_secs(3600),
            credentials: None,
            call_id: None,
            headers: Headers::new(),
        }
    }
}

/// Names a registration of an [`Endpoint`](crate::Endpoint), from
/// [`Endpoint::register`](crate::Endpoint::register) until [`Event::Unregistered`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistrationId(Key);

/// Why a registration does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistrationFailure {
    /// The registrar, or something before it, refused. 401 and 407: the credentials are missing or wrong.
    Refused(StatusCode),
    /// Nothing answered in 64*T1.
    NoResponse,
    /// The transport could not deliver.
    TransportFailure,
}

/// Why [`Endpoint::register`](crate::Endpoint::register) did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// There is no place to send REGISTER to.
    #[error("a registration needs at least one target, and none is given")]
    NoTarget,
    /// The [`Registration::call_id`] is not one word.
    #[error("malformed Call-ID {call_id:?}: expected visible characters without blanks")]
    MalformedCallId {
        /// The Call-ID given.
        call_id: Text,
    },
}

/// Why [`Endpoint::unregister`](crate::Endpoint::unregister) did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnregisterError {
    /// The registration has ended, or is being ended already.
    #[error("the registration has ended or is being ended")]
    NotRegistered,
}

/// All registrations of an endpoint.
#[derive(Debug)]
pub(crate) struct Registrations {
    states: Arena<RegistrationState>,
}

/// One registration.
#[derive(Debug)]
pub(crate) struct RegistrationState {
    id: RegistrationId,
    settings: Registration,
    local_tag: Token,
    call_id: Text,
    cseq: u32,
    /// How many seconds are asked for.
    seconds: u32,
    auth: Option<ClientAuth>,
    /// The place that is asked, by its number.
    target: usize,
    /// How many places have failed since the last success or the last pause.
    failed_targets: usize,
    /// How many times all places have failed since the last success.
    failed_rounds: u32,
    stage: Stage,
    is_leaving: bool,
    timer: Option<TimerId>,
}

#[derive(Debug)]
enum Stage {
    /// A REGISTER waits for its response.
    Asking { client: ClientId, removes: bool },
    /// It holds, and is to be refreshed at that time.
    Holding { refresh: Instant },
    /// It does not hold; another attempt follows at that time.
    Pausing { until: Instant },
    /// It is to be forgotten.
    Over,
}

impl Registrations {
    pub(crate) fn new() -> Self {
        Self { states: Arena::new() }
    }

    pub(crate) fn begin(&mut self, core: &mut Core, settings: Registration) -> RegistrationId {
        let local_tag = core.random.token();
        let call_id = match &settings.call_id {
            Some(call_id) => call_id.0.clone(),
            None => Text::from(format!("{}{}", core.random.token(), core.random.token())),
        };
        let auth = settings.credentials.clone().map(ClientAuth::new);
        let seconds = u32::try_from(settings.expires.as_secs()).unwrap_or(u32::MAX).max(1);
        RegistrationId(self.states.insert_with(|key| RegistrationState {
            id: RegistrationId(key),
            settings,
            local_tag,
            call_id,
            cseq: 0,
            seconds,
            auth,
            target: 0,
            failed_targets: 0,
            failed_rounds: 0,
            stage: Stage::Over,
            is_leaving: false,
            timer: None,
        }))
    }

    pub(crate) fn at_mut(&mut self, id: RegistrationId) -> Option<&mut RegistrationState> {
        self.states.get_mut(id.0)
    }

    pub(crate) fn remove(&mut self, id: RegistrationId) {
        self.states.remove(id.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }
}

impl RegistrationState {
    pub(crate) fn timer_mut(&mut self) -> &mut Option<TimerId> {
        &mut self.timer
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Holding { refresh } => Some(refresh),
            Stage::Pausing { until } => Some(until),
            Stage::Asking { .. } | Stage::Over => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Asks for the registration, for the first time or again.
    pub(crate) fn ask(&mut self, core: &mut Core, now: Instant) {
        self.send(core, now, self.seconds, Attempt::default());
    }

    /// Ends the registration.
    pub(crate) fn leave(&mut self, core: &mut Core, now: Instant) -> Result<(), UnregisterError> {
        if self.is_leaving {
            return Err(UnregisterError::NotRegistered);
        }
        self.is_leaving = true;
        match self.stage {
            Stage::Holding { .. } => self.send(core, now, 0, Attempt::default()),
            Stage::Pausing { .. } | Stage::Over => self.end(core),
            // What is asked for has to be granted before it can be given back.
            Stage::Asking { .. } => {}
        }
        Ok(())
    }

    /// What came of a REGISTER.
    pub(crate) fn receive_outcome(
        &mut self,
        core: &mut Core,
        now: Instant,
        client: ClientId,
        outcome: &Outcome,
    ) {
        let Stage::Asking { client: asked, removes } = self.stage else { return };
        if asked != client {
            return;
        }
        let failure = match outcome {
            Outcome::TimedOut => RegistrationFailure::NoResponse,
            Outcome::TransportFailed => RegistrationFailure::TransportFailure,
            Outcome::Response(response) if response.status.is_success() => {
                return self.receive_success(core, now, removes, response);
            }
            Outcome::Response(response) => {
                if self.ask_better(core, now, client, removes, response) {
                    return;
                }
                RegistrationFailure::Refused(response.status)
            }
        };
        if self.is_leaving {
            return self.end(core);
        }
        let retry_after = match outcome {
            Outcome::Response(response) => response.headers.typed_opt::<RetryAfter>().ok().flatten(),
            Outcome::TimedOut | Outcome::TransportFailed => None,
        };
        self.fail(core, now, failure, retry_after.map(|after| Duration::from_secs(after.seconds.into())));
    }

    fn receive_success(&mut self, core: &mut Core, now: Instant, removes: bool, response: &Response) {
        if removes {
            return self.end(core);
        }
        if self.is_leaving {
            return self.send(core, now, 0, Attempt::default());
        }
        let flow = self.flow();
        let contact = self.contact(core, flow);
        let seconds = granted_seconds(response, &contact, self.seconds);
        self.failed_targets = 0;
        self.failed_rounds = 0;
        let granted = Duration::from_secs(seconds.into());
        self.stage = Stage::Holding { refresh: now + refresh_after(granted, &core.config.timers) };
        core.emit(Event::Registered {
            registration: self.id,
            flow,
            expires: granted,
            response: Box::new(response.clone()),
        });
    }

    /// Does what the response asks for, if it can be done: credentials, or a longer time. Whether REGISTER
    /// was sent again.
    fn ask_better(
        &mut self,
        core: &mut Core,
        now: Instant,
        client: ClientId,
        removes: bool,
        response: &Response,
    ) -> bool {
        let seconds = if removes { 0 } else { self.seconds };
        if response.status == StatusCode::INTERVAL_TOO_BRIEF {
            let least = response.headers.typed::<MinExpires>().map(|least| least.0).unwrap_or_default();
            if removes || least <= self.seconds || least > LONGEST_SECONDS {
                return false;
            }
            self.seconds = least;
            self.send(core, now, least, Attempt::default());
            return true;
        }
        let Some(auth) = &mut self.auth else { return false };
        let again = core.clients.at_mut(client).and_then(|transaction| transaction.again.take());
        let Some(Again { mut attempt, .. }) = again.map(|again| *again) else { return false };
        if !auth.take(response, &mut attempt) {
            return false;
        }
        self.send(core, now, seconds, attempt);
        true
    }

    /// Turns to the next place, or waits when there is none that could help.
    fn fail(
        &mut self,
        core: &mut Core,
        now: Instant,
        failure: RegistrationFailure,
        retry_after: Option<Duration>,
    ) {
        self.failed_targets += 1;
        let helps_elsewhere = match failure {
            RegistrationFailure::Refused(status) => {
                status == StatusCode::REQUEST_TIMEOUT || (500..600).contains(&status.code())
            }
            RegistrationFailure::NoResponse | RegistrationFailure::TransportFailure => true,
        };
        if helps_elsewhere {
            self.target = (self.target + 1) % self.settings.targets.len();
            if self.failed_targets < self.settings.targets.len() {
                return self.ask(core, now);
            }
        }
        self.failed_targets = 0;
        let pause = pause(self.failed_rounds, core).max(retry_after.unwrap_or_default().min(LONGEST_PAUSE));
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.stage = Stage::Pausing { until: now + pause };
        core.emit(Event::RegistrationFailed { registration: self.id, failure, retry_in: pause });
    }

    fn end(&mut self, core: &mut Core) {
        self.stage = Stage::Over;
        core.emit(Event::Unregistered { registration: self.id });
    }

    fn flow(&self) -> Flow {
        // `target` is always taken modulo their number, which is not zero.
        self.settings.targets[self.target]
    }

    fn contact(&self, core: &Core, flow: Flow) -> Contact {
        let address = core.config.advertised.unwrap_or(flow.local);
        let mut uri = Uri::from_address(self.settings.contact_user.as_deref(), address);
        if flow.protocol.is_reliable() {
            uri.params.set("transport", &flow.protocol.via_name().to_ascii_lowercase());
        }
        Contact(NameAddr::new(uri))
    }

    /// Sends REGISTER (RFC 3261 section 10.2) for so many seconds; none ends the registration.
    fn send(&mut self, core: &mut Core, now: Instant, seconds: u32, attempt: Attempt) {
        let flow = self.flow();
        self.cseq += 1;
        let (branch, via) = core.via(flow);
        let mut request = Request::new(Method::Register, self.settings.registrar.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::Via, via);
        headers.push_typed(&MaxForwards(70));
        headers.push(HeaderName::From, address(&self.settings.address, Some(self.local_tag)));
        headers.push(HeaderName::To, address(&self.settings.address, None));
        headers.push(HeaderName::CallId, self.call_id.clone());
        headers.push_typed(&CSeq { number: self.cseq, method: Method::Register });
        headers.push_typed(&self.contact(core, flow));
        headers.push_typed(&Expires(seconds));
        core.add_allow(headers);
        core.add_supported(headers);
        core.add_user_agent(headers);
        headers.extend(&self.settings.headers);
        let owner = Some(Owner::Registration(self.id));
        let client = match &mut self.auth {
            None => core.send(now, flow, request, branch, owner),
            Some(auth) => {
                auth.authorize(&mut request, &mut core.random);
                core.send_challengeable(now, flow, request, branch, owner, attempt)
            }
        };
        self.stage = Stage::Asking { client, removes: seconds == 0 };
    }
}

/// How long to wait after so many rounds without success: from half a minute up to half an hour, each a half
/// to a whole of it, so that not everybody comes back at once (RFC 5626 section 4.5).
fn pause(failed_rounds: u32, core: &mut Core) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << failed_rounds.min(10)).min(LONGEST_PAUSE);
    let spread = u64::try_from(longest.as_millis() / 2).unwrap_or(1).max(1);
    longest / 2 + Duration::from_millis(core.random.below(spread))
}

const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(1800);
/// A registrar that demands more than a week has made a mistake.
const LONGEST_SECONDS: u32 = 7 * 24 * 3600;
