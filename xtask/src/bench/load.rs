//! The callers: sipp with scenarios made for the measurement.

use std::{
    collections::HashMap,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// What the callers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// INVITE, 180, 200, ACK, BYE at once.
    Signalling,
    /// The same without a log of the times, which costs the caller more than the calls do.
    SignallingUntimed,
    /// The same, and 503 with Retry-After is an end too.
    Overload,
    /// INVITE, 183 with SDP; the server answers when its ringing is over; BYE.
    EarlyMedia,
}

/// A load to be run.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// What each call does.
    pub(crate) scenario: Scenario,
    /// New calls a second.
    pub(crate) rate: u32,
    /// Calls in all.
    pub(crate) calls: u32,
    /// The server.
    pub(crate) server: SocketAddr,
    /// Where the callers want their RTP.
    pub(crate) media_port: u16,
    /// For how long a call may last.
    pub(crate) patience: Duration,
}

/// A running sipp.
pub(crate) struct Callers {
    child: Child,
    folder: PathBuf,
}

/// What became of the calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Calls that went through the whole scenario.
    pub(crate) successful: u64,
    /// Those among them that were refused with 503 and Retry-After, where that is an end.
    pub(crate) refused: u64,
    /// Calls that did not.
    pub(crate) failed: u64,
    /// INVITE to the first 18x, in milliseconds, sorted.
    pub(crate) response_ms: Vec<f64>,
    /// For each call with early media: the server's RTP port and the arrival of the 183, in seconds since 1970.
    pub(crate) progress: Vec<(u16, f64)>,
}

impl Load {
    /// Starts sipp on the processors in `cpus`; its files go to `folder`.
    pub(crate) fn start(&self, folder: &Path, cpus: &str) -> Result<Callers> {
        fs::create_dir_all(folder)?;
        let scenario = folder.join("scenario.xml");
        fs::write(&scenario, self.scenario.text(self.media_port))?;
        let child = Command::new("taskset")
            .args(["-c", cpus, "sipp", "-sf"])
            .arg(&scenario)
            .args(["-r", &self.rate.to_string(), "-m", &self.calls.to_string()])
            .args([
                "-l",
                &self.calls.to_string(),
                "-i",
                &self.own_address()?.to_string(),
                "-nostdin",
                "-max_socket",
                "1000",
            ])
            .args(["-timeout", &format!("{}s", self.patience.as_secs()), "-trace_logs", "-log_file"])
            // After its time sipp still waits for the calls that are up: one whose response was lost would wait for ever.
            .args(["-recv_timeout", &self.patience.as_millis().to_string()])
            .arg(folder.join("calls.log"))
            .args(["-trace_stat", "-stf"])
            .arg(folder.join("stat.csv"))
            .args(["-trace_err", "-error_file"])
            .arg(folder.join("errors.log"))
            .arg(self.server.to_string())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting sipp (package sip-tester)")?;
        Ok(Callers { child, folder: folder.to_owned() })
    }
}

impl Load {
    /// The address of this machine from which the server is called.
    fn own_address(&self) -> Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect(self.server)?;
        Ok(socket.local_addr()?.ip())
    }
}

