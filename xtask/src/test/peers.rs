//! Other people's SIP programs against ours.

use anyhow::Result;

use super::Context;
use super::python::{environment, pytest};
use super::tools::apt;

/// sipp scenarios, baresip as a softphone, and tshark's dissection of every packet of the run.
pub(super) fn tests(context: &Context) -> Result<()> {
    apt(&[
        ("sipp", "sip-tester"),
        ("baresip", "baresip-core"),
        ("tshark", "tshark"),
        ("dumpcap", "wireshark-common"),
    ])?;
    let python = environment(context)?;
    pytest(context, &python, "tests/peers")
}
