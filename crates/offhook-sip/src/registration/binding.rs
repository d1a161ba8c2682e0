//! What a registrar grants.

use std::time::Duration;

use crate::endpoint::Timers;
use crate::header::{Contact, Expires};
use crate::message::Response;

/// For how many seconds the registrar holds our binding (RFC 3261 section 10.2.4): what stands with our
/// Contact among all those of the address, else in Expires, else what was asked for.
pub(super) fn granted_seconds(response: &Response, ours: &Contact, asked: u32) -> u32 {
    let contacts = response.headers.typed_all::<Contact>().unwrap_or_default();
    let is_ours = |contact: &&Contact| {
        let (one, two) = (&contact.uri, &ours.uri);
        one.user == two.user && one.host == two.host && one.port == two.port
    };
    // A registrar that sees us behind address translation may write another address; if there is but one, it
    // is ours.
    let binding = contacts.iter().find(is_ours).or(match contacts.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let of_binding = binding.and_then(|contact| contact.params.unquoted("expires")?.parse().ok());
    let of_response = || response.headers.typed_opt::<Expires>().ok().flatten().map(|expires| expires.0);
    of_binding.or_else(of_response).unwrap_or(asked).max(SHORTEST_SECONDS)
}

/// How long after it was granted a binding is refreshed: a tenth of its time before its end, but early enough
/// that a REGISTER which gets no answer can be sent elsewhere, unless the time is so short that half of it
/// has to do.
pub(super) fn refresh_after(granted: Duration, timers: &Timers) -> Duration {
    let margin = (granted / 10).max(timers.give_up().min(granted / 2));
    granted - margin
}

/// A binding for less would be nothing but refreshes.
const SHORTEST_SECONDS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresh_leaves_time_for_another_attempt() {
        let timers = Timers::default();
        for (granted, expected) in [(3600, 3240), (300, 268), (60, 30), (10, 5)] {
            let after = refresh_after(Duration::from_secs(granted), &timers);
            assert_eq!(after, Duration::from_secs(expected), "{granted} s");
        }
    }
}
