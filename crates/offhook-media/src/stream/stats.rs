//! Counts of a stream (DET-3).

use std::time::{Duration, Instant};

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StreamStats {
    /// RTP packets written.
    pub packets_sent: u64,
    /// Bytes of payload in them.
    pub octets_sent: u64,
    /// RTP packets accepted, duplicates left out.
    pub packets_received: u64,
    /// Bytes of payload in them.
    pub octets_received: u64,
    /// RTP packets that were expected and did not come (RFC 3550 appendix A.3).
    pub packets_lost: u64,
    /// Datagrams that were dropped: malformed, of a payload type that was not negotiated, or from a stranger.
    pub packets_discarded: u64,
    /// Frames that were left out because time had run ahead of the stream.
    pub frames_skipped: u64,
    /// Interarrival jitter (RFC 3550 appendix A.8) in milliseconds.
    pub jitter_ms: f64,
    /// The delay that the jitter buffer adds; zero where nothing listens (UR-40).
    pub playout_delay: Duration,
    /// What stands for audio that did not come in time, as far as anything listened.
    pub concealed: Duration,
    /// Time from the first to the last accepted RTP packet.
    pub heard_for: Duration,
    /// When the last accepted RTP or RTCP packet came.
    pub last_received: Option<Instant>,
}

impl StreamStats {
    /// Estimated mean opinion score, 1.0 to 4.5, of what is heard; `None` before five seconds of it.
    ///
    /// The E-model of ITU-T G.107 for G.711, with the loss as random and the delay taken as two packets and twice
    /// the jitter, since the network's own delay is not known.
    pub fn mos(&self) -> Option<f64> {
        if self.heard_for < Duration::from_secs(5) {
            return None;
        }
        let expected = self.packets_received + self.packets_lost;
        let loss_percent = 100.0 * self.packets_lost as f64 / expected.max(1) as f64;
        let delay_ms = 40.0 + 2.0 * self.jitter_ms;

        let delay_impairment = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
        let loss_impairment = 95.0 * loss_percent / (loss_percent + G711_LOSS_ROBUSTNESS);
        let r = (93.2 - delay_impairment - loss_impairment).clamp(0.0, 100.0);
        let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
        Some(mos.clamp(1.0, 4.5))
    }
}

/// `Bpl` of G.711 without loss concealment: ITU-T G.113 appendix I.
const G711_LOSS_ROBUSTNESS: f64 = 4.3;
