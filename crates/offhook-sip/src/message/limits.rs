//! How much a peer may send in one message.

/// Limits of the parser. A request beyond one of them is answered with 513 or 414, a response is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of a whole message; 65535, the most that UDP carries, unless set.
    pub max_message_bytes: usize,
    /// Lines of the header section; 128 unless set.
    pub max_headers: usize,
    /// Bytes of one header line with its continuation lines; 8192 unless set.
    pub max_header_bytes: usize,
    /// Bytes of the Request-URI; 4096 unless set.
    pub max_uri_bytes: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { max_message_bytes: 65_535, max_headers: 128, max_header_bytes: 8192, max_uri_bytes: 4096 }
    }
}
