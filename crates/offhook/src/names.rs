//! The documented names of enumerations (GEN-5).

/// Gives an enumeration `name()`, the documented name of a member, and a `Display` that writes it.
macro_rules! documented_names {
    ($type:ident { $($member:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The documented name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use documented_names;
