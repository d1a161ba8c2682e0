//! A name and its password.

use std::fmt;

use crate::text::Text;

/// Who we are to a server that asks. The password is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) user: Text,
    pub(super) password: Text,
    pub(super) realm: Option<Text>,
}

impl Credentials {
    /// A name and its password, for whatever realm asks.
    pub fn new(user: impl Into<Text>, password: impl Into<Text>) -> Self {
        Self { user: user.into(), password: password.into(), realm: None }
    }

    /// The same for one realm alone: challenges of others are not answered.
    pub fn for_realm(mut self, realm: impl Into<Text>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The name.
    pub fn user(&self) -> &str {
        &self.user
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
