//! How much delay a stream of packets needs.

/// Follows transit times: arrival less timestamp, in samples, up to a constant.
///
/// The fastest packet of the last five seconds is the reference; the latest one says how much delay it takes to play
/// all of them. A single straggler among packets that were in time does not count in full: to wait for it would delay
/// everything else for the sake of one.
#[derive(Clone, Debug)]
pub(super) struct DelayEstimator {
    rate_hz: i64,
    /// By half second; the newest is `spans[newest]`.
    spans: [Option<Span>; SPANS],
    newest: usize,
    /// The half second of arrival of the newest.
    number: i64,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    fastest: i64,
    latest: i64,
    second: i64,
}

impl DelayEstimator {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self { rate_hz: i64::from(rate_hz), spans: [None; SPANS], newest: 0, number: 0 }
    }

    /// Takes in a packet.
    pub(super) fn observe(&mut self, arrived: i64, transit: i64) {
        let number = arrived / (self.rate_hz / 2).max(1);
        let passed = usize::try_from(number - self.number).unwrap_or(0);
        if passed >= SPANS {
            // After a long pause nothing is known but this packet.
            self.spans = [None; SPANS];
        } else {
            for _ in 0..passed {
                self.newest = (self.newest + 1) % SPANS;
                self.spans[self.newest] = None;
            }
        }
        self.number = self.number.max(number);
        let span = self.spans[self.newest].get_or_insert(Span {
            fastest: transit,
            latest: transit,
            second: transit,
        });
        span.fastest = span.fastest.min(transit);
        if transit >= span.latest {
            span.second = span.latest;
            span.latest = transit;
        } else {
            span.second = span.second.max(transit);
        }
    }

    /// The transit time of the fastest packet.
    pub(super) fn reference(&self) -> Option<i64> {
        self.spans.iter().flatten().map(|span| span.fastest).min()
    }

    /// The delay behind the reference at which frames of `frame` samples are played.
    pub(super) fn target(&self, frame: i64) -> i64 {
        let ms = self.rate_hz / 1000;
        let latest = self.spans.iter().flatten().map(|span| span.latest.min(span.second + STRAGGLER_MS * ms));
        let lateness = match (latest.max(), self.reference()) {
            (Some(latest), Some(reference)) => latest - reference,
            _ => 0,
        };
        (lateness + frame + MARGIN_MS * ms).clamp(SHORTEST_MS * ms, LONGEST_MS * ms)
    }
}

/// Five seconds.
const SPANS: usize = 10;
/// A packet counts as at most so much later than the next latest of its half second.
const STRAGGLER_MS: i64 = 20;
const MARGIN_MS: i64 = 5;
const SHORTEST_MS: i64 = 25;
const LONGEST_MS: i64 = 1000;
