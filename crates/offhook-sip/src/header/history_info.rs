//! History-Info: the targets that a request was sent to before.

use crate::header::{HeaderName, NameAddr, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// One entry (RFC 7044 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryInfo(pub NameAddr);

impl HistoryInfo {
    /// Where the entry stands in the tree of targets, such as `1.2.1`.
    pub fn index(&self) -> Option<&Text> {
        self.0.params.value("index")
    }
}

impl TypedHeader for HistoryInfo {
    const NAME: HeaderName = HeaderName::HistoryInfo;
    const LIST: bool = true;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        NameAddr::parse(value).map(Self)
    }

    fn write(&self, out: &mut String) {
        self.0.write(out);
    }
}

wire_form!(HistoryInfo);
