//! The states of a call.

use crate::names::documented_names;

/// Where a call stands. Exactly the fourteen states of ST-1.
///
/// The names printed by [`State::name`] are the documented ones (`RING_INCOMING`), used in every
/// message, log line and on the wire to other languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Waiting for an incoming call. An application never sees it (ST-2).
    Waiting,
    /// A caller is there; nothing but `100 Trying` has been sent back.
    CallIncoming,
    /// Ringing or early media has been signalled to the caller.
    RingIncoming,
    /// The answer is under way: the 200 is sent or about to be, its ACK has not arrived.
    Answering,
    /// The call is answered.
    Answered,
    /// Dialling out; no ringing reported so far.
    CallOutgoing,
    /// The far end reports ringing.
    RingOutgoing,
    /// A hold is under way.
    Holding,
    /// On hold.
    OnHold,
    /// A transfer is under way.
    Transferring,
    /// The transfer is complete.
    Transferred,
    /// A transferred call is being retrieved.
    Reconnecting,
    /// The server can no longer control the call.
    Error,
    /// No call; after a call: it has cleared.
    Idle,
}

documented_names!(State {
    Waiting => "WAITING",
    CallIncoming => "CALL_INCOMING",
    RingIncoming => "RING_INCOMING",
    Answering => "ANSWERING",
    Answered => "ANSWERED",
    CallOutgoing => "CALL_OUTGOING",
    RingOutgoing => "RING_OUTGOING",
    Holding => "HOLDING",
    OnHold => "ON_HOLD",
    Transferring => "TRANSFERRING",
    Transferred => "TRANSFERRED",
    Reconnecting => "RECONNECTING",
    Error => "ERROR",
    Idle => "IDLE",
});

impl State {
    /// Whether there is a call: every state but `WAITING` and `IDLE`.
    pub const fn has_call(self) -> bool {
        !matches!(self, Self::Waiting | Self::Idle)
    }

    /// All states in the order of ST-1.
    pub const ALL: [Self; 14] = [
        Self::Waiting,
        Self::CallIncoming,
        Self::RingIncoming,
        Self::Answering,
        Self::Answered,
        Self::CallOutgoing,
        Self::RingOutgoing,
        Self::Holding,
        Self::OnHold,
        Self::Transferring,
        Self::Transferred,
        Self::Reconnecting,
        Self::Error,
        Self::Idle,
    ];
}

#[cfg(test)]
mod tests {
    use super::State;

    /// ST-1: fourteen states, each with its own documented name.
    #[test]
    fn the_fourteen_states_have_distinct_names() {
        let mut names: Vec<_> = State::ALL.iter().map(|state| state.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 14);
    }
}
