//! `offhook call`: places one call as asked, and tells whether it went that way.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use offhook::SystemNetwork;
use offhook::caller::{CallRequest, CallSdp, Caller, CallerConfig, LadderDirection, OutCall};
use offhook::media::wav;
use offhook::sip::Reliability;
use offhook::sip::auth::Credentials;
use tokio::time::timeout;

use crate::cli::{Call, ReliableOption};
use crate::command::Ending;
use crate::config::ConfigError;
use crate::story::{Story, Words};
use crate::terminal::{Colour, Progress, line, paint, print_ladder, span};

/// Places the call.
pub(super) async fn run(arguments: Call) -> anyhow::Result<Ending> {
    let request = request(&arguments)?;
    let caller = caller(&arguments).await?;
    let progress = Progress::start(format!("calling {}", arguments.to));
    let call = caller.call(request).await.map_err(|error| match error {
        error @ offhook::caller::CallError::Codecs(_) => anyhow::Error::from(ConfigError::value(
            "--codecs",
            arguments.codecs.as_deref().unwrap_or(""),
            error.to_string(),
        )),
        error => anyhow::Error::from(error).context(format!("{} could not be called", arguments.to)),
    })?;
    let cut_short = tokio::select! {
        () = carry_out(&call, &arguments) => false,
        _ = tokio::signal::ctrl_c() => true,
    };
    call.hang_up();
    // A CANCEL waits for a first response (RFC 3261 section 9.1); where nobody is, none will come.
    let anybody = call.ladder().iter().any(|entry| entry.direction == LadderDirection::Received);
    let _ = timeout(if anybody { CLEARING } else { LAST_CHANCE }, call.cleared()).await;
    drop(progress);

    let story = Story::of(&call).await;
    print_ladder(&story, "caller", "called");
    tell(&story);
    if let Some(path) = &arguments.record {
        write(path, &wav::write(&story.sound))?;
        line(&format!("recorded {} to {}", span(story.sound.duration()), path.display()));
    }
    if let Some(path) = &arguments.picture {
        let words = Words { before: "", ringing: "ringing", answered: "answered", tone: "", spoken: &[] };
        let picture = story.picture(&format!("Call to {}", arguments.to), &in_short(&story), &words);
        write(path, picture.to_svg().as_bytes())?;
        line(&format!("drew the call to {}", path.display()));
    }
    if cut_short {
        return Ok(Ending::CutShort);
    }
    let problems = problems(&story, &arguments);
    for problem in &problems {
        line(&format!("{} {problem}", paint(Colour::Red, "✗")));
    }
    if problems.is_empty() {
        line(&format!("{} the call went as asked", paint(Colour::Green, "✓")));
    }
    Ok(if problems.is_empty() { Ending::Done } else { Ending::NotAsAsked })
}

fn request(arguments: &Call) -> Result<CallRequest, ConfigError> {
    let to = if arguments.to.contains(':') { arguments.to.clone() } else { format!("sip:{}", arguments.to) };
    let mut request = CallRequest::to(&to)
        .map_err(|error| ConfigError::value("URI", &arguments.to, error.to_string()))?
        .reliability(match arguments.reliable {
            ReliableOption::Required => Reliability::Required,
            ReliableOption::Supported => Reliability::Supported,
            ReliableOption::Off => Reliability::Absent,
        })
        .sdp(if arguments.no_sdp { CallSdp::None } else { CallSdp::Offer });
    if let Some(codecs) = &arguments.codecs {
        request = request.codecs(codecs.as_str());
    }
    for header in &arguments.headers {
        let accepted = || {
            ConfigError::value("--header", header, "a name, a colon and a value, for example 'X-Order: 42'")
        };
        let (name, value) = header.split_once(':').ok_or_else(accepted)?;
        let (name, value) = (name.trim(), value.trim());
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) || value.contains(['\r', '\n', '\0']) {
            return Err(accepted());
        }
        request = request.header(name, value);
    }
    if let (Some(user), Some(variable)) = (&arguments.user, &arguments.password_env) {
        let password = std::env::var(variable).map_err(|_| {
            ConfigError::value("--password-env", variable, "the name of an environment variable that is set")
        })?;
        request = request.credentials(Credentials::new(user.as_str(), password));
    }
    if let Some(digits) = &arguments.send_digits {
        let key = |key: char| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d' | ',');
        if digits.is_empty() || !digits.chars().all(key) {
            return Err(ConfigError::value(
                "--send-digits",
                digits,
                "0-9, *, #, A-D, and a comma for a pause",
            ));
        }
    }
    Ok(request)
}

