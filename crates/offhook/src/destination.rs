//! The forms of a destination (CALL-19).

use offhook_sip::{Scheme, Text, Uri};

/// Who is called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Destination {
    /// A telephone number, digits with or without `+`.
    Number(String),
    /// A SIP address.
    Sip(Box<Uri>),
    /// An inbound service of this server.
    Service(String),
}

/// Why a text names no destination that can be called (CALL-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDestination {
    /// It fits no form.
    Malformed,
    /// Its transport is not configured; what would have to be.
    NotConfigured(&'static str),
}

impl NoDestination {
    /// What would have been accepted.
    pub(crate) fn accepted(self) -> String {
        match self {
            Self::Malformed => {
                "a number, tel:number, sip:address, loc:service, con:room, or a SIP address".to_owned()
            }
            Self::NotConfigured(transport) => {
                format!("a form whose transport is configured; {transport} is not")
            }
        }
    }
}

impl Destination {
    pub(crate) fn parse(text: &str) -> Result<Self, NoDestination> {
        if let Some(number) = text.strip_prefix("tel:") {
            let digits = without_hyphens(number.strip_prefix('+').unwrap_or(number));
            return match digits {
                Some(digits) if !digits.starts_with('0') => Ok(Self::Number(format!("+{digits}"))),
                _ => Err(NoDestination::Malformed),
            };
        }
        if let Some(name) = text.strip_prefix("loc:") {
            return match !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) {
                true => Ok(Self::Service(name.to_owned())),
                false => Err(NoDestination::Malformed),
            };
        }
        // Rooms are entered, not called: their addresses are looked at before this.
        if text.starts_with("con:") {
            return Err(NoDestination::Malformed);
        }
        if text.starts_with("webrtc:") {
            return Err(NoDestination::NotConfigured("WebRTC"));
        }
        if text.starts_with("wss:") {
            return Err(NoDestination::NotConfigured("WebSocket"));
        }
        if let Some(digits) = without_hyphens(text) {
            return Ok(Self::Number(digits));
        }
        let uri = match text.starts_with("sip:") || text.starts_with("sips:") {
            true => Uri::parse(&Text::from(text.to_owned())),
            false => Uri::parse(&Text::from(format!("sip:{text}"))),
        };
        let uri = uri.map_err(|_| NoDestination::Malformed)?;
        if uri.scheme == Scheme::Sips {
            return Err(NoDestination::NotConfigured("SIP over TLS"));
        }
        match uri.params.value("transport") {
            Some(transport) if !transport.eq_ignore_ascii_case("udp") => {
                Err(NoDestination::NotConfigured("SIP over another transport than UDP"))
            }
            _ => Ok(Self::Sip(Box::new(uri))),
        }
    }
}

/// The digits of a number in which single hyphens may stand between digits.
fn without_hyphens(number: &str) -> Option<String> {
    let groups = || number.split('-');
    let fits = groups().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    fits.then(|| groups().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<Destination, NoDestination> {
        Ok(Destination::Number(text.to_owned()))
    }

    /// CALL-19: the forms of a telephone number.
    #[test]
    fn numbers_have_two_forms() {
        assert_eq!(Destination::parse("0301234"), number("0301234"));
        assert_eq!(Destination::parse("030-12-34"), number("0301234"));
        assert_eq!(Destination::parse("tel:+4930-1234"), number("+49301234"));
        assert_eq!(Destination::parse("tel:4930"), number("+4930"));
        for bad in ["tel:", "tel:0301234", "tel:+", "tel:12a", "1--2", "-12", "12-"] {
            assert_ne!(
                Destination::parse(bad).ok().map(|found| matches!(found, Destination::Number(_))),
                Some(true),
                "{bad}"
            );
        }
    }

    /// CALL-19: what has no other form is a SIP address.
    #[test]
    fn anything_else_is_a_sip_address() {
        for text in ["sip:ann@192.0.2.1:5070;x=1", "ann@example.com", "example.com"] {
            assert!(matches!(Destination::parse(text), Ok(Destination::Sip(_))), "{text}");
        }
        assert_eq!(Destination::parse("loc:desk"), Ok(Destination::Service("desk".to_owned())));
    }

    /// CALL-20: what fits no form, and forms whose transport is not configured.
    #[test]
    fn the_rest_is_refused() {
        for text in ["", " ", "sip:", "http:x", "ann@", "+49 30", "loc:", "loc:a b", "ann@a\r\nb"] {
            assert_eq!(Destination::parse(text), Err(NoDestination::Malformed), "{text:?}");
        }
        for text in
            ["webrtc:ann", "wss://example.com/a", "sips:ann@example.com", "sip:ann@example.com;transport=tcp"]
        {
            assert!(matches!(Destination::parse(text), Err(NoDestination::NotConfigured(_))), "{text}");
        }
    }
}
