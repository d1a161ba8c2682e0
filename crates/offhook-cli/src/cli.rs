//! The command line as data: from these types come the parser, the help, the shell completion and the manual page.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::section::ServerSections;
use crate::config::value::{parse_duration, parse_status};
use crate::exploration::Kind;
use crate::logs::LogOptions;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and everything went as asked
  1  it ran, but did not go as asked (a call that was refused, an application with a problem)
  2  a setting or argument is wrong
  3  the machine did not allow it (address in use, no Python, folder not writable)
  4  calls were cut short: a second signal, or the drain time was over";

const EXAMPLES: &str = "\
Examples:
  offhook demo                            see and hear one call, on this machine alone
  offhook serve app.py                    take calls on UDP port 5060
  offhook call sip:1000@127.0.0.1         call it and print what happened
  offhook start reminders                 start an outbound service of a running server
  offhook check app.py                    would it load?
  offhook test app.py                     does it hold whatever callers do?
  offhook tones ringback.gb --wav gb.wav  hear how the United Kingdom rings";

/// Programmable telephony: a few lines of Python run for every call.
#[derive(Debug, Parser)]
#[command(name = "offhook", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take calls and run an application for each.
    Serve(Box<Serve>),
    /// Place a call, print its ladder, and say what was heard.
    Call(Box<Call>),
    /// Start instances of an outbound service on a running server.
    Start(Start),
    /// Load an application as the server would, and report its form and its problems.
    Check(Check),
    /// Explore an application by itself: every key, every hang-up, in virtual time, and report what is wrong.
    Test(Box<Test>),
    /// Show one whole call on this machine: server, application, caller, sound and picture.
    Demo(Demo),
    /// List the tones that an application can play by name, or write one to a file.
    Tones(Tones),
    /// Write a test of a call that was captured.
    RecordScenario(RecordScenario),
    /// The test server behind `offhook.testing`, which talks to it over standard input and output.
    #[command(hide = true)]
    Rehearse,
    /// Print the completion script for a shell.
    Completions(Completions),
    /// Print the manual page (troff), or write one page for each command to a folder.
    Man(Man),
}

/// Where the Python side comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PythonOptions {
    /// Python interpreter that runs the applications, 3.9 or newer [default: python3].
    #[arg(long, env = "OFFHOOK_PYTHON", value_name = "PROGRAM", help_heading = "Workers")]
    pub(crate) python: Option<PathBuf>,
}

const SERVE_EXAMPLES: &str = "\
Examples:
  offhook serve app.py
  offhook serve app.py --sip 192.0.2.7:5060 --rtp-ports 20000-20999 --workers 4
  offhook serve .                       # the folder that holds Applications/
  offhook serve --config offhook.toml   # every setting in one file

A folder: each .py file in Applications/ is an application. A call to sip:welcome@... runs
Applications/welcome.py; a call to another name runs the only application, if there is just one,
and is refused with 404 otherwise. [[service]] entries of the configuration file change that.

Every setting can stand in the configuration file, in the environment, or here; this is also the
order in which a later one wins. SIGINT or SIGTERM ends the server: no new calls, running calls
may go on for --drain-seconds; a second signal hangs up every call and ends at once.";

#[derive(Debug, Args)]
#[command(after_help = format!("{SERVE_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Serve {
    /// A Python file, or the operating directory that holds the folder Applications.
    #[arg(value_name = "APPLICATION", env = "OFFHOOK_APPLICATION")]
    pub(crate) application: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, env = "OFFHOOK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sections: ServerSections,
}

/// What the caller says about reliable provisional responses (RFC 3262).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReliableOption {
    /// `Require: 100rel`
    Required,
    /// `Supported: 100rel`
    Supported,
    /// 100rel is not mentioned
    Off,
}

const CALL_EXAMPLES: &str = "\
Examples:
  offhook call sip:1000@127.0.0.1
  offhook call sip:1000@127.0.0.1 --early-media-expected --record heard.wav
  offhook call sip:1000@127.0.0.1:5080 --100rel required --codecs 'g711u;g711a' --for 10s
  offhook call sip:1000@127.0.0.1 --send-digits 12# --for 5s
  offhook call sip:1000@127.0.0.1 --cancel-after 500ms --expect-status 487

Without --expect-status the call went as asked when it was answered (with --cancel-after: when it
was cancelled).";

