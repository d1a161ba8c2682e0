//! What the program says to wrong arguments and settings, and its exit codes.

mod support;

use support::{Ran, offhook, run};

#[test]
fn help_shows_examples_and_exit_codes() {
    let ran = run(&["--help"]);
    assert_eq!(ran.code, 0);
    for part in ["offhook demo", "offhook serve app.py", "Exit codes:"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    for command in ["serve", "call", "check", "demo", "tones", "completions", "man"] {
        let ran = run(&[command, "--help"]);
        assert!(ran.code == 0 && ran.out.contains("xample"), "{command}: {ran:?}");
    }
}

#[test]
fn a_wrong_argument_is_named_with_what_is_accepted() {
    for (arguments, parts) in [
        (&["serve", "app.py", "--rtp-ports", "9-10"][..], &["rtp-ports", "9-10", "1024"][..]),
        (&["serve", "app.py", "--sip", "somewhere"], &["--sip", "somewhere", "192.0.2.7:5060"]),
        (&["serve", "app.py", "--silence", "loud"], &["loud", "send", "suppress"]),
        (
            &["serve", "app.py", "--num-apps", "10", "--num-apps-lower", "11"],
            &["num_apps_lower", "11", "0 to 10"],
        ),
        (&["serve"], &["application", "offhook serve app.py"]),
        (&["call", "tel:123"], &["tel:123", "sip:user@host"]),
        (&["call", "sip:1@127.0.0.1", "--for", "soon"], &["--for", "soon", "10s"]),
        (&["call", "sip:1@127.0.0.1", "--100rel", "maybe"], &["maybe", "required", "supported", "off"]),
        (&["call", "sip:1@127.0.0.1", "--codecs", "mp3"], &["mp3", "g711a"]),
        (&["call", "sip:1@127.0.0.1", "--expect-status", "99"], &["99", "200 to 699"]),
        (&["call", "sip:1@127.0.0.1", "--send-digits", "12x"], &["12x", "0-9"]),
        (&["call", "sip:1@127.0.0.1", "--header", "nothing"], &["nothing", "X-Order: 42"]),
        (&["tones", "ringback.xx"], &["ringback.xx", "offhook tones"]),
        (&["no-such-command"], &["no-such-command"]),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        for part in parts {
            assert!(ran.err.contains(part), "{arguments:?}: {part:?} is not in {}", ran.err);
        }
    }
}

#[test]
fn a_wrong_setting_of_the_environment_is_named_with_its_variable() {
    let ran = Ran::of(offhook().args(["serve", "app.py"]).env("OFFHOOK_WORKERS", "many"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("OFFHOOK_WORKERS") || ran.err.contains("--workers"), "{}", ran.err);
}

#[test]
fn a_wrong_configuration_file_is_named_with_line_key_and_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = support::write(
        folder.path(),
        "offhook.toml",
        "[workers]\ncount = 2\n\n[media]\nsilense = \"send\"\n",
    );
    let ran = run(&["serve", "app.py", "--config", &path]);
    assert_eq!(ran.code, 2);
    for part in ["offhook.toml", "line 5", "silense", "silence"] {
        assert!(ran.err.contains(part), "{part:?} is not in {}", ran.err);
    }
    let ran = run(&["serve", "app.py", "--config", "/nowhere/offhook.toml"]);
    assert!(ran.code == 2 && ran.err.contains("/nowhere/offhook.toml"), "{ran:?}");
}

#[test]
fn a_setting_that_the_server_refuses_is_no_fault_of_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let application = support::write(folder.path(), "app.py", "def main(channel): pass\n");
    let logs = folder.path().join("Logs").to_string_lossy().into_owned();
    let ran = run(&["serve", &application, "--sip", "127.0.0.1:0", "--voice", "xx", "--log-root", &logs]);
    assert_eq!(ran.code, 2, "{ran:?}");
    for part in ["voice", "xx", "en-GB"] {
        assert!(ran.err.contains(part), "{part:?} is not in {}", ran.err);
    }
}

#[test]
fn what_the_machine_lacks_has_an_exit_code_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let application = support::write(folder.path(), "app.py", "def main(channel): pass\n");
    let logs = folder.path().join("Logs").to_string_lossy().into_owned();
    let ran = run(&["serve", &application, "--python", "/nowhere/python3", "--log-root", &logs]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for part in ["/nowhere/python3", "--python", "3.9"] {
        assert!(ran.err.contains(part), "{part:?} is not in {}", ran.err);
    }
    let ran = run(&["serve", "/nowhere/app.py", "--log-root", &logs]);
    assert!(ran.code == 3 && ran.err.contains("/nowhere/app.py"), "{ran:?}");
}

#[test]
fn an_address_in_use_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let application = support::write(folder.path(), "app.py", "def main(channel): pass\n");
    let logs = folder.path().join("Logs").to_string_lossy().into_owned();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let ran = run(&["serve", &application, "--sip", &address, "--workers", "1", "--log-root", &logs]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for part in [address.as_str(), "--sip"] {
        assert!(ran.err.contains(part), "{part:?} is not in {}", ran.err);
    }
}

#[test]
fn completion_scripts_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(&["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("early-media-expected"), "{shell}");
    }
    let ran = run(&["man"]);
    assert!(ran.code == 0 && ran.out.contains(".TH offhook 1"), "{}", ran.out);
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man1");
    assert_eq!(run(&["man", "--out", &pages.to_string_lossy()]).code, 0);
    assert!(pages.join("offhook.1").is_file() && pages.join("offhook-serve.1").is_file());
}