async fn caller(arguments: &Call) -> anyhow::Result<Caller> {
    let mut config = CallerConfig::default();
    config.bind = arguments.bind.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    if arguments.bind.is_none() && arguments.to.contains('[') {
        config.bind = "[::]:0".parse().context("no IPv6 address")?;
    }
    if let Some(from) = &arguments.from {
        let rest = from.strip_prefix("sip:").unwrap_or(from);
        let user = rest.split('@').next().unwrap_or(rest);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/%".contains(&byte);
        if user.is_empty() || !user.bytes().all(plain) {
            return Err(ConfigError::value(
                "--from",
                from,
                "a name or number, or a SIP URI such as sip:alice@example.org",
            )
            .into());
        }
        user.clone_into(&mut config.user);
    }
    let bind = config.bind;
    Caller::new(Arc::new(SystemNetwork::new()), config)
        .await
        .with_context(|| format!("could not call from {bind}; choose another address with --bind"))
}

/// From the INVITE to the moment at which there is nothing more to do than to hang up.
async fn carry_out(call: &OutCall, arguments: &Call) {
    let answered = match arguments.cancel_after {
        Some(time) => timeout(time, call.answered()).await,
        None => timeout(arguments.timeout, call.answered()).await,
    };
    if !matches!(answered, Ok(true)) {
        return;
    }
    if let Some(digits) = &arguments.send_digits {
        call.send_digits(digits);
    }
    match arguments.talk {
        Some(time) => drop(timeout(time, call.cleared()).await),
        None => drop(call.cleared().await),
    }
}

/// What of the call is not as it was asked for.
fn problems(story: &Story, arguments: &Call) -> Vec<String> {
    let mut problems = Vec::new();
    let found =
        story.final_status().map_or_else(|| "no final response".to_owned(), |status| status.to_string());
    match (arguments.expect_status, arguments.cancel_after) {
        (Some(expected), _) if story.final_status() != Some(expected) => {
            problems.push(format!("expected final status {expected}, got {found}"));
        }
        (None, None) if story.ladder.iter().all(|entry| entry.direction == LadderDirection::Sent) => {
            problems.push(format!(
                "nobody answered at {}: is a server running there, and does a firewall let UDP through?",
                arguments.to
            ));
        }
        (None, None) if story.answered_at().is_none() => {
            problems.push(format!("the call was not answered: {found}"));
        }
        (None, Some(time)) if story.final_status() != Some(487) => {
            problems.push(format!("the call was to be cancelled after {}, got {found}", span(time)));
        }
        _ => {}
    }
    if arguments.early_media_expected {
        match (story.early_media_at(), story.heard.first_at()) {
            (None, _) => problems.push("no early media: no provisional response carried SDP".to_owned()),
            (Some(_), None) => problems.push("early media was negotiated, but no RTP came".to_owned()),
            (Some(_), Some(first)) if story.answered_at().is_some_and(|answered| first > answered) => {
                problems.push("early media was negotiated, but no RTP came before the answer".to_owned());
            }
            _ => {}
        }
    }
    if arguments.record.is_some() && story.heard.packets.is_empty() && story.answered_at().is_some() {
        problems.push("nothing was recorded: no RTP came".to_owned());
    }
    problems
}

/// What was heard, and how well it came.
pub(super) fn tell(story: &Story) {
    if story.heard.packets.is_empty() {
        line("heard nothing: no RTP came");
        return;
    }
    if story.passages.is_empty() {
        line("heard silence only");
    }
    line(&in_short(story));
}

/// Times and counts in one line.
pub(super) fn in_short(story: &Story) -> String {
    let mut parts = Vec::new();
    if let Some(at) = story.early_media_at() {
        parts.push(format!("early media after {}", span(at)));
        if let Some(first) = story.heard.first_at() {
            parts.push(format!("first RTP {} later", span(first.saturating_sub(at))));
        }
    }
    if let Some(at) = story.answered_at() {
        parts.push(format!("answered after {}", span(at)));
    }
    if !story.heard.packets.is_empty() {
        let lost = story.stats.as_ref().map_or(0, |stats| stats.packets_lost);
        let gap = story.longest_gap().map_or_else(String::new, |gap| format!(", longest gap {}", span(gap)));
        parts.push(format!("{} packets, {lost} lost{gap}", story.heard.packets.len()));
    }
    parts.join(" · ")
}

/// Writes a file, or says which one could not be written.
pub(super) fn write(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, contents).with_context(|| format!("{} could not be written", path.display()))
}

/// Longer than all retransmissions of a CANCEL or BYE take (64*T1).
const CLEARING: Duration = Duration::from_secs(35);
/// For a first response that is on its way.
const LAST_CHANCE: Duration = Duration::from_millis(500);
