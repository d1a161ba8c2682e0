//! The application that the server runs for every call: it finds the Python application, a worker for it, and carries
//! the instance from its start to its record.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook::{AppError, Application, CallChannel, Details, Direction, Refusal, State};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::applications::{Applications, Target};
use super::instance::{Changes, End, Instance, Purpose};
use super::link::{CallError, Seat};
use super::pool::Pool;
use super::protocol::{Form, InstanceEnd};
use crate::logs::{Reason, Record, Records};

/// Runs Python applications for calls.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Inner>);

struct Inner {
    pool: Arc<Pool>,
    applications: Applications,
    /// Modules that only applications import; no call is for them.
    common: HashSet<String>,
    records: Option<Records>,
    next_instance: AtomicU64,
    begun: u64,
}

/// One instance from the moment its call is there.
struct Run {
    inner: Arc<Inner>,
    channel: CallChannel,
    target: Target,
    id: String,
    start: SystemTime,
    clock: Instant,
    recorded: AtomicBool,
}

impl Gateway {
    /// Instances run in the workers of `pool`; each leaves a record.
    /// `common` names the modules that take no calls.
    pub(crate) fn new(
        pool: Arc<Pool>,
        applications: Applications,
        common: HashSet<String>,
        records: Option<Records>,
    ) -> Self {
        let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(Arc::new(Inner {
            pool,
            applications,
            common,
            records,
            next_instance: AtomicU64::new(1),
            begun: begun.as_micros() as u64,
        }))
    }
}

impl Application for Gateway {
    /// RUN-25: a call for which no worker has room is refused before anything is done for it.
    fn admit(&self, _: &Details) -> Result<(), Refusal> {
        if self.0.pool.has_room() { Ok(()) } else { Err(Refusal::Busy) }
    }

    async fn run(&self, channel: CallChannel) -> Result<i64, AppError> {
        let inner = &self.0;
        let called = user(&channel.details().call_to);
        let service = channel.instance().service.clone();
        let number = inner.next_instance.fetch_add(1, Ordering::Relaxed);
        // Unique over restarts: the second half counts, the first half is the moment at which the server began.
        let id = format!("{:x}-{number:x}", inner.begun);
        let mut run = Run {
            inner: Arc::clone(inner),
            channel,
            target: Target {
                name: service.as_ref().map_or(&called, |service| &service.application).clone(),
                service: service.as_ref().map_or(&called, |service| &service.name).clone(),
                path: Default::default(),
                parameters: String::new(),
            },
            id,
            start: SystemTime::now(),
            clock: Instant::now(),
            recorded: AtomicBool::new(false),
        };
        let target = match &service {
            Some(service) => inner.applications.of_service(service),
            None => inner.applications.called(&called, |name| !inner.common.contains(name)),
        };
        match target {
            Ok(target) => run.target = target,
            Err(missing) => {
                return run.not_started(-3, Refusal::NotFound, &format!("no application {:?}", missing.name));
            }
        }
        let Some(seat) = inner.pool.take_seat() else {
            // Refused as by the limiter: nothing was started that could be recorded.
            run.recorded.store(true, Ordering::Relaxed);
            return Err(AppError::refused(Refusal::Busy, "every worker is full"));
        };
        run.in_worker(seat).await
    }
}

impl Run {
    async fn in_worker(self, seat: Seat) -> Result<i64, AppError> {
        let link = Arc::clone(seat.link());
        match link.ensure_loaded(&self.target.name, &self.target.path).await {
            Ok(loaded) => match (loaded.form, self.direction()) {
                (Form::Short | Form::Inbound, Direction::Inbound) | (Form::Outbound, Direction::Outbound) => {
                }
                (Form::Common, _) => {
                    let problem =
                        format!("{} is a module for applications, not an application", self.target.name);
                    return self.not_started(-4, Refusal::Invalid, &problem);
                }
                (form, direction) => {
                    let kind = if form == Form::Outbound { "outbound" } else { "inbound" };
                    let problem = format!(
                        "application {} is {kind}, and was asked for as {}",
                        self.target.name,
                        direction.name()
                    );
                    return self.not_started(-6, Refusal::Invalid, &problem);
                }
            },
            Err(CallError::Refused(error)) if error.code == -3 => {
                return self.not_started(-3, Refusal::NotFound, &error.message);
            }
            Err(CallError::Refused(error)) => return self.not_started(-4, Refusal::Invalid, &error.message),
            Err(error @ (CallError::Gone | CallError::Malformed(_))) => {
                self.record(-9, Duration::ZERO);
                return Err(AppError::lost(error.to_string()));
            }
        }
        if self.direction() == Direction::Inbound && self.channel.state() == State::Idle {
            self.record(-2, Duration::ZERO);
            tracing::info!(target: "offhook::report", instance = self.id, "the call was gone before {} could start", self.target.name);
            return Ok(-2);
        }

        let purpose = Purpose {
            application: self.target.name.clone(),
            path: self.target.path.to_string_lossy().into_owned(),
            service: self.target.service.clone(),
            parameters: self.target.parameters.clone(),
            outbound_parameters: self.outbound_parameters(),
        };
        let (instance, ended) = Instance::new(self.id.clone(), purpose, self.channel.clone());
        if !link.add(&instance) {
            self.record(-1, Duration::ZERO);
            return Err(AppError::lost("the worker is gone"));
        }
        tracing::info!(
            instance = self.id,
            application = self.target.name,
            worker = link.index(),
            from = %self.channel.details().call_from,
            service = self.target.service,
            "instance started"
        );
        instance.start(&link);
        match self.until_it_ends(&instance, &link, ended).await {
            End::Returned { request, end } => self.returned(seat, instance, request, end),
            End::Lost { reason } => {
                let duration = self.clock.elapsed();
                self.record(-1, duration);
                tracing::warn!(target: "offhook::report", instance = self.id, application = self.target.name, "instance was lost: {reason}");
                drop(seat);
                self.inner.pool.seat_left();
                Err(AppError::lost(reason))
            }
        }
    }

