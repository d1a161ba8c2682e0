//! The receiving side of one stream: sequence, loss and jitter as RFC 3550 appendices A.1, A.3 and A.8 count them.

use std::time::{Duration, Instant};

use super::packet::Header;
use super::rtcp::ReportBlock;

/// Counts the packets of one source.
///
/// A source is on probation until two packets in sequence came from it; a packet is handed on at once all the
/// same, since the first syllable matters more than the statistics. When another SSRC proves itself in the same
/// way, it takes over, and what was lost before is kept in the totals.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    source: Option<Source>,
    /// Another SSRC that has to prove itself: its number, and the sequence number expected next.
    candidate: Option<(u32, u16)>,
    clock_rate_hz: u32,
    packets: u64,
    octets: u64,
    lost_before: u64,
    first_received: Option<Instant>,
    last_received: Option<Instant>,
}

impl Receiver {
    /// A receiver that has heard nothing; jitter is counted in units of `clock_rate_hz`.
    pub fn new(clock_rate_hz: u32) -> Self {
        Self { clock_rate_hz: clock_rate_hz.max(1), ..Self::default() }
    }

    /// Counts a valid packet that arrived at `now`. `timed` is false for packets whose timestamp does not say when
    /// they were sent (telephone events, RFC 4733 section 2.2.1): they do not count towards jitter.
    pub fn packet(&mut self, now: Instant, header: &Header, payload_bytes: usize, timed: bool) -> Arrival {
        let first = *self.first_received.get_or_insert(now);
        let arrival = match &mut self.source {
            None => {
                self.source = Some(Source::new(header.ssrc, header.sequence));
                Arrival::InSequence
            }
            Some(source) if source.ssrc == header.ssrc => {
                self.candidate = None;
                source.sequence(header.sequence)
            }
            Some(source) => {
                if self.candidate != Some((header.ssrc, header.sequence)) {
                    self.candidate = Some((header.ssrc, header.sequence.wrapping_add(1)));
                    return Arrival::OtherSource;
                }
                self.lost_before += source.lost();
                self.candidate = None;
                // The one before this proved the source too: it counts as received.
                *source = Source::new(header.ssrc, header.sequence.wrapping_sub(1));
                source.sequence(header.sequence);
                self.packets += 1;
                Arrival::SourceChanged
            }
        };
        if arrival == Arrival::Duplicate {
            return arrival;
        }
        self.packets += 1;
        self.octets += payload_bytes as u64;
        self.last_received = Some(now);
        if let (true, Some(source)) = (timed, &mut self.source) {
            let rate = u128::from(self.clock_rate_hz);
            let units = now.saturating_duration_since(first).as_nanos() * rate / 1_000_000_000;
            source.jitter((units & u128::from(u32::MAX)) as u32, header.timestamp);
        }
        arrival
    }

    /// Counts jitter in units of another clock from the next packet on.
    pub fn set_clock_rate(&mut self, clock_rate_hz: u32) {
        let (before, after) = (self.clock_rate_hz, clock_rate_hz.max(1));
        if before == after {
            return;
        }
        self.clock_rate_hz = after;
        if let Some(source) = &mut self.source {
            source.transit = None;
            let scaled = u64::from(source.jitter_16ths) * u64::from(after) / u64::from(before.max(1));
            source.jitter_16ths = u32::try_from(scaled).unwrap_or(u32::MAX);
        }
    }

    /// The SSRC that is heard, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// How many packets came, duplicates left out.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How many bytes of payload they carried.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// How many packets were expected and did not come (RFC 3550 appendix A.3); never below zero.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.source.as_ref().map_or(0, Source::lost)
    }

    /// Interarrival jitter (RFC 3550 appendix A.8).
    pub fn jitter(&self) -> Duration {
        let units = self.source.as_ref().map_or(0, |source| source.jitter_16ths >> 4);
        Duration::from_micros(u64::from(units) * 1_000_000 / u64::from(self.clock_rate_hz.max(1)))
    }

    /// When the first packet came.
    pub fn first_received(&self) -> Option<Instant> {
        self.first_received
    }

    /// When the last packet came.
    pub fn last_received(&self) -> Option<Instant> {
        self.last_received
    }

    /// A report on the source for the next RTCP packet; the interval of `fraction_lost` starts again. The fields
    /// about sender reports are left at zero. `None` while the source is unheard or on probation.
    pub fn report(&mut self) -> Option<ReportBlock> {
        self.source.as_mut().filter(|source| source.probation == 0).map(Source::report)
    }
}

