//! Names of header fields.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::text::Text;

macro_rules! header_names {
    ($($variant:ident $name:literal $(compact $compact:literal)?,)*) => {
        /// The name of a header field. Letter case does not count, and a compact form is the same name as the
        /// long one (RFC 3261 sections 7.3.1 and 7.3.3).
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(#[doc = concat!("`", $name, "`", $(", compact `", $compact, "`",)? ".")]
            $variant,)*
            /// A name that has no variant. Make it with [`HeaderName::parse`] or `From`, which find those
            /// that have one.
            Other(Text),
        }

        impl HeaderName {
            /// The name as it is written: the long form in its usual spelling, an unknown one as it came.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        /// Each spelling with the position of its name in `NAMES`.
        const SPELLINGS: &[(&str, usize)] = &[
            $(($name, Position::$variant as usize),)*
            $($(($compact, Position::$variant as usize),)?)*
        ];
        static NAMES: &[HeaderName] = &[$(HeaderName::$variant,)*];

        enum Position { $($variant,)* }
    };
}

header_names! {
    Accept "Accept",
    AcceptEncoding "Accept-Encoding",
    AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info",
    Allow "Allow",
    AllowEvents "Allow-Events" compact "u",
    AnswerMode "Answer-Mode",
    AuthenticationInfo "Authentication-Info",
    Authorization "Authorization",
    CallId "Call-ID" compact "i",
    CallInfo "Call-Info",
    Contact "Contact" compact "m",
    ContentDisposition "Content-Disposition",
    ContentEncoding "Content-Encoding" compact "e",
    ContentLanguage "Content-Language",
    ContentLength "Content-Length" compact "l",
    ContentType "Content-Type" compact "c",
    CSeq "CSeq",
    Date "Date",
    Diversion "Diversion",
    ErrorInfo "Error-Info",
    Event "Event" compact "o",
    Expires "Expires",
    From "From" compact "f",
    HistoryInfo "History-Info",
    Identity "Identity" compact "y",
    InReplyTo "In-Reply-To",
    MaxForwards "Max-Forwards",
    MimeVersion "MIME-Version",
    MinExpires "Min-Expires",
    MinSe "Min-SE",
    Organization "Organization",
    PAssertedIdentity "P-Asserted-Identity",
    Path "Path",
    PEarlyMedia "P-Early-Media",
    PPreferredIdentity "P-Preferred-Identity",
    Priority "Priority",
    Privacy "Privacy",
    ProxyAuthenticate "Proxy-Authenticate",
    ProxyAuthorization "Proxy-Authorization",
    ProxyRequire "Proxy-Require",
    RAck "RAck",
    Reason "Reason",
    RecordRoute "Record-Route",
    ReferredBy "Referred-By" compact "b",
    ReferTo "Refer-To" compact "r",
    RemotePartyId "Remote-Party-ID",
    Replaces "Replaces",
    ReplyTo "Reply-To",
    Require "Require",
    RetryAfter "Retry-After",
    Route "Route",
    RSeq "RSeq",
    Server "Server",
    ServiceRoute "Service-Route",
    SessionExpires "Session-Expires" compact "x",
    SipETag "SIP-ETag",
    SipIfMatch "SIP-If-Match",
    Subject "Subject" compact "s",
    SubscriptionState "Subscription-State",
    Supported "Supported" compact "k",
    Timestamp "Timestamp",
    To "To" compact "t",
    Unsupported "Unsupported",
    UserAgent "User-Agent",
    UserToUser "User-to-User",
    Via "Via" compact "v",
    Warning "Warning",
    WwwAuthenticate "WWW-Authenticate",
}

impl HeaderName {
    /// The name that `text` spells, long or compact, in any letter case. An unknown one shares the memory of
    /// `text`.
    pub fn parse(text: &Text) -> Self {
        Self::known(text).unwrap_or_else(|| Self::Other(text.clone()))
    }

    /// The name that `text` spells if it has a variant.
    pub(crate) fn known(text: &str) -> Option<Self> {
        let mut slot = slot(text.as_bytes());
        // Ends because the table is never full: see `TABLE`.
        loop {
            let (spelling, position) = SPELLINGS.get(usize::from(TABLE[slot]))?;
            // The usual spelling first: equal bytes are told faster than equal letters.
            if *spelling == text || spelling.eq_ignore_ascii_case(text) {
                return NAMES.get(*position).cloned();
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

impl From<&'static str> for HeaderName {
    fn from(name: &'static str) -> Self {
        Self::parse(&Text::from_static(name))
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one.eq_ignore_ascii_case(two),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        if let Self::Other(name) = self {
            for byte in name.bytes() {
                byte.to_ascii_lowercase().hash(state);
            }
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Number of slots of the table: a power of two, more than twice the spellings, so that probing is short and
/// always ends.
const SLOTS: usize = 256;

/// Open addressing from a spelling's hash to its position in `SPELLINGS`; 255 marks a free slot.
const TABLE: [u8; SLOTS] = {
    assert!(SPELLINGS.len() * 2 < SLOTS);
    let mut table = [u8::MAX; SLOTS];
    let mut at = 0;
    while at < SPELLINGS.len() {
        let mut slot = slot(SPELLINGS[at].0.as_bytes());
        while table[slot] != u8::MAX {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = at as u8;
        at += 1;
    }
    table
};

/// Hash of a name, blind to letter case: its length, first, middle and last letters. With these factors
/// nearly every name of the table is found at once.
const fn slot(name: &[u8]) -> usize {
    if name.is_empty() {
        return 0;
    }
    let first = name[0].to_ascii_lowercase() as usize;
    let middle = name[name.len() / 2].to_ascii_lowercase() as usize;
    let last = name[name.len() - 1].to_ascii_lowercase() as usize;
    (first * 19 + middle * 242 + last * 211 + name.len() * 130) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_finds_its_name_in_any_letter_case() {
        for (spelling, position) in SPELLINGS {
            for text in [spelling.to_string(), spelling.to_uppercase(), spelling.to_lowercase()] {
                assert_eq!(HeaderName::known(&text).as_ref(), NAMES.get(*position), "{text}");
            }
        }
    }

    #[test]
    fn unknown_names_compare_without_letter_case() {
        let one = HeaderName::from("X-Colour");
        assert_eq!(one, HeaderName::from("x-colour"));
        assert_ne!(one, HeaderName::from("x-color"));
        assert_eq!(one.as_str(), "X-Colour");
    }
}