    /// Passes on what happens to the channel until the instance has ended.
    async fn until_it_ends(
        &self,
        instance: &Instance,
        link: &super::link::Link,
        mut ended: oneshot::Receiver<End>,
    ) -> End {
        let mut changes = Changes::of(instance);
        // Something may have happened between the start line and the line above.
        instance.report(link);
        let mut more = true;
        loop {
            tokio::select! {
                end = &mut ended => {
                    return end.unwrap_or_else(|_| End::Lost { reason: "the instance was dropped".to_owned() });
                }
                further = changes.next(), if more => {
                    more = further;
                    instance.report(link);
                }
            }
        }
    }

    /// `main` is over: the server closes the call, and a task of its own waits for that, writes the record and answers.
    fn returned(
        self,
        seat: Seat,
        instance: Arc<Instance>,
        request: u64,
        end: InstanceEnd,
    ) -> Result<i64, AppError> {
        let duration = self.clock.elapsed();
        let InstanceEnd { return_code, exception, hangup, .. } = end;
        tracing::info!(
            target: "offhook::report",
            instance = self.id,
            application = self.target.name,
            return_code,
            seconds = duration.as_secs_f32(),
            exception = exception.as_deref().map(crate::logs::one_entry).as_deref(),
            "instance ended"
        );
        tokio::spawn(async move {
            let legs = std::iter::once(&self.channel).chain(self.channel.extra_channels());
            let idle = legs.map(|channel| channel.wait_for_idle(Some(LONGEST_CLEARING)));
            futures_util::future::join_all(idle).await;
            self.record(return_code, duration);
            let link = seat.link();
            instance.reply(link, request, &Ok(json!({})));
            link.remove(&instance);
            let pool = Arc::clone(&self.inner.pool);
            drop(seat);
            pool.seat_left();
        });
        match exception {
            Some(message) if hangup => Err(AppError::hangup(message)),
            Some(message) => Err(AppError::exception(message)),
            None => Ok(return_code),
        }
    }

    /// RUN-15, ADR-6: the application could not be started.
    fn not_started(&self, return_code: i64, refusal: Refusal, problem: &str) -> Result<i64, AppError> {
        self.record(return_code, Duration::ZERO);
        tracing::warn!(
            target: "offhook::report",
            instance = self.id,
            return_code,
            "no application was started: {}",
            crate::logs::one_entry(problem)
        );
        Err(AppError::refused(refusal, problem))
    }

    fn direction(&self) -> Direction {
        self.channel.instance().direction
    }

    /// What the start request gave (RUN-7); `None` for an inbound instance.
    fn outbound_parameters(&self) -> Option<String> {
        let given = self.channel.instance().outbound_parameters.as_deref().unwrap_or_default();
        (self.direction() == Direction::Outbound).then(|| given.to_owned())
    }

    fn record(&self, return_code: i64, duration: Duration) {
        if self.recorded.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(records) = &self.inner.records else { return };
        records.write(&Record {
            application: self.target.name.clone(),
            instance: self.id.clone(),
            start: self.start,
            duration,
            return_code,
            application_parameters: self.target.parameters.clone(),
            reason: match self.outbound_parameters() {
                None => Reason::Called { from: self.channel.details().call_from.to_string() },
                Some(parameters) => Reason::Started { parameters },
            },
        });
    }
}

/// An instance that the server gave up, at its end for example, is recorded all the same (RUN-20).
impl Drop for Run {
    fn drop(&mut self) {
        self.record(-1, self.clock.elapsed());
    }
}

/// The user part of a SIP address, or the whole of what is not one (a telephone number).
fn user(address: &str) -> String {
    let rest = ["sip:", "sips:", "tel:"].iter().find_map(|scheme| {
        let head = address.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
    });
    match rest {
        Some(rest) => {
            rest.split(['@', ';', '?']).next().unwrap_or(rest).split(':').next().unwrap_or(rest).to_owned()
        }
        None => address.to_owned(),
    }
}

/// As long as `hang_up()` waits (HUP-4), and a little more.
const LONGEST_CLEARING: Duration = Duration::from_secs(65);

#[cfg(test)]
mod tests {
    use super::user;

    /// RUN-8: services are found by number or SIP user name.
    #[test]
    fn the_called_name_is_the_user_part_of_the_address() {
        for (address, name) in [
            ("sip:welcome@192.0.2.7:5060", "welcome"),
            ("SIP:1000;phone-context=x@example.org;user=phone", "1000"),
            ("sips:bob:secret@[2001:db8::1]", "bob"),
            ("tel:+441234", "+441234"),
            ("+441234", "+441234"),
            ("", ""),
        ] {
            assert_eq!(user(address), name, "{address}");
        }
    }
}
