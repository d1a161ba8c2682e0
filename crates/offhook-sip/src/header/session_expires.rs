//! Session-Expires: the session interval and who refreshes.

use crate::grammar::{Scanner, write_number};
use crate::header::expires::scan_seconds;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// The session interval (RFC 4028 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub seconds: u32,
    /// Who sends the refreshes, if it is said.
    pub refresher: Option<Refresher>,
}

/// The side that refreshes a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The one that sent the request.
    Uac,
    /// The one that answered it.
    Uas,
}

impl TypedHeader for SessionExpires {
    const NAME: HeaderName = HeaderName::SessionExpires;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let seconds = scan_seconds(&mut scanner)?;
        let params = Params::scan(&mut scanner)?;
        let refresher = match params.value("refresher") {
            None => None,
            Some(side) if side.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(ValueError::new("`uac` or `uas` as refresher")),
        };
        Ok(Self { seconds, refresher })
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.seconds.into());
        match self.refresher {
            Some(Refresher::Uac) => out.push_str(";refresher=uac"),
            Some(Refresher::Uas) => out.push_str(";refresher=uas"),
            None => {}
        }
    }
}

wire_form!(SessionExpires);
