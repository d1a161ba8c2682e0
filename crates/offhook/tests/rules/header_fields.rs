//! Header fields of the INVITE.

use offhook::{HeaderField, HeaderFieldError};

use crate::support::*;

/// SIP-5, SIP-6, SIP-8: a received field is found whatever the letter case, with its values in order, also after the call.
#[test]
fn received_fields_are_readable() {
    scene(1, |mut scene| async move {
        let request =
            scene.request().header("X-Order", "17").header("x-order", "18, 19").header("x-mood", "grün");
        let (_call, channel) = scene.call(request).await;
        for _ in 0..2 {
            assert_eq!(channel.request_header("X-ORDER").unwrap().values(), ["17", "18", "19"]);
            assert_eq!(channel.request_header("x-Mood").unwrap().values(), ["grün"]);
            assert!(channel.request_header("x-none").is_none());
            assert!(channel.request_header("max-forwards").is_some());
            let names: Vec<_> =
                channel.request_headers().iter().map(|field| field.name().to_lowercase()).collect();
            assert_eq!(names, ["x-order", "x-mood"]);
            channel.hang_up().await;
        }
    });
}

/// SIP-2, SIP-3, SIP-4: which fields may be sent.
#[test]
fn fields_to_send_are_checked() {
    for name in ["x-a", "X-Order-17", "x-.!%*_+`'~"] {
        assert_eq!(HeaderField::new(name, "value").unwrap().name(), name);
    }
    for name in ["", "x-", "Subject", "Via", "xa", "x-a b", "x-ä", "x-a:", "x-a\r\nVia"] {
        let error = HeaderField::new(name, "value").unwrap_err();
        assert!(matches!(error, HeaderFieldError::Name { .. }), "{name:?}: {error}");
    }
    for value in ["a\r\nb", "a\nb", "a\rb", "a\0b"] {
        let error = HeaderField::new("x-a", value).unwrap_err();
        assert!(matches!(error, HeaderFieldError::Value { .. }), "{value:?}: {error}");
        assert!(HeaderField::new("x-a", "good").unwrap().add_value(value).is_err(), "{value:?}");
    }
}