/// What a packet is to the sequence of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next one, or a later one.
    InSequence,
    /// A late one: others that were sent after it came before.
    Reordered,
    /// The same sequence number as the one before, or as one of the sixty-four before that.
    Duplicate,
    /// Of another source, which still has to prove itself.
    OtherSource,
    /// Of another source, which takes over with it.
    SourceChanged,
}

/// The state of RFC 3550 appendix A.1 for one SSRC.
#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    max_sequence: u16,
    /// Sequence number cycles, in units of 65536.
    cycles: u32,
    base_sequence: u32,
    /// The sequence number that proves a restart of the sender, one past a large jump.
    bad_sequence: Option<u16>,
    probation: u8,
    received: u64,
    /// Bit n is set when `max_sequence - n` came.
    seen: u64,
    expected_prior: u64,
    received_prior: u64,
    transit: Option<u32>,
    /// Sixteen times the jitter, as appendix A.8 keeps it.
    jitter_16ths: u32,
}

impl Source {
    fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            max_sequence: sequence,
            cycles: 0,
            base_sequence: u32::from(sequence),
            bad_sequence: None,
            probation: MIN_SEQUENTIAL - 1,
            received: 1,
            seen: 1,
            expected_prior: 0,
            received_prior: 0,
            transit: None,
            jitter_16ths: 0,
        }
    }

    fn sequence(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.max_sequence);
        if self.probation > 0 {
            if ahead == 1 {
                self.probation -= 1;
            } else if ahead != 0 {
                let transit = self.transit;
                *self = Self { transit, ..Self::new(self.ssrc, sequence) };
                return Arrival::InSequence;
            }
        }
        if ahead == 0 {
            return Arrival::Duplicate;
        }
        if ahead < MAX_DROPOUT {
            if sequence < self.max_sequence {
                self.cycles = self.cycles.wrapping_add(1 << 16);
            }
            self.max_sequence = sequence;
            self.seen = if ahead < 64 { self.seen << ahead | 1 } else { 1 };
            self.bad_sequence = None;
            self.received += 1;
            return Arrival::InSequence;
        }
        let behind = ahead.wrapping_neg();
        if behind <= MAX_MISORDER {
            if behind < 64 {
                if self.seen >> behind & 1 == 1 {
                    return Arrival::Duplicate;
                }
                self.seen |= 1 << behind;
            }
            self.received += 1;
            return Arrival::Reordered;
        }
        // A jump too large to be loss: the sender has restarted if the next one follows it.
        if self.bad_sequence == Some(sequence) {
            let (transit, jitter_16ths) = (None, self.jitter_16ths);
            *self = Self { probation: 0, transit, jitter_16ths, ..Self::new(self.ssrc, sequence) };
        } else {
            self.bad_sequence = Some(sequence.wrapping_add(1));
        }
        Arrival::InSequence
    }

    fn jitter(&mut self, arrival: u32, timestamp: u32) {
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            if difference < MAX_TRANSIT_STEP {
                let decay = (self.jitter_16ths + 8) >> 4;
                self.jitter_16ths = self.jitter_16ths + difference - decay;
            }
        }
    }

    fn extended_max(&self) -> u32 {
        self.cycles.wrapping_add(u32::from(self.max_sequence))
    }

    fn expected(&self) -> u64 {
        u64::from(self.extended_max().wrapping_sub(self.base_sequence)) + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    fn report(&mut self) -> ReportBlock {
        let expected = self.expected();
        let expected_interval = expected.saturating_sub(self.expected_prior);
        let received_interval = self.received.saturating_sub(self.received_prior);
        (self.expected_prior, self.received_prior) = (expected, self.received);
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = match expected_interval {
            0 => 0,
            _ => (lost_interval << 8) / expected_interval,
        };
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: self.lost().min(0x7f_ffff) as u32,
            highest_sequence: self.extended_max(),
            jitter: self.jitter_16ths >> 4,
            last_sender_report: 0,
            delay_since_last_sender_report: 0,
        }
    }
}

/// Packets in sequence until a source is valid: RFC 3550 appendix A.1.
const MIN_SEQUENTIAL: u8 = 2;
/// A step ahead that still counts as loss: RFC 3550 appendix A.1.
const MAX_DROPOUT: u16 = 3000;
/// A step back that still counts as reordering: RFC 3550 appendix A.1.
const MAX_MISORDER: u16 = 100;
/// From here on, in timestamp units, a change of transit time is a jump of the sender's clock and not jitter.
const MAX_TRANSIT_STEP: u32 = 1 << 15;
