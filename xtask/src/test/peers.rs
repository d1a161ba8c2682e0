//! Other people's SIP programs against ours.

use anyhow::Result;

use super::Context;
use super::python::{environment, pytest};
use super::tools::apt;

/// sipp scenarios, baresip and Linphone as softphones, Kamailio as registrar and proxy, and tshark's dissection of every
/// packet of the run.
pub(super) fn tests(context: &Context) -> Result<()> {
    apt(&[
        ("sipp", "sip-tester"),
        ("baresip", "baresip-core"),
        ("kamailio", "kamailio"),
        ("linphonec", "linphone-cli"),
        ("tshark", "tshark"),
        ("dumpcap", "wireshark-common"),
    ])?;
    let python = environment(context)?;
    pytest(context, &python, "tests/peers")
}
