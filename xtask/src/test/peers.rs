//! Other people's SIP programs against ours.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::Context;
use super::python::{environment, pytest};
use super::tools::{apt, cargo, install, run};

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

/// Our codecs against those of ffmpeg and of bcg729, a library without a program.
fn codecs(context: &Context) -> Result<()> {
    let loads = Command::new("python3")
        .args(["-c", "import ctypes; ctypes.CDLL('libbcg729.so.0')"])
        .stderr(Stdio::null())
        .status()
        .context("cannot start python3")?;
    if !loads.success() {
        install(&["libbcg729-0"])?;
    }
    let tests = ["codecs_against_ffmpeg", "opus_ffmpeg", "g729_peer"].map(|test| ["--test", test]);
    // With the features of the whole workspace, so that nothing is compiled again.
    let test = ["test", "--workspace", "--locked"];
    run(cargo(&context.root).args(test).args(tests.as_flattened()).args(["--", "--ignored"]))
}
