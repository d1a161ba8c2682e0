//! RTCP: reports, source descriptions and BYE (RFC 3550 section 6).

use std::time::Duration;

use thiserror::Error;

/// A received compound packet, checked as a whole (RFC 3550 appendix A.2) and read in place.
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a> {
    bytes: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Reads one datagram as a compound RTCP packet.
    ///
    /// # Errors
    ///
    /// When the bytes are no compound packet: too short, another version, not beginning with a report, or with
    /// lengths that do not add up.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseCompoundError> {
        match bytes.get(1) {
            Some(&(SENDER_REPORT | RECEIVER_REPORT)) => {}
            Some(&kind) => return Err(ParseCompoundError::NoReport { kind }),
            None => return Err(ParseCompoundError::Length { bytes: bytes.len() }),
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let (_, after) = Part::split(rest)?;
            rest = after;
        }
        Ok(Self { bytes })
    }

    /// The packets inside, in order. Kinds that are not understood, and parts too short for their kind, are left
    /// out.
    pub fn reports(&self) -> impl Iterator<Item = Report<'a>> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (part, after) = Part::split(rest).ok()?;
                rest = after;
                if let Some(report) = part.report() {
                    return Some(report);
                }
            }
            None
        })
    }
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report<'a> {
    /// SR: the far end sends, and says when (section 6.4.1).
    Sender {
        /// Who reports.
        ssrc: u32,
        /// What it has sent so far.
        info: SenderInfo,
    },
    /// RR: the far end only hears (section 6.4.2).
    Receiver {
        /// Who reports.
        ssrc: u32,
    },
    /// SDES with a canonical name (section 6.5.1).
    CanonicalName {
        /// Whose name it is.
        ssrc: u32,
        /// The name, in UTF-8 as the standard has it, unchecked.
        name: &'a [u8],
    },
    /// BYE: the source has left (section 6.6). A BYE for several sources names the first.
    Bye {
        /// Who left.
        ssrc: u32,
    },
}

/// The sender information of an SR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was sent, in 1/2^32 seconds.
    pub ntp_timestamp: u64,
    /// The same moment on the timestamp line of the RTP stream.
    pub rtp_timestamp: u32,
    /// Packets sent so far, modulo 2^32.
    pub packets: u32,
    /// Bytes of payload sent so far, modulo 2^32.
    pub octets: u32,
}

/// What is reported about one source that is heard (section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source that is reported on.
    pub ssrc: u32,
    /// Loss since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Loss since the beginning, at most 2^23 - 1.
    pub cumulative_lost: u32,
    /// Highest sequence number received, extended by the count of cycles.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// The middle 32 bits of the NTP timestamp of the last SR from the source, or 0.
    pub last_sender_report: u32,
    /// Time since that SR, in 1/65536 seconds, or 0.
    pub delay_since_last_sender_report: u32,
}

/// What one compound packet of ours says.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingCompound<'a> {
    /// Our source.
    pub ssrc: u32,
    /// Set when RTP was sent since the report before the last: the report is an SR, otherwise an RR.
    pub sender: Option<SenderInfo>,
    /// About the source that is heard, if there is one.
    pub report: Option<ReportBlock>,
    /// Our canonical name; what goes beyond 255 bytes is cut off.
    pub canonical_name: &'a str,
    /// Whether we leave with this packet.
    pub bye: bool,
}

impl OutgoingCompound<'_> {
    /// Writes SR or RR, SDES CNAME and, when leaving, BYE; returns the length, or `None` when `buffer` is smaller
    /// than [`MAX_COMPOUND_BYTES`].
    pub fn write(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut out = Writer { buffer: buffer.get_mut(..MAX_COMPOUND_BYTES)?, length: 0 };

        let kind = if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        let start = out.begin(u8::from(self.report.is_some()), kind);
        out.u32(self.ssrc);
        if let Some(sender) = &self.sender {
            out.bytes(&sender.ntp_timestamp.to_be_bytes());
            out.u32(sender.rtp_timestamp);
            out.u32(sender.packets);
            out.u32(sender.octets);
        }
        if let Some(report) = &self.report {
            out.u32(report.ssrc);
            out.u32(u32::from(report.fraction_lost) << 24 | (report.cumulative_lost & 0x00ff_ffff));
            out.u32(report.highest_sequence);
            out.u32(report.jitter);
            out.u32(report.last_sender_report);
            out.u32(report.delay_since_last_sender_report);
        }
        out.end(start);

        let name = &self.canonical_name.as_bytes()[..self.canonical_name.len().min(255)];
        let start = out.begin(1, SOURCE_DESCRIPTION);
        out.u32(self.ssrc);
        out.bytes(&[CNAME, name.len() as u8]);
        out.bytes(name);
        // The list of items ends with at least one zero byte, and the chunk at a word's end.
        out.bytes(&[0; 4][..4 - (out.length - start) % 4]);
        out.end(start);

        if self.bye {
            let start = out.begin(1, GOODBYE);
            out.u32(self.ssrc);
            out.end(start);
        }
        Some(out.length)
    }
}

