//! `offhook test`: one small application for each fault, and one without any.

mod support;

use serde_json::Value;
use support::offhook;

/// What was reported about an application that consists of this `main`.
struct Explored {
    code: i32,
    report: Value,
    text: String,
}

impl Explored {
    fn of(source: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = support::write(folder.path(), "app.py", source);
        let mut command = offhook();
        command.args(["test", &path, "--json"]).args(arguments);
        let ran = support::Ran::of(&mut command);
        let report = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        Self { code: ran.code, report, text: ran.out }
    }

    /// The only finding.
    fn only(&self) -> &Value {
        assert_eq!(self.code, 1, "{}", self.text);
        let findings = self.report["findings"].as_array().expect("a list");
        assert_eq!(findings.len(), 1, "{}", self.text);
        &findings[0]
    }

    fn only_kind(&self) -> &str {
        self.only()["kind"].as_str().expect("a name")
    }

    /// The steps of its way.
    fn way(&self) -> String {
        let way = self.only()["way"].as_array().expect("a list");
        way.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    }
}

const MENU: &str = "
def main(channel):
    channel.ring(1)
    channel.answer()
    channel.FilePlayer.say('Press one.')
    digit = channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3)
";

#[test]
fn an_application_without_fault_is_clean() {
    let explored = Explored::of(&format!("{MENU}    channel.FilePlayer.say('Goodbye.')\n"), &[]);
    assert_eq!(explored.code, 0, "{}", explored.text);
    assert_eq!(explored.report["findings"], Value::Array(Vec::new()));
}

#[test]
fn an_exception_after_one_key_is_found_with_its_traceback() {
    let explored =
        Explored::of(&format!("{MENU}    [][9 if digit == '9' else slice(0)]\n"), &["--depth", "1"]);
    assert_eq!(explored.only_kind(), "exception");
    assert!(explored.only()["summary"].as_str().is_some_and(|words| words.contains("IndexError")));
    assert!(explored.only()["details"].as_str().is_some_and(|words| words.contains("app.py\", line 7")));
    assert_eq!(
        explored.way(),
        "call as caller, press 9 when keys are awaited, after the sentence “Press one.” (app.py:6), do nothing more"
    );
    assert_eq!(explored.only()["in_a_fresh_worker"], true);
}

#[test]
fn a_fault_behind_two_keys_is_found() {
    let second = "    if digit == '4' and channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3) == '2':\n        raise ValueError\n";
    let explored = Explored::of(&format!("{MENU}{second}"), &["--depth", "2"]);
    assert!(explored.way().contains("press 4"), "{}", explored.text);
    assert!(explored.way().contains("press 2"), "{}", explored.text);
}

#[test]
fn a_number_in_the_source_is_tried() {
    let source = "
def main(channel):
    channel.answer()
    if channel.DTMFDetector.get_digits(count=4, seconds_predigits_timeout=5) == '2468':
        raise KeyError
";
    let explored = Explored::of(source, &["--depth", "1"]);
    assert!(explored.way().contains("press 2468"), "{}", explored.text);
}

/// RUN-17: in the short form `Hangup` is no fault, but what handles it may be.
#[test]
fn a_loop_after_the_hang_up_is_found() {
    let source = "
import offhook
def main(channel):
    channel.answer()
    while True:
        try:
            channel.FilePlayer.say('Hello.')
            channel.FilePlayer.say('Goodbye.')
            return
        except offhook.Hangup:
            pass
";
    let explored = Explored::of(source, &["--depth", "1"]);
    assert_eq!(explored.only_kind(), "endless");
    assert!(explored.only()["summary"].as_str().is_some_and(|words| words.contains("main (app.py:3)")));
    assert!(explored.way().contains("hang up"), "{}", explored.text);
}

#[test]
fn code_that_computes_without_end_is_found_with_its_function() {
    let source = "
def spin():
    while True:
        pass
def main(channel):
    channel.answer()
    spin()
";
    let explored = Explored::of(source, &["--calls", "1", "--work-time", "3s"]);
    assert_eq!(explored.only_kind(), "endless");
    assert!(explored.only()["summary"].as_str().is_some_and(|words| words.contains("spin (app.py:2)")));
}

