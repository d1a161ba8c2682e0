//! The RTP packet: RFC 3550 section 5.1.

use thiserror::Error;

/// A received RTP packet, read in place.
///
/// Parsing checks every length in the packet, so that no method can reach outside of it. Contributing sources,
/// a header extension and padding are stepped over; what is left is [`Packet::payload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header,
    csrc: &'a [u8],
    extension: Option<(u16, &'a [u8])>,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads one datagram as an RTP packet.
    ///
    /// # Errors
    ///
    /// When the bytes are no RTP packet: too short, another version, or a length inside that does not fit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParsePacketError> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(ParsePacketError::TooShort { bytes: bytes.len() });
        };
        let version = fixed[0] >> 6;
        if version != 2 {
            return Err(ParsePacketError::Version { version });
        }

        let csrc_count = usize::from(fixed[0] & 0x0f);
        let (csrc, rest) =
            rest.split_at_checked(csrc_count * 4).ok_or(ParsePacketError::Csrc { count: csrc_count })?;

        let (extension, mut payload) = match fixed[0] & 0x10 != 0 {
            true => {
                let (head, rest) = rest.split_first_chunk::<4>().ok_or(ParsePacketError::Extension)?;
                let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
                let (data, rest) = rest.split_at_checked(words * 4).ok_or(ParsePacketError::Extension)?;
                (Some((u16::from_be_bytes([head[0], head[1]]), data)), rest)
            }
            false => (None, rest),
        };

        if fixed[0] & 0x20 != 0 {
            let padding = payload.last().copied().unwrap_or(0);
            payload = match payload.len().checked_sub(usize::from(padding)) {
                Some(length) if padding > 0 => &payload[..length],
                _ => return Err(ParsePacketError::Padding { padding }),
            };
        }

        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        };
        Ok(Self { header, csrc, extension, payload })
    }

    /// The fixed part of the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the packet carries, without padding.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The contributing sources, at most fifteen.
    pub fn csrc(&self) -> impl Iterator<Item = u32> + 'a {
        self.csrc.chunks_exact(4).map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]]))
    }

    /// The header extension: its profile-defined identifier and its data (RFC 3550 section 5.3.1).
    pub fn extension(&self) -> Option<(u16, &'a [u8])> {
        self.extension
    }
}

/// The fixed part of an RTP header, without contributing sources, extension or padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Set on the first packet of a talkspurt (RFC 3551 section 4.1) and of a telephone event.
    pub marker: bool,
    /// 0 to 127; the highest bit is ignored when writing.
    pub payload_type: u8,
    /// Advances by one with every packet.
    pub sequence: u16,
    /// In units of the payload's clock rate.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// The twelve bytes of this header.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | (self.payload_type & 0x7f);
        [0x80, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
    }

    /// Writes header and payload as one packet; returns its length, or `None` when `buffer` is too small.
    pub fn write(&self, payload: &[u8], buffer: &mut [u8]) -> Option<usize> {
        let length = HEADER_BYTES + payload.len();
        let target = buffer.get_mut(..length)?;
        target[..HEADER_BYTES].copy_from_slice(&self.to_bytes());
        target[HEADER_BYTES..].copy_from_slice(payload);
        Some(length)
    }
}

/// Why some bytes are no RTP packet. All of it is malformed input: drop the datagram and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParsePacketError {
    /// Fewer bytes than the fixed header has.
    #[error("packet of {bytes} bytes is shorter than an RTP header (12 bytes)")]
    TooShort {
        /// Length of the datagram.
        bytes: usize,
    },
    /// The version field is not 2.
    #[error("RTP version {version} is not 2")]
    Version {
        /// The version found.
        version: u8,
    },
    /// The list of contributing sources is longer than the packet.
    #[error("{count} contributing sources do not fit in the packet")]
    Csrc {
        /// How many were announced.
        count: usize,
    },
    /// The header extension is longer than the packet.
    #[error("header extension does not fit in the packet")]
    Extension,
    /// The padding is longer than the payload, or of no length.
    #[error("padding of {padding} bytes does not fit in the packet")]
    Padding {
        /// The length that the last byte announced.
        padding: u8,
    },
}

/// Whether a datagram on a port shared by RTP and RTCP is RTCP (RFC 5761 section 4).
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes.get(1), Some(192..=223))
}

/// Length of the fixed RTP header.
pub const HEADER_BYTES: usize = 12;
