//! Trunks that are registered, so that their calls come to this server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_sip::auth::Credentials;
use offhook_sip::header::CallId;
use offhook_sip::{Endpoint, Event, Flow, NameAddr, Registration, RegistrationId, Text, Uri};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::network::Network;
use crate::shard::Order;
use crate::trunk::CheckedTrunk;

/// The registrations that a shard keeps.
#[derive(Default)]
pub(crate) struct TrunkRegistrations {
    trunks: HashMap<RegistrationId, Arc<CheckedTrunk>>,
}

impl TrunkRegistrations {
    /// Registers a trunk by way of these targets, and keeps it registered.
    pub(crate) fn begin(
        &mut self,
        endpoint: &mut Endpoint,
        now: Instant,
        trunk: Arc<CheckedTrunk>,
        targets: Vec<Flow>,
        call_id: CallId,
    ) {
        let name = &trunk.trunk.name;
        // That there are some was checked with the settings.
        let Some(credentials) = &trunk.trunk.credentials else { return };
        let address = NameAddr::new(Uri::sip(Some(&credentials.user), trunk.domain.clone(), None));
        let mut registration = Registration::new(address, targets);
        registration.contact_user = Some(Text::from(credentials.user.as_str()));
        registration.credentials = Some(Credentials::new(&*credentials.user, &*credentials.password));
        registration.call_id = Some(call_id);
        match endpoint.register(now, registration) {
            Ok(id) => {
                self.trunks.insert(id, trunk);
            }
            Err(error) => tracing::error!(trunk = %name, %error, "the trunk is not registered"),
        }
    }

    /// Takes note of what came of a registration.
    pub(crate) fn told(&mut self, event: &Event) {
        match event {
            Event::Registered { registration, flow, expires, .. } => {
                if let Some(trunk) = self.trunks.get(registration) {
                    let (name, seconds) = (&trunk.trunk.name, expires.as_secs());
                    tracing::info!(trunk = %name, registrar = %flow.remote, seconds, "the trunk is registered");
                }
            }
            Event::RegistrationFailed { registration, failure, retry_in, .. } => {
                if let Some(trunk) = self.trunks.get(registration) {
                    let (name, seconds) = (&trunk.trunk.name, retry_in.as_secs());
                    tracing::warn!(trunk = %name, ?failure, seconds, "the trunk is not registered; another attempt follows");
                }
            }
            Event::Unregistered { registration } => drop(self.trunks.remove(registration)),
            _ => {}
        }
    }

    /// Ends all registrations, so that no call comes to a server that is gone.
    pub(crate) fn end_all(&self, endpoint: &mut Endpoint, now: Instant) {
        let mut ids: Vec<_> = self.trunks.keys().copied().collect();
        // One order for every run of the simulator.
        ids.sort_unstable();
        for id in ids {
            if let Err(error) = endpoint.unregister(now, id) {
                tracing::debug!(%error, "unregister");
            }
        }
    }
}

/// Finds out where a trunk is, again and again until there is an answer, and has a shard register it.
pub(crate) async fn begin(
    network: Arc<dyn Network>,
    trunk: Arc<CheckedTrunk>,
    shard: mpsc::UnboundedSender<Order>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let port = trunk.port.unwrap_or(5060);
        let found = match &trunk.host {
            offhook_sip::Host::Ip(address) => Ok(vec![SocketAddr::new(*address, port)]),
            offhook_sip::Host::Name(name) => network.resolve(name.to_string(), port).await,
        };
        match found {
            Ok(addresses) if !addresses.is_empty() => {
                // A shard that has ended registers nothing.
                let _ = shard.send(Order::Register(trunk, addresses));
                return;
            }
            Ok(_) => tracing::warn!(trunk = %trunk.trunk.name, "the trunk's host has no address"),
            Err(error) => {
                tracing::warn!(trunk = %trunk.trunk.name, %error, "the trunk's host cannot be resolved")
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
