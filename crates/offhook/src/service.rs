//! Services: the links between numbers or names and applications (RUN-8, RUN-9).

use std::sync::Arc;
use std::time::Duration;

use crate::details::Direction;
use crate::settings::ConfigError;
use crate::validated::Validated;

/// The link between a number or name and an application.
///
/// An inbound service is chosen by the user part of the address that is called; an outbound one is started
/// by [`ServerHandle::start_outbound`](crate::ServerHandle::start_outbound).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Its name, by which an outbound service is started.
    pub name: String,
    /// Whether callers or requests start its instances.
    pub direction: Direction,
    /// The name of the application that runs.
    pub application: String,
    /// What the application gets as its `application_parameters` (RUN-7).
    pub parameters: String,
    /// The numbers and user names that an inbound service is called by. `*` stands for any characters and
    /// `?` for one; a name without them goes before a pattern, and otherwise the order of the services
    /// decides. A leading `+` is not looked at.
    pub numbers: Vec<String>,
    /// How many extra channels an instance has, 0 to 3 (RUN-23).
    pub extra_channels: u8,
    /// The users of [`Config::users`](crate::Config::users) who may call an inbound service; others get 403, and who
    /// is nobody 401. An empty list lets everybody in without being asked. `None`: every user of the server, or
    /// everybody where it has none.
    pub users: Option<Vec<String>>,
    /// Sends 180 on arrival (RUN-12); the server's setting of that name does so for all services.
    pub auto_ring: bool,
    /// The longest time that an answered call of an instance may last, zero for no limit (RUN-27);
    /// `None`: the server's setting.
    pub max_call: Option<Duration>,
    /// The longest time that an answered call of an instance may receive no RTP, zero for no limit (RUN-28);
    /// `None`: the server's setting.
    pub media_timeout: Option<Duration>,
}

impl Service {
    /// A service that callers of `number` reach.
    pub fn inbound(number: impl Into<String>, application: impl Into<String>) -> Self {
        let number = number.into();
        Self { numbers: vec![number.clone()], ..Self::new(number, Direction::Inbound, application.into()) }
    }

    /// A service whose instances are started by its name.
    pub fn outbound(name: impl Into<String>, application: impl Into<String>) -> Self {
        Self::new(name.into(), Direction::Outbound, application.into())
    }

    fn new(name: String, direction: Direction, application: String) -> Self {
        Self {
            name,
            direction,
            application,
            parameters: String::new(),
            numbers: Vec::new(),
            extra_channels: 0,
            users: None,
            auto_ring: false,
            max_call: None,
            media_timeout: None,
        }
    }
}

/// Why an instance runs, from [`CallChannel::instance`](crate::CallChannel::instance).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceStart {
    /// Whether a caller or a request started it.
    pub direction: Direction,
    /// The service that was called or started; `None` for a caller of an address that has none.
    pub service: Option<Arc<Service>>,
    /// What the start request gave to an outbound instance (RUN-7).
    pub outbound_parameters: Option<Arc<str>>,
    /// The encrypted files that the instance may play.
    pub(crate) validated: Arc<Validated>,
}

impl InstanceStart {
    /// The same for an instance of its own.
    pub(crate) fn instance(&self) -> Self {
        Self { validated: Arc::default(), ..self.clone() }
    }

    /// How many extra channels the instance has (RUN-23).
    pub(crate) fn extra_channels(&self) -> usize {
        self.service.as_ref().map_or(0, |service| service.extra_channels.into())
    }
}

/// All services, in the form in which calls find theirs.
#[derive(Debug)]
pub(crate) struct Services {
    services: Vec<Arc<InstanceStart>>,
    /// For the address that has no service.
    none: Arc<InstanceStart>,
}

impl Services {
    pub(crate) fn new(services: &[Service]) -> Result<Self, ConfigError> {
        for (index, service) in services.iter().enumerate() {
            let Service { name, extra_channels, .. } = service;
            if *extra_channels > MOST_EXTRA_CHANNELS {
                return Err(ConfigError::ExtraChannels { service: name.clone(), given: *extra_channels });
            }
            let same = |other: &Service| other.name == *name && other.direction == service.direction;
            if services[..index].iter().any(same) {
                return Err(ConfigError::ServiceTwice { service: name.clone() });
            }
        }
        let start = |service: &Service| {
            Arc::new(InstanceStart {
                direction: service.direction,
                service: Some(Arc::new(service.clone())),
                outbound_parameters: None,
                validated: Arc::default(),
            })
        };
        let none = InstanceStart {
            direction: Direction::Inbound,
            service: None,
            outbound_parameters: None,
            validated: Arc::default(),
        };
        Ok(Self { services: services.iter().map(start).collect(), none: Arc::new(none) })
    }

    /// What a call to this user part starts (RUN-8).
    pub(crate) fn called(&self, user: &str) -> &Arc<InstanceStart> {
        let inbound = || self.of(Direction::Inbound);
        let exact = |service: &Service| service.numbers.iter().any(|number| bare(number) == bare(user));
        let fits = |service: &Service| service.numbers.iter().any(|number| matches(bare(number), bare(user)));
        let found = inbound().find(|(_, service)| exact(service));
        found.or_else(|| inbound().find(|(_, service)| fits(service))).map_or(&self.none, |(start, _)| start)
    }

    /// The outbound service of this name.
    pub(crate) fn outbound(&self, name: &str) -> Option<&Arc<InstanceStart>> {
        self.of(Direction::Outbound).find(|(_, service)| service.name == name).map(|(start, _)| start)
    }

    /// Whether an inbound service has this name.
    pub(crate) fn is_inbound(&self, name: &str) -> bool {
        self.of(Direction::Inbound).any(|(_, service)| service.name == name)
    }

    fn of(&self, direction: Direction) -> impl Iterator<Item = (&Arc<InstanceStart>, &Service)> {
        let started = self.services.iter().filter(move |start| start.direction == direction);
        started.filter_map(|start| Some((start, start.service.as_deref()?)))
    }
}

/// A number without its `+`.
fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}

/// Whether a text fits a pattern of `*`, `?` and literal characters.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where to go on if what follows the last `*` does not fit here.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (at, read) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// RUN-23.
const MOST_EXTRA_CHANNELS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_wildcards_do() {
        for (pattern, text) in
            [("*", ""), ("*", "100"), ("1*0", "100"), ("1??", "100"), ("*0*1*", "20013"), ("ann", "ann")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "1"), ("1?", "1"), ("1*0", "101"), ("ann", "Ann"), ("?", "")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    /// RUN-8: an exact number goes before a pattern, a pattern before none.
    #[test]
    fn the_nearest_service_is_called() {
        let services =
            Services::new(&[Service::inbound("1*", "all"), Service::inbound("+100", "desk")]).unwrap();
        let name = |user| services.called(user).service.as_ref().map(|service| service.application.clone());
        assert_eq!(name("100").as_deref(), Some("desk"));
        assert_eq!(name("101").as_deref(), Some("all"));
        assert_eq!(name("200"), None);
    }

    #[test]
    fn services_are_checked() {
        let mut service = Service::outbound("reminder", "reminder");
        assert!(Services::new(&[service.clone(), service.clone()]).is_err());
        service.extra_channels = 4;
        assert!(Services::new(&[service]).is_err());
    }
}
