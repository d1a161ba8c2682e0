//! Tells one run from another by every packet in it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use offhook::sim::{Fate, Sim};
use tokio::time::Instant;

/// A digest of everything that went over the virtual network: when, from where, where to, and each byte of it.
#[derive(Clone)]
pub(super) struct Fingerprint(Arc<Mutex<(u64, DefaultHasher)>>);

impl Fingerprint {
    /// Watches the network of a simulation from now on.
    pub(super) fn of(sim: &Sim) -> Self {
        let state = Arc::new(Mutex::new((0, DefaultHasher::new())));
        let seen = state.clone();
        let began = Instant::now();
        sim.intercept(move |datagram| {
            let mut seen = seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            seen.0 += 1;
            (began.elapsed(), datagram.from, datagram.to, datagram.bytes).hash(&mut seen.1);
            Fate::Pass
        });
        Self(state)
    }

    /// The datagrams so far, and their digest.
    pub(super) fn read(&self) -> (u64, u64) {
        let state = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (state.0, state.1.finish())
    }
}