#[derive(Debug, Args)]
#[command(after_help = format!("{CALL_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Call {
    /// Whom to call, for example sip:1000@192.0.2.7:5060.
    #[arg(value_name = "URI")]
    pub(crate) to: String,
    /// Who calls, as the called side sees it.
    #[arg(long, value_name = "URI", env = "OFFHOOK_CALL_FROM")]
    pub(crate) from: Option<String>,
    /// Local address and port for SIP; port 0 takes a free one [default: the address that reaches the called host].
    #[arg(long, value_name = "ADDRESS:PORT", env = "OFFHOOK_CALL_BIND")]
    pub(crate) bind: Option<SocketAddr>,
    /// Fail unless sound is negotiated before the answer (183 with SDP).
    #[arg(long, env = "OFFHOOK_CALL_EARLY_MEDIA_EXPECTED")]
    pub(crate) early_media_expected: bool,
    /// What to say about reliable provisional responses.
    #[arg(
        long = "100rel",
        value_enum,
        default_value = "supported",
        value_name = "WHAT",
        env = "OFFHOOK_CALL_100REL"
    )]
    pub(crate) reliable: ReliableOption,
    /// Send the INVITE without SDP, so that the called side makes the offer.
    #[arg(long, env = "OFFHOOK_CALL_NO_SDP")]
    pub(crate) no_sdp: bool,
    /// Codecs to offer, first choice first, separated by semicolons.
    #[arg(long, value_name = "LIST", env = "OFFHOOK_CALL_CODECS")]
    pub(crate) codecs: Option<String>,
    /// Hang up after this time from the answer, for example 10s, 1.5s, 500ms or 2m [default: wait for the called side].
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration, env = "OFFHOOK_CALL_FOR")]
    pub(crate) talk: Option<Duration>,
    /// Give up when there is no final response after this time.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2m", env = "OFFHOOK_CALL_TIMEOUT")]
    pub(crate) timeout: Duration,
    /// Digits to send after the answer (RFC 4733): 0-9, *, #, A-D.
    #[arg(long, value_name = "DIGITS", env = "OFFHOOK_CALL_SEND_DIGITS")]
    pub(crate) send_digits: Option<String>,
    /// Write what was heard to this WAV file, on the time line of the call.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_CALL_RECORD")]
    pub(crate) record: Option<PathBuf>,
    /// Draw the call (ladder, waveform, spectrogram) to this SVG file.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_CALL_PICTURE")]
    pub(crate) picture: Option<PathBuf>,
    /// Cancel the call this long after the INVITE was sent.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, env = "OFFHOOK_CALL_CANCEL_AFTER")]
    pub(crate) cancel_after: Option<Duration>,
    /// The final status that counts as success, for example 486.
    #[arg(long, value_name = "CODE", value_parser = parse_status, env = "OFFHOOK_CALL_EXPECT_STATUS")]
    pub(crate) expect_status: Option<u16>,
    /// User name for a called side that asks for one; the password comes from --password-env.
    #[arg(long, value_name = "NAME", requires = "password_env", env = "OFFHOOK_CALL_USER")]
    pub(crate) user: Option<String>,
    /// Environment variable that holds the password of --user.
    #[arg(long, value_name = "VARIABLE", requires = "user", env = "OFFHOOK_CALL_PASSWORD_ENV")]
    pub(crate) password_env: Option<String>,
    /// A further header for the INVITE; may be given more than once.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
}

const START_EXAMPLES: &str = "\
Examples:
  offhook start reminders --parameters +441234567890
  offhook start reminders --parameters '+441234567890;+441234567891' --delimiter ';'
  offhook start survey --count 20

The service is an outbound one of the server's configuration file. Starting it places no call: its
application decides whether and when to call.";

#[derive(Debug, Args)]
#[command(after_help = format!("{START_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Start {
    /// Name of an outbound service.
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    /// What main gets as outbound_parameters: printable ASCII without ^ and |.
    #[arg(long, value_name = "TEXT", default_value = "", env = "OFFHOOK_START_PARAMETERS")]
    pub(crate) parameters: String,
    /// Instances to start, each with the same parameters.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, env = "OFFHOOK_START_COUNT", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) count: u32,
    /// Character that splits the parameters into one instance for each part; --count is then ignored.
    #[arg(long, value_name = "CHARACTER", env = "OFFHOOK_START_DELIMITER")]
    pub(crate) delimiter: Option<char>,
    /// Control socket of the server [default: offhook.sock in the current folder].
    #[arg(long, value_name = "FILE", env = "OFFHOOK_CONTROL")]
    pub(crate) control: Option<PathBuf>,
}

