//! Why a call cleared, and the table that ties causes to SIP codes.

use crate::names::documented_names;

/// The clearing cause of a call. Exactly the fourteen causes of CAU-1.
///
/// It has a meaning once the call is [`State::Idle`](crate::State::Idle); until then it is
/// [`Cause::Normal`] (CAU-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Timed out waiting for a call event: no ACK, no PRACK, `max_call_seconds`, `media_timeout_seconds`.
    Timeout,
    /// A fault inside the server, or an exception in the application before the answer.
    Error,
    /// Normal clearing.
    #[default]
    Normal,
    /// Destination reached but in use.
    Busy,
    /// Destination responded but did not complete in time.
    NoAnswer,
    /// The address cannot be obtained.
    Unobtainable,
    /// The address is no longer assigned.
    Changed,
    /// The interface to the destination does not work.
    OutOfOrder,
    /// Incoming calls are barred at the destination.
    Barred,
    /// The destination could have taken the call but refused it.
    Rejected,
    /// No suitable circuit or channel.
    NoChannels,
    /// Network congested.
    Congestion,
    /// Failed; the raw cause tells more.
    Failed,
    /// A reason not defined here; the raw cause tells it.
    Other,
}

documented_names!(Cause {
    Timeout => "TIMEOUT",
    Error => "ERROR",
    Normal => "NORMAL",
    Busy => "BUSY",
    NoAnswer => "NOANSWER",
    Unobtainable => "UNOBTAINABLE",
    Changed => "CHANGED",
    OutOfOrder => "OUTOFORDER",
    Barred => "BARRED",
    Rejected => "REJECTED",
    NoChannels => "NOCHANNELS",
    Congestion => "CONGESTION",
    Failed => "FAILED",
    Other => "OTHER",
});

impl Cause {
    /// The SIP code that `reject()` sends for this cause, or `None` if `reject()` may not use it (REJ-2).
    pub const fn reject_code(self) -> Option<u16> {
        match self {
            Self::Busy => Some(486),
            Self::NoAnswer => Some(480),
            Self::Unobtainable => Some(404),
            Self::Changed => Some(410),
            Self::OutOfOrder => Some(502),
            Self::Barred => Some(403),
            Self::Rejected => Some(603),
            Self::NoChannels | Self::Congestion => Some(503),
            Self::Timeout | Self::Error | Self::Normal | Self::Failed | Self::Other => None,
        }
    }

    /// Whether `reject()` sends `Retry-After` with this cause's code (CAU-1).
    pub const fn sends_retry_after(self) -> bool {
        matches!(self, Self::NoChannels)
    }

    /// The cause that receiving the final response `code` gives; `retry_after` tells whether the
    /// response had a `Retry-After` header (CAU-1).
    pub const fn of_response(code: u16, retry_after: bool) -> Self {
        match code {
            486 | 600 => Self::Busy,
            480 | 408 => Self::NoAnswer,
            404 | 484 | 485 => Self::Unobtainable,
            410 => Self::Changed,
            502 | 504 => Self::OutOfOrder,
            401 | 403 | 407 => Self::Barred,
            603 => Self::Rejected,
            488 => Self::NoChannels,
            503 if retry_after => Self::NoChannels,
            503 => Self::Congestion,
            500..=599 => Self::Failed,
            _ => Self::Other,
        }
    }

    /// All causes in the order of CAU-1.
    pub const ALL: [Self; 14] = [
        Self::Timeout,
        Self::Error,
        Self::Normal,
        Self::Busy,
        Self::NoAnswer,
        Self::Unobtainable,
        Self::Changed,
        Self::OutOfOrder,
        Self::Barred,
        Self::Rejected,
        Self::NoChannels,
        Self::Congestion,
        Self::Failed,
        Self::Other,
    ];
}

#[cfg(test)]
mod tests {
    use super::Cause;

    /// CAU-1: fourteen causes, each with its own documented name.
    #[test]
    fn the_fourteen_causes_have_distinct_names() {
        let mut names: Vec<_> = Cause::ALL.iter().map(|cause| cause.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 14);
    }

    /// CAU-1: both columns of the table.
    #[test]
    fn the_table_maps_in_both_directions() {
        let sent = [
            (Cause::Busy, 486),
            (Cause::NoAnswer, 480),
            (Cause::Unobtainable, 404),
            (Cause::Changed, 410),
            (Cause::OutOfOrder, 502),
            (Cause::Barred, 403),
            (Cause::Rejected, 603),
            (Cause::NoChannels, 503),
            (Cause::Congestion, 503),
        ];
        for cause in Cause::ALL {
            let expected = sent.iter().find(|(sent, _)| *sent == cause).map(|(_, code)| *code);
            assert_eq!(cause.reject_code(), expected, "{cause}");
            if let Some(code) = expected {
                assert_eq!(Cause::of_response(code, cause.sends_retry_after()), cause);
            }
        }
        for (code, cause) in [
            (600, Cause::Busy),
            (408, Cause::NoAnswer),
            (484, Cause::Unobtainable),
            (485, Cause::Unobtainable),
            (504, Cause::OutOfOrder),
            (401, Cause::Barred),
            (407, Cause::Barred),
            (488, Cause::NoChannels),
            (500, Cause::Failed),
            (302, Cause::Other),
            (604, Cause::Other),
            (606, Cause::Other),
        ] {
            assert_eq!(Cause::of_response(code, false), cause, "{code}");
        }
    }
}
