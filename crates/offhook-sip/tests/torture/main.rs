//! Torture: every situation that RFC 4475 describes, with messages of our own, each with the parser's verdict
//! and the endpoint's answer. The messages stand in `valid`, `invalid`, `transaction` and `application`,
//! named after the chapters of the RFC.

mod answers;
mod application;
mod case;
mod invalid;
mod reading;
mod transaction;
mod valid;

use case::Case;

/// All cases in the order of the RFC.
fn cases() -> impl Iterator<Item = &'static Case> {
    [valid::CASES, invalid::CASES, transaction::CASES, application::CASES].into_iter().flatten()
}
