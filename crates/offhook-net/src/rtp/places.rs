//! On which thread a stream runs.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::engine::StreamId;

/// The threads of streams that have moved; every other one runs where its number says.
///
/// The lock orders what is told to a stream against its moves: whoever hands it an order holds the lock meanwhile,
/// which takes no longer than a message to a thread. No pacing thread takes it, but at the end of a stream that moved.
#[derive(Debug, Default)]
pub(super) struct Places {
    moved: RwLock<HashMap<StreamId, usize>>,
}

impl Places {
    /// The thread on which a stream was opened, of so many.
    pub(super) fn home(stream: StreamId, threads: usize) -> usize {
        (stream.0 % threads as u64) as usize
    }

    /// The thread on which a stream runs, of so many.
    pub(super) fn of(&self, stream: StreamId, threads: usize) -> usize {
        self.with(stream, threads, |thread| thread)
    }

    /// Does something with the thread on which a stream runs, which it does not leave meanwhile.
    pub(super) fn with<T>(&self, stream: StreamId, threads: usize, act: impl FnOnce(usize) -> T) -> T {
        let moved = self.moved.read();
        act(moved.get(&stream).copied().unwrap_or_else(|| Self::home(stream, threads)))
    }

    /// Says that a stream runs on the thread `to` from now on. `act` sends it there, from the thread that it is given.
    pub(super) fn change(&self, stream: StreamId, threads: usize, to: usize, act: impl FnOnce(usize)) {
        let home = Self::home(stream, threads);
        let mut moved = self.moved.write();
        let from = match to == home {
            true => moved.remove(&stream),
            false => moved.insert(stream, to),
        };
        act(from.unwrap_or(home));
    }

    /// Forgets a stream that has ended.
    pub(super) fn forget(&self, stream: StreamId) {
        self.moved.write().remove(&stream);
    }
}
