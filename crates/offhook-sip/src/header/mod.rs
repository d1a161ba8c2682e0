//! Header fields: the ordered list of a message, and typed views of single fields, one to a file.
//!
//! A message keeps its header values as text. A typed header is read on demand with [`Headers::typed`] and
//! its relatives, so that a field which nobody looks at costs nothing and passes through unchanged.

mod accept;
mod address;
mod allow;
mod authentication;
mod call_id;
mod content_length;
mod content_type;
mod cseq;
mod date;
mod event_package;
mod expires;
mod history_info;
mod list;
mod max_forwards;
mod min_se;
mod name;
mod name_addr;
mod options;
mod params;
mod product;
mod rack;
mod reason;
mod replaces;
mod retry_after;
mod rseq;
mod session_expires;
mod timestamp;
mod via;
mod warning;

use crate::text::Text;

pub use accept::Accept;
pub use address::{Contact, Diversion, From, PAssertedIdentity, RecordRoute, ReferTo, ReferredBy, Route, To};
pub use allow::Allow;
pub use authentication::{AuthValue, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
pub use call_id::CallId;
pub use content_length::ContentLength;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use event_package::{EventPackage, SubscriptionState};
pub use expires::{Expires, MinExpires};
pub use history_info::HistoryInfo;
pub use list::Headers;
pub use max_forwards::MaxForwards;
pub use min_se::MinSe;
pub use name::HeaderName;
pub use name_addr::NameAddr;
pub use options::{ProxyRequire, Require, Supported, Unsupported};
pub use params::{Param, Params};
pub use product::{Server, UserAgent};
pub use rack::RAck;
pub use reason::Reason;
pub use replaces::Replaces;
pub use retry_after::RetryAfter;
pub use rseq::RSeq;
pub use session_expires::{Refresher, SessionExpires};
pub use timestamp::Timestamp;
pub use via::Via;
pub use warning::Warning;

/// A header field with a meaning: knows its name, its grammar and how it is spread over lines.
pub trait TypedHeader: Sized {
    /// The field's name.
    const NAME: HeaderName;

    /// Whether the field may hold several values, on one line separated by commas or on several lines (RFC
    /// 3261 section 7.3.1).
    const LIST: bool = false;

    /// Reads one value: of a list, one element.
    fn parse(value: &Text) -> Result<Self, ValueError>;

    /// Appends the value as it stands on the wire, without the name.
    fn write(&self, out: &mut String);

    /// Reads the field from a message: the first value of a list, the only value of any other field. `None`
    /// if there is none.
    ///
    /// Fields that are one set of words however many lines they take (`Supported`, `Allow`) gather all lines
    /// here.
    fn read(headers: &Headers) -> Result<Option<Self>, HeaderError> {
        headers.read_first()
    }
}

/// Why a header field could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The message does not have the field.
    #[error("the header field {name} is missing")]
    Missing {
        /// The field.
        name: HeaderName,
    },
    /// A field that may stand once stands more often (RFC 3261 section 7.3.1).
    #[error("the header field {name} stands {count} times, and only once is allowed")]
    Repeated {
        /// The field.
        name: HeaderName,
        /// How often it stands.
        count: usize,
    },
    /// The value does not follow the field's grammar.
    #[error("malformed {name} value \"{}\": expected {expected}", beginning(value))]
    Malformed {
        /// The field.
        name: HeaderName,
        /// The value as it came.
        value: Text,
        /// What the grammar wants at the place that failed.
        expected: &'static str,
    },
}

impl HeaderError {
    /// The field that could not be read.
    pub fn name(&self) -> &HeaderName {
        match self {
            Self::Missing { name } | Self::Repeated { name, .. } | Self::Malformed { name, .. } => name,
        }
    }
}

/// What of a value goes into an error message: enough to find it, and no flood of the log.
fn beginning(value: &str) -> &str {
    value.char_indices().nth(MAX_SHOWN_CHARS).map_or(value, |(end, _)| &value[..end])
}

const MAX_SHOWN_CHARS: usize = 120;

/// A value that does not follow its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct ValueError {
    expected: &'static str,
}

impl ValueError {
    /// An error that says what the grammar wants.
    pub const fn new(expected: &'static str) -> Self {
        Self { expected }
    }

    /// What the grammar wants at the place that failed.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

/// `Display` and `FromStr` by way of the wire form, for each typed header.
macro_rules! wire_form {
    ($($header:ty),*) => {$(
        impl std::fmt::Display for $header {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut text = String::new();
                $crate::header::TypedHeader::write(self, &mut text);
                f.pad(&text)
            }
        }

        impl std::str::FromStr for $header {
            type Err = $crate::header::ValueError;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                $crate::header::TypedHeader::parse(&$crate::text::Text::from(value))
            }
        }
    )*};
}
use wire_form;
