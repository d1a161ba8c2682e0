//! What a network does to datagrams.

use std::net::SocketAddr;
use std::time::Duration;

use crate::random::Random;

/// What the virtual network does to every datagram. The default is perfect: nothing is lost or delayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
    /// Time on the way.
    pub delay: Duration,
    /// Up to so much more, evenly spread; datagrams may overtake each other by it only if
    /// `reorder` is set.
    pub jitter: Duration,
    /// The share that is lost, 0.0 to 1.0.
    pub loss: f64,
    /// The share that arrives twice, 0.0 to 1.0.
    pub duplicate: f64,
    /// The share that is overtaken by later ones, 0.0 to 1.0: it is held back for the delay once more,
    /// at least 10 ms.
    pub reorder: f64,
}

impl Link {
    /// The times after which a datagram arrives: none if it is lost, two if it is duplicated.
    pub(super) fn arrivals(&self, random: &mut Random) -> Vec<Arrival> {
        if random.chance(self.loss) {
            return Vec::new();
        }
        let copies = if random.chance(self.duplicate) { 2 } else { 1 };
        (0..copies)
            .map(|_| {
                let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(u64::MAX);
                let after = self.delay + Duration::from_micros(random.below(jitter.saturating_add(1)));
                match random.chance(self.reorder) {
                    true => Arrival { after: after + self.delay.max(SHORTEST_HOLD), overtaken: true },
                    false => Arrival { after, overtaken: false },
                }
            })
            .collect()
    }
}

/// When one copy of a datagram arrives.
pub(super) struct Arrival {
    pub(super) after: Duration,
    /// Later datagrams may arrive before it.
    pub(super) overtaken: bool,
}

/// A datagram on its way.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Datagram<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// For whom it is.
    pub to: SocketAddr,
    /// What it carries.
    pub bytes: &'a [u8],
}

impl Datagram<'_> {
    /// Whether it is a SIP message that begins like this: `INVITE`, `PRACK`, `SIP/2.0 200`.
    pub fn begins_with(&self, start: &str) -> bool {
        self.bytes.starts_with(start.as_bytes())
    }

    /// Whether it is a SIP message about a request of this method, by its `CSeq`.
    pub fn is_about(&self, method: &str) -> bool {
        let text = String::from_utf8_lossy(self.bytes);
        let cseq = text.lines().take_while(|line| !line.is_empty()).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("cseq").then(|| value.trim().to_owned())
        });
        cseq.is_some_and(|cseq| cseq.split_whitespace().nth(1) == Some(method))
    }
}

/// What becomes of one datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// As the link decides.
    Pass,
    /// Lost.
    Lose,
    /// Arrives after this time, whatever the link says.
    Delay(Duration),
    /// Arrives twice.
    Duplicate,
}

/// How long an overtaken datagram is held back at least.
const SHORTEST_HOLD: Duration = Duration::from_millis(10);
