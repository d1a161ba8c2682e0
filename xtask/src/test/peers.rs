//! Other people's SIP programs against ours.

use anyhow::Result;

use super::Context;
use super::python::{environment, pytest};
use super::tools::{apt, cargo, run};

/// sipp scenarios, baresip and Linphone as softphones, Kamailio as registrar and proxy, and tshark's dissection of every packet of the run.
pub(super) fn tests(context: &Context) -> Result<()> {
    apt(&[
        ("sipp", "sip-tester"),
        ("baresip", "baresip-core"),
        ("kamailio", "kamailio"),
        ("linphonec", "linphone-cli"),
        ("tshark", "tshark"),
        ("dumpcap", "wireshark-common"),
        ("ffmpeg", "ffmpeg"),
    ])?;
    codecs(context)?;
    let python = environment(context)?;
    pytest(context, &python, "tests/peers")
}

/// Our codecs against those of other programs.
fn codecs(context: &Context) -> Result<()> {
    let test = ["test", "--package", "offhook-media", "--locked"];
    let files = ["--test", "codecs_against_ffmpeg", "--test", "opus_ffmpeg"];
    run(cargo(&context.root).args(test).args(files).args(["--", "--ignored"]))
}