#[test]
fn a_main_that_sleeps_on_after_the_call_is_found() {
    let source = "
import offhook
def main(channel):
    channel.answer()
    channel.hang_up()
    offhook.sleep(3600)
";
    let explored = Explored::of(source, &["--calls", "2"]);
    assert_eq!(explored.only_kind(), "endless");
    assert!(
        explored.only()["summary"].as_str().is_some_and(|words| words.contains("clock.sleep at app.py:6"))
    );
}

#[test]
fn a_menu_without_end_is_found() {
    let source = "
def main(channel):
    channel.answer()
    while not channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3):
        channel.FilePlayer.say('Press a key.')
";
    let explored = Explored::of(source, &["--depth", "1", "--calls", "60", "--call-time", "2m"]);
    assert_eq!(explored.only_kind(), "endless");
    assert_eq!(explored.way(), "call as caller, do nothing more");
}

#[test]
fn one_retry_too_many_is_found() {
    let source = "
WORDS = ['Press a key.', 'Please press a key.']
def main(channel):
    channel.answer()
    for attempt in range(3):
        channel.FilePlayer.say(WORDS[attempt])
        if channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3):
            return
";
    let explored = Explored::of(source, &["--calls", "2"]);
    assert_eq!(explored.only_kind(), "exception");
    assert_eq!(explored.way(), "call as caller, do nothing more");
}

/// RUN-18: the server refuses a call for which `main` has done nothing.
#[test]
fn a_call_that_nobody_answers_or_refuses_is_found() {
    let explored = Explored::of("def main(channel):\n    channel.ring(1)\n", &["--calls", "2"]);
    assert_eq!(explored.only_kind(), "open");
}

/// RUN-18: the server hangs up what `main` leaves behind.
#[test]
fn a_call_that_is_left_to_the_server_is_told_to_strict_readers() {
    let source = "def main(channel):\n    channel.answer()\n";
    assert_eq!(Explored::of(source, &["--calls", "2"]).code, 0);
    assert_eq!(Explored::of(source, &["--calls", "2", "--strict"]).only_kind(), "open");
}

/// RUN-13, RUN-14.
#[test]
fn a_return_value_of_the_servers_own_is_found() {
    let source = "def main(channel):\n    channel.answer()\n    return -5\n";
    assert_eq!(Explored::of(source, &["--calls", "2"]).only_kind(), "return");
}

#[test]
fn prompts_that_no_call_comes_to_are_listed() {
    let source = "
WORDS = {'1': 'This is one.', '2': 'This is two.', '12': 'This is twelve.'}
def main(channel):
    channel.answer()
    digit = channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3)
    if len(digit) > 1:
        channel.FilePlayer.say('Never.')
    if digit in WORDS:
        channel.FilePlayer.say(WORDS[digit])
";
    let explored = Explored::of(source, &["--depth", "1"]);
    assert_eq!(explored.code, 1, "{}", explored.text);
    let unheard = explored.report["unheard"].as_array().expect("a list");
    let words: Vec<_> = unheard.iter().filter_map(|unheard| unheard["words"].as_str()).collect();
    assert_eq!(words, ["“This is twelve.”", "say('Never.')"], "{}", explored.text);
    let explored = Explored::of(source, &["--depth", "1", "--ignore", "unheard"]);
    assert_eq!(explored.code, 0, "{}", explored.text);
}

/// An application written as a coroutine is explored like any other.
#[test]
fn a_coroutine_is_explored() {
    let source = "
async def main(channel):
    await channel.answer()
    if await channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=3) == '7':
        raise ValueError('seven')
";
    let explored = Explored::of(source, &["--depth", "1"]);
    assert!(explored.way().contains("press 7"), "{}", explored.text);
}

#[test]
fn a_limit_that_is_reached_is_told_and_a_seed_gives_one_report() {
    let arguments = ["--calls", "12", "--seed", "5"];
    let source = format!("{MENU}    channel.FilePlayer.say('Goodbye.')\n");
    let (one, other) = (Explored::of(&source, &arguments), Explored::of(&source, &arguments));
    let limits = one.report["limits"].as_array().expect("a list");
    assert!(limits.iter().any(|limit| limit.as_str().is_some_and(|limit| limit.contains("--calls"))));
    assert_eq!(one.report["calls"], 12);
    assert_eq!(one.text, other.text);
}

#[test]
fn a_file_that_is_no_application_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = support::write(folder.path(), "app.py", "def main():\n    pass\n");
    let ran = support::run(&["test", &path]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("main"), "{ran:?}");
}
