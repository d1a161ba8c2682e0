//! What waits to be written to a worker: bounded, and many messages in one write.

use std::sync::Mutex;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

/// Lines on their way to one worker.
pub(super) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
    /// Ends a write that the worker does not take.
    end: Notify,
    limit_bytes: usize,
}

struct State {
    bytes: Vec<u8>,
    closed: bool,
}

/// Why a line is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PushError {
    /// The worker has not read for so long that the limit is reached; told once, the outbox is closed from then on.
    Full,
    /// The worker is gone, or given up.
    Closed,
}

impl Outbox {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State { bytes: Vec::new(), closed: false }),
            ready: Notify::new(),
            end: Notify::new(),
            limit_bytes,
        }
    }

    /// Adds lines to the next write; they stay together and in order. Never waits.
    ///
    /// # Errors
    ///
    /// The worker has left too much unread: from then on nothing is accepted, and [`run`](Self::run) ends.
    pub(super) fn push(&self, lines: &[u8]) -> Result<(), PushError> {
        let mut state = self.lock();
        if state.closed {
            return Err(PushError::Closed);
        }
        let was_empty = state.bytes.is_empty();
        if state.bytes.len() + lines.len() > self.limit_bytes {
            state.closed = true;
            state.bytes = Vec::new();
            drop(state);
            self.ready.notify_one();
            self.end.notify_one();
            return Err(PushError::Full);
        }
        state.bytes.extend_from_slice(lines);
        drop(state);
        if was_empty {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Writes until the outbox is closed or the worker is gone.
    pub(super) async fn run(&self, mut socket: impl AsyncWrite + Unpin) {
        let mut batch = Vec::new();
        loop {
            {
                let mut state = self.lock();
                if state.closed {
                    return;
                }
                std::mem::swap(&mut batch, &mut state.bytes);
            }
            if batch.is_empty() {
                self.ready.notified().await;
                continue;
            }
            tokio::select! {
                written = socket.write_all(&batch) => {
                    if written.is_err() {
                        self.close();
                        return;
                    }
                }
                () = self.end.notified() => return,
            }
            batch.clear();
            batch.shrink_to(KEPT_BYTES);
        }
    }

    /// Nothing more is accepted or written.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.bytes = Vec::new();
        drop(state);
        self.ready.notify_one();
        self.end.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Memory that an idle outbox keeps for its next batch.
const KEPT_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn messages_that_wait_leave_in_one_write_and_in_order() {
        let outbox = Outbox::new(1000);
        for number in 0..10 {
            outbox.push(format!("{number}\n").as_bytes()).expect("room");
        }
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut read = [0; 100];
        tokio::select! {
            () = outbox.run(ours) => panic!("the outbox is open"),
            count = theirs.read(&mut read) => {
                let count = count.expect("readable");
                assert_eq!(&read[..count], b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
            }
        }
    }

    #[tokio::test]
    async fn a_worker_that_does_not_read_ends_the_outbox_at_the_limit() {
        let outbox = Outbox::new(100);
        let (ours, _unread) = tokio::io::duplex(10);
        let filler = async {
            while outbox.push(b"123456789\n").is_ok() {
                tokio::task::yield_now().await;
            }
        };
        // `run` is in the middle of a write that the other end never takes: the limit ends it.
        tokio::join!(outbox.run(ours), filler);
        assert_eq!(outbox.push(b"x\n"), Err(PushError::Closed));
    }
}