impl Start {
    /// The parameters of each instance (WEB-3).
    pub(crate) fn instances(&self) -> Vec<String> {
        match self.delimiter {
            Some(delimiter) => self.parameters.split(delimiter).map(str::to_owned).collect(),
            None => vec![self.parameters.clone(); self.count as usize],
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  offhook check app.py\n  offhook check app.py --python python3.12")]
pub(crate) struct Check {
    /// The Python file, or a folder that holds Applications.
    #[arg(value_name = "APPLICATION")]
    pub(crate) application: PathBuf,
    #[command(flatten)]
    pub(crate) python: PythonOptions,
}

const TEST_EXAMPLES: &str = "\
Examples:
  offhook test app.py
  offhook test app.py --parameters 9-17 --depth 2
  offhook test app.py --write-tests test_found.py && pytest test_found.py
  offhook test app.py --json --ignore unheard

The application runs in the real server; only network and clock are simulated, so that hours of
telephony take seconds. What it does to files, databases and other programs is real.
The same seed gives the same report. Exit code 1: something was found.";

#[derive(Debug, Args)]
#[command(after_help = format!("{TEST_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Test {
    /// The Python file of an application that takes calls.
    #[arg(value_name = "APPLICATION")]
    pub(crate) application: PathBuf,
    /// The service's application_parameters.
    #[arg(long, value_name = "TEXT", default_value = "", env = "OFFHOOK_TEST_PARAMETERS")]
    pub(crate) parameters: String,
    /// The service rings by itself when a call arrives.
    #[arg(long, env = "OFFHOOK_TEST_AUTO_RING")]
    pub(crate) auto_ring: bool,
    /// Extra channels that the service allows.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, env = "OFFHOOK_TEST_EXTRA_CHANNELS", value_parser = clap::value_parser!(i64).range(0..=3))]
    pub(crate) extra_channels: i64,
    /// Folder of media files [default: the application's folder].
    #[arg(long, value_name = "FOLDER", env = "OFFHOOK_TEST_MEDIA_ROOT")]
    pub(crate) media_root: Option<PathBuf>,
    /// A number or name that calls; may be given more than once.
    #[arg(long = "caller", value_name = "NAME", default_values_t = ["caller".to_owned()], help_heading = "Callers")]
    pub(crate) callers: Vec<String>,
    /// Keys to try where several are awaited, such as a PIN; may be given more than once. Those that stand in the
    /// application's source are tried anyway.
    #[arg(long = "keys", value_name = "DIGITS", value_parser = parse_keys, help_heading = "Callers")]
    pub(crate) keys: Vec<String>,
    /// Things that a caller does in one call, before hanging up.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 3,
        env = "OFFHOOK_TEST_DEPTH",
        help_heading = "Limits"
    )]
    pub(crate) depth: usize,
    /// Calls in all.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 500,
        env = "OFFHOOK_TEST_CALLS",
        help_heading = "Limits"
    )]
    pub(crate) calls: usize,
    /// Real time after which no call begins; a report that was cut short by it differs from run to run.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5m", env = "OFFHOOK_TEST_TIME", help_heading = "Limits")]
    pub(crate) time: Duration,
    /// Virtual time after which an application ought to have ended the call of a caller who does nothing more.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10m", env = "OFFHOOK_TEST_CALL_TIME", help_heading = "Limits")]
    pub(crate) call_time: Duration,
    /// Virtual time after which main ought to have ended when the call is over.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60s", env = "OFFHOOK_TEST_AFTER_TIME", help_heading = "Limits")]
    pub(crate) after_time: Duration,
    /// Real time for which application code may compute, or wait outside of the call-channel API.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10s", env = "OFFHOOK_TEST_WORK_TIME", help_heading = "Limits")]
    pub(crate) work_time: Duration,
    /// Where all chance comes from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, env = "OFFHOOK_TEST_SEED")]
    pub(crate) seed: u64,
    /// Report calls, too, that main leaves answered when it returns, for the server to hang up.
    #[arg(long, env = "OFFHOOK_TEST_STRICT", help_heading = "Report")]
    pub(crate) strict: bool,
    /// Leave out findings of this kind; may be given more than once.
    #[arg(long = "ignore", value_enum, value_name = "KIND", help_heading = "Report")]
    pub(crate) ignored: Vec<Kind>,
    /// Write a test for each finding into this file, for pytest with the kit.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_TEST_WRITE_TESTS", help_heading = "Report")]
    pub(crate) write_tests: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long, env = "OFFHOOK_TEST_JSON", help_heading = "Report")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) python: PythonOptions,
}

