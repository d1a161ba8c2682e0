//! One SIP message: reading it, its typed headers, and writing it so that it reads as the same.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::header::{
    Accept, Authorization, Contact, Diversion, EventPackage, HistoryInfo, MinSe, PAssertedIdentity,
    ProxyAuthenticate, ProxyAuthorization, RAck, Reason, RecordRoute, ReferTo, ReferredBy, Replaces, Require,
    RetryAfter, Route, SessionExpires, SubscriptionState, Supported, Timestamp, Via, Warning, WwwAuthenticate,
};
use offhook_sip::{Headers, Message, ParseLimits, Response};

fuzz_target!(|datagram: &[u8]| {
    let limits = ParseLimits::default();
    match Message::parse(Bytes::copy_from_slice(datagram), &limits) {
        Ok(message) => {
            look(message.headers());
            // Compact names are written in full, so that a message at a limit may pass it.
            let wide = ParseLimits {
                max_message_bytes: 8 * limits.max_message_bytes,
                max_headers: 8 * limits.max_headers,
                max_header_bytes: 8 * limits.max_header_bytes,
                max_uri_bytes: 8 * limits.max_uri_bytes,
            };
            let again = Message::parse(message.to_bytes(), &wide);
            assert_eq!(again.as_ref().map(Message::to_bytes).ok(), Some(message.to_bytes()));
        }
        Err(error) => {
            if let (Some(status), Some(request)) = (error.status(), &error.request) {
                Response::for_request(request, status).to_bytes();
            }
        }
    }
});

fn look(headers: &Headers) {
    let _ = headers.typed_all::<Via>();
    let _ = headers.typed_all::<Contact>();
    let _ = headers.typed_all::<Route>();
    let _ = headers.typed_all::<RecordRoute>();
    let _ = headers.typed_all::<Diversion>();
    let _ = headers.typed_all::<HistoryInfo>();
    let _ = headers.typed_all::<PAssertedIdentity>();
    let _ = headers.typed_all::<Reason>();
    let _ = headers.typed_all::<Warning>();
    let _ = headers.typed_all::<WwwAuthenticate>();
    let _ = headers.typed_all::<ProxyAuthenticate>();
    let _ = headers.typed_all::<Authorization>();
    let _ = headers.typed_all::<ProxyAuthorization>();
    let _ = headers.typed_opt::<ReferTo>().map(|to| to.map(|to| to.replaces()));
    let _ = headers.typed_opt::<ReferredBy>();
    let _ = headers.typed_opt::<Replaces>();
    let _ = headers.typed_opt::<EventPackage>();
    let _ = headers.typed_opt::<SubscriptionState>();
    let _ = headers.typed_opt::<Accept>();
    let _ = headers.typed_opt::<Require>();
    let _ = headers.typed_opt::<Supported>();
    let _ = headers.typed_opt::<RAck>();
    let _ = headers.typed_opt::<RetryAfter>();
    let _ = headers.typed_opt::<SessionExpires>();
    let _ = headers.typed_opt::<MinSe>();
    let _ = headers.typed_opt::<Timestamp>();
}