/// Why some bytes are no compound RTCP packet. All of it is malformed input: drop the datagram and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseCompoundError {
    /// A part announces more bytes than there are, or the datagram is shorter than a header.
    #[error("RTCP packet does not fit in the {bytes} bytes left of its datagram")]
    Length {
        /// How many bytes were left.
        bytes: usize,
    },
    /// The version field of a part is not 2.
    #[error("RTCP version {version} is not 2")]
    Version {
        /// The version found.
        version: u8,
    },
    /// The first part is neither SR nor RR.
    #[error("first RTCP packet is of type {kind}, not a report (200 or 201)")]
    NoReport {
        /// The packet type found.
        kind: u8,
    },
    /// A part that is not the last has padding, or the padding does not fit.
    #[error("RTCP padding is misplaced or too long")]
    Padding,
}

/// A moment of a stream's own clock as an NTP timestamp: the time since its beginning, as section 4 of RFC 3550
/// allows where no wall clock is at hand.
pub fn ntp_timestamp(since_start: Duration) -> u64 {
    let fraction = (u64::from(since_start.subsec_nanos()) << 32) / 1_000_000_000;
    since_start.as_secs() << 32 | fraction
}

/// Draws the times of reports: 5 seconds on average, spread evenly from half to one and a half of that, and the
/// first after half of it (section 6.3.1), so that streams which began together do not report together.
#[derive(Clone, Debug)]
pub struct Schedule {
    state: u64,
    first: bool,
}

impl Schedule {
    /// A schedule drawn from `seed`; the same seed gives the same times.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, first: true }
    }

    /// The time from one report to the next.
    pub fn interval(&mut self) -> Duration {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;

        let mean = if std::mem::take(&mut self.first) { INTERVAL / 2 } else { INTERVAL };
        mean / 2 + Duration::from_nanos(z % mean.as_nanos() as u64)
    }
}

/// One part of a compound: its count field, its type and its body.
struct Part<'a> {
    count: u8,
    kind: u8,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ParseCompoundError> {
        let too_short = ParseCompoundError::Length { bytes: bytes.len() };
        let (head, rest) = bytes.split_first_chunk::<4>().ok_or(too_short)?;
        if head[0] >> 6 != 2 {
            return Err(ParseCompoundError::Version { version: head[0] >> 6 });
        }
        let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (mut body, rest) = rest.split_at_checked(words * 4).ok_or(too_short)?;
        if head[0] & 0x20 != 0 {
            let padding = usize::from(body.last().copied().unwrap_or(0));
            if !rest.is_empty() || padding == 0 || padding > body.len() {
                return Err(ParseCompoundError::Padding);
            }
            body = &body[..body.len() - padding];
        }
        Ok((Self { count: head[0] & 0x1f, kind: head[1], body }, rest))
    }

    fn report(&self) -> Option<Report<'a>> {
        let (ssrc, rest) = self.body.split_first_chunk::<4>()?;
        let ssrc = u32::from_be_bytes(*ssrc);
        match self.kind {
            SENDER_REPORT => {
                let info = rest.first_chunk::<20>()?;
                let word =
                    |at: usize| u32::from_be_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
                let info = SenderInfo {
                    ntp_timestamp: u64::from(word(0)) << 32 | u64::from(word(4)),
                    rtp_timestamp: word(8),
                    packets: word(12),
                    octets: word(16),
                };
                Some(Report::Sender { ssrc, info })
            }
            RECEIVER_REPORT => Some(Report::Receiver { ssrc }),
            SOURCE_DESCRIPTION if self.count > 0 => {
                let (head, rest) = rest.split_first_chunk::<2>()?;
                let name = rest.get(..usize::from(head[1]))?;
                (head[0] == CNAME).then_some(Report::CanonicalName { ssrc, name })
            }
            GOODBYE if self.count > 0 => Some(Report::Bye { ssrc }),
            _ => None,
        }
    }
}

/// Fills a buffer that is known to be large enough.
struct Writer<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl Writer<'_> {
    /// Begins a part and returns where, for [`Writer::end`].
    fn begin(&mut self, count: u8, kind: u8) -> usize {
        let start = self.length;
        self.bytes(&[0x80 | count, kind, 0, 0]);
        start
    }

    fn end(&mut self, start: usize) {
        let words = ((self.length - start) / 4 - 1) as u16;
        self.buffer[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.buffer[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}

/// The longest compound that is written: SR with one block, SDES with a name of 255 bytes, BYE.
pub const MAX_COMPOUND_BYTES: usize = 28 + 24 + (8 + 2 + 255 + 4) + 8;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The SDES item of the canonical name.
const CNAME: u8 = 1;
/// The mean time between reports: RFC 3550 section 6.2.
const INTERVAL: Duration = Duration::from_secs(5);