/// Keys of a telephone.
fn parse_keys(text: &str) -> Result<String, String> {
    let is_key = |key: char| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D');
    match text.chars().all(is_key) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("accepted: 0-9, *, #, A-D".to_owned()),
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  offhook demo && xdg-open demo/call.svg")]
pub(crate) struct Demo {
    /// Folder for heard.wav, call.svg and the application that was run.
    #[arg(long, value_name = "FOLDER", default_value = "demo", env = "OFFHOOK_DEMO_OUT")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) python: PythonOptions,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  offhook tones\n  offhook tones --country fr\n  offhook tones ringback.gb --wav out.wav --seconds 6"
)]
pub(crate) struct Tones {
    /// The tone to show or to write, for example RINGBACK_UK or busy.de [default: list all].
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// List the tones of this country only (two-letter code).
    #[arg(long, value_name = "CODE", conflicts_with = "name")]
    pub(crate) country: Option<String>,
    /// Write the tone to this WAV file.
    #[arg(long, value_name = "FILE", requires = "name")]
    pub(crate) wav: Option<PathBuf>,
    /// Length of the file in seconds [default: one pass through the tone].
    #[arg(long, value_name = "SECONDS", requires = "wav")]
    pub(crate) seconds: Option<f64>,
    /// Sampling rate of the file in hertz, 6000 to 48000.
    #[arg(long, value_name = "HERTZ", default_value_t = 8000, requires = "wav", value_parser = clap::value_parser!(u32).range(6000..=48000))]
    pub(crate) rate: u32,
}

const RECORD_SCENARIO_EXAMPLES: &str = "\
Examples:
  tcpdump -i any -s 0 -w call.pcap udp
  offhook record-scenario call.pcap test_call.py --app app.py
  offhook record-scenario day.pcapng tests/test_complaint.py --app app.py --call-id 3c26a0@192.0.2.60

The test is for pytest and runs with offhook.testing. The sounds that were heard and cannot be told by name, and what
the caller said, are written beside it as WAV files.";

#[derive(Debug, Args)]
#[command(after_help = format!("{RECORD_SCENARIO_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct RecordScenario {
    /// A pcap or pcapng file with the SIP (UDP) and RTP of the call.
    #[arg(value_name = "CAPTURE")]
    pub(crate) capture: PathBuf,
    /// The test to be written, such as test_call.py; it must not be there yet.
    #[arg(value_name = "TEST")]
    pub(crate) test: PathBuf,
    /// The application that takes the call in the test.
    #[arg(long, value_name = "FILE", env = "OFFHOOK_RECORD_SCENARIO_APP")]
    pub(crate) app: PathBuf,
    /// Which call, if the capture holds several.
    #[arg(long, value_name = "CALL-ID", env = "OFFHOOK_RECORD_SCENARIO_CALL_ID")]
    pub(crate) call_id: Option<String>,
    /// The folder of the files that the application plays [default: the application's folder].
    #[arg(long, value_name = "FOLDER", env = "OFFHOOK_RECORD_SCENARIO_MEDIA_ROOT")]
    pub(crate) media_root: Option<PathBuf>,
    /// What main returned, which no capture shows.
    #[arg(
        long,
        value_name = "NUMBER",
        allow_negative_numbers = true,
        env = "OFFHOOK_RECORD_SCENARIO_RETURN_CODE"
    )]
    pub(crate) return_code: Option<i64>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  offhook completions bash > /etc/bash_completion.d/offhook\n  offhook completions zsh > ~/.zfunc/_offhook"
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  offhook man | man -l -\n  offhook man --out man/man1")]
pub(crate) struct Man {
    /// Write offhook.1 and one page for each command into this folder, instead of one page to standard output.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The table of arguments has no clash of names, defaults or conflicts.
    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// RUN-31, WEB-3: the delimiter makes one instance of each part, and then the count does not matter.
    #[test]
    fn parameters_are_split_by_the_delimiter() {
        let of = |arguments: &[&str]| {
            let all = ["offhook", "start", "remind"].iter().chain(arguments);
            match Cli::try_parse_from(all).expect("accepted").command {
                Command::Start(start) => start.instances(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(of(&[]), [""]);
        assert_eq!(of(&["--parameters", "a;b", "--count", "2"]), ["a;b", "a;b"]);
        assert_eq!(of(&["--parameters", "a;b;", "--count", "7", "--delimiter", ";"]), ["a", "b", ""]);
        assert!(Cli::try_parse_from(["offhook", "start", "remind", "--delimiter", "ab"]).is_err());
    }

    /// Every long option that takes a setting can be given by environment too.
    #[test]
    fn every_server_setting_has_an_environment_variable() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").expect("serve exists");
        for argument in serve.get_arguments().filter(|a| a.get_long().is_some()) {
            let long = argument.get_long().unwrap_or_default();
            if matches!(long, "help" | "version") {
                continue;
            }
            let variable = argument.get_env().and_then(|v| v.to_str()).unwrap_or_default();
            assert!(variable.starts_with("OFFHOOK_"), "--{long} has no OFFHOOK_ variable");
        }
    }
}