impl Callers {
    /// Waits for the last call and reads what sipp wrote.
    pub(crate) fn wait(mut self) -> Result<Outcome> {
        let status = self.child.wait()?;
        let statistics =
            fs::read_to_string(self.folder.join("stat.csv")).context("sipp wrote no statistics")?;
        let mut outcome = read_statistics(&statistics)?;
        if outcome.successful + outcome.failed == 0 {
            let errors = fs::read_to_string(self.folder.join("errors.log")).unwrap_or_default();
            bail!("sipp ended with {status} and made no call:\n{errors}");
        }
        read_times(&fs::read_to_string(self.folder.join("calls.log")).unwrap_or_default(), &mut outcome);
        Ok(outcome)
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        // Already reaped after `wait`; a load that is given up must not go on.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Scenario {
    fn text(self, media_port: u16) -> String {
        let user = if matches!(self, Self::EarlyMedia) { "music" } else { "ring" };
        let target = format!("sip:{user}@[remote_ip]:[remote_port]");
        let invite = request("INVITE", &target, 1, "", &offer(media_port));
        let ack = request("ACK", "[next_url]", 1, "[peer_tag_param]", "");
        let bye = request("BYE", "[next_url]", 2, "[peer_tag_param]", "");
        let ringing = match self {
            Self::SignallingUntimed => r#"<recv response="180"/>"#,
            Self::Overload => concat!(
                r#"<recv response="503" optional="true" next="1"><action>"#,
                r#"<ereg regexp="[0-9]+" search_in="hdr" header="Retry-After:" check_it="true" assign_to="1"/>"#,
                r#"<log message="refused [call_number]"/></action></recv><Reference variables="1"/>"#,
                r#"<recv response="180"/>"#,
            ),
            Self::Signalling => concat!(
                r#"<recv response="180"><action>"#,
                r#"<log message="progress [call_number] 0 [timestamp]"/></action></recv>"#,
            ),
            Self::EarlyMedia => concat!(
                r#"<recv response="183"><action>"#,
                r#"<ereg regexp="m=audio ([0-9]+)" search_in="body" assign_to="1,2"/>"#,
                r#"<log message="progress [call_number] [$2] [timestamp]"/></action></recv>"#,
                r#"<Reference variables="1"/>"#
            ),
        };
        let end = if matches!(self, Self::Overload) { "<label id=\"1\"/>\n" } else { "" };
        let begin = match self {
            Self::SignallingUntimed | Self::Overload => "",
            _ => r#"<nop><action><log message="invite [call_number] [timestamp]"/></action></nop>"#,
        };
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="bench">
{begin}
<send retrans="500"><![CDATA[{invite}]]></send>
<recv response="100" optional="true"/>
{ringing}
<recv response="200" rrs="true"/>
<send><![CDATA[{ack}]]></send>
<send retrans="500"><![CDATA[{bye}]]></send>
<recv response="200"/>
{end}</scenario>
"#
        )
    }
}

fn offer(media_port: u16) -> String {
    format!(
        "v=0\no=bench 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\nm=audio {media_port} RTP/AVP 8 0 101\n\
         a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n"
    )
}

fn request(method: &str, uri: &str, cseq: u32, to_tag: &str, body: &str) -> String {
    let content_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
    format!(
        "\n{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch];rport\nMax-Forwards: 70\n\
         From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]\n\
         To: <sip:bench@[remote_ip]:[remote_port]>{to_tag}\nCall-ID: [call_id]\nCSeq: {cseq} {method}\n\
         Contact: <sip:caller@[local_ip]:[local_port]>\n{content_type}Content-Length: [len]\n\n{body}"
    )
}

/// The last line of sipp's statistics holds the totals; the first names the columns.
fn read_statistics(text: &str) -> Result<Outcome> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().context("sipp's statistics are empty")?.split(';').collect();
    let last: Vec<&str> = lines.last().context("sipp's statistics hold no figures")?.split(';').collect();
    let value = |name: &str| -> Result<u64> {
        let column = names
            .iter()
            .position(|each| *each == name)
            .with_context(|| format!("sipp's statistics have no column {name}"))?;
        last.get(column).and_then(|word| word.parse().ok()).with_context(|| format!("{name} is not a number"))
    };
    Ok(Outcome {
        successful: value("SuccessfulCall(C)")?,
        failed: value("FailedCall(C)")?,
        ..Outcome::default()
    })
}

/// Lines `invite CALL ... SECONDS` and `progress CALL PORT ... SECONDS`, written as they happened.
fn read_times(text: &str, outcome: &mut Outcome) {
    let mut invited: HashMap<&str, f64> = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(kind), Some(call)) = (words.first(), words.get(1)) else { continue };
        // A refusal has no time: its last word is the number of the call.
        let Some(seconds) = words.last().and_then(|word| word.parse::<f64>().ok()) else { continue };
        if *kind == "refused" {
            outcome.refused += 1;
            continue;
        }
        if *kind == "invite" {
            invited.insert(call, seconds);
            continue;
        }
        if let Some(begin) = invited.get(call) {
            outcome.response_ms.push((seconds - begin) * 1000.0);
        }
        if let Some(port) = words.get(2).and_then(|word| word.parse().ok()).filter(|port| *port != 0) {
            outcome.progress.push((port, seconds));
        }
    }
    outcome.response_ms.sort_by(f64::total_cmp);
}
