//! A simulation that is run piece by piece, for a driver outside of it.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::{Sim, wire};

/// A simulation that is run piece by piece: between two pieces everything in it stands still, its clock too.
///
/// [`Sim::run`] runs one scenario from its beginning to its end. A stage is for a driver that decides what happens
/// next while the scenario is under way, such as a test in another process.
///
/// ```
/// use std::time::Duration;
///
/// use offhook::sim::{Sim, Stage};
///
/// let stage = Stage::new(Sim::new(1), || {}).unwrap();
/// stage.run(stage.sim().sleep(Duration::from_secs(30)));
/// stage.run(stage.sim().sleep(Duration::from_secs(30)));
/// assert!(stage.elapsed() >= Duration::from_secs(60));
/// ```
pub struct Stage {
    runtime: Runtime,
    sim: Sim,
    delivery: JoinHandle<()>,
}

impl Stage {
    /// Sets the stage.
    ///
    /// `idle` is called each time nothing is left to do at the present virtual moment, before time goes on or the
    /// thread waits for the world outside. What it wakes runs first. It must not block.
    ///
    /// # Errors
    ///
    /// The system's reason why there is no runtime.
    pub fn new(sim: Sim, idle: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .on_thread_park(idle)
            .build()?;
        let delivery = {
            let _entered = runtime.enter();
            sim.wire.begin(Instant::now().into_std());
            runtime.spawn(wire::deliver(sim.wire.clone()))
        };
        Ok(Self { runtime, sim, delivery })
    }

    /// Runs the simulation until `piece` is over, and gives its result. It must not be called inside a runtime.
    pub fn run<T>(&self, piece: impl Future<Output = T>) -> T {
        self.runtime.block_on(piece)
    }

    /// Virtual time since the beginning; outside of a piece the simulation itself cannot tell.
    pub fn elapsed(&self) -> Duration {
        let _entered = self.runtime.enter();
        self.sim.elapsed()
    }

    /// The simulation.
    pub fn sim(&self) -> &Sim {
        &self.sim
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.delivery.abort();
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

/// Holds the virtual clock of the simulation in which it was made: while it lives, time stands still however little
/// there is to do. For what takes place outside of the simulation, such as another process that is at work.
#[derive(Debug)]
pub struct Hold {
    /// Dropping it lets the clock go.
    _open: mpsc::Sender<()>,
}

impl Hold {
    /// Holds the clock. It must be called inside the simulation.
    #[expect(clippy::new_without_default, reason = "it has an effect")]
    pub fn new() -> Self {
        let (open, closed) = mpsc::channel::<()>();
        // The paused clock does not advance by itself while a blocking task runs.
        spawn_blocking(move || {
            // Nothing is ever sent: it ends when the sender is dropped.
            let _ = closed.recv();
        });
        Self { _open: open }
    }
}
