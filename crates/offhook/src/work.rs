//! Work that blocks: file access and speech.

/// Where work that blocks is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// On threads where blocking is allowed.
    Aside,
    /// Where it is asked for, so that two runs of a simulation with one seed are the same.
    InPlace,
}

impl Work {
    /// A server with a seed runs in a simulation.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        if seed.is_some() { Self::InPlace } else { Self::Aside }
    }

    /// Does the work; `None` if it panicked aside, or the runtime ends.
    pub(crate) async fn finish<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match self {
            Self::InPlace => Some(work()),
            Self::Aside => tokio::task::spawn_blocking(work).await.ok(),
        }
    }
}
