//! `offhook check`.

mod support;

use support::run;

fn check(text: &str) -> support::Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = support::write(folder.path(), "app.py", text);
    run(&["check", &path])
}

/// RUN-3, RUN-5: the form is told by the number of parameters.
#[test]
fn the_form_of_an_application_is_reported() {
    let five = "__uas_identify__ = 'application'\n__uas_version__ = '2.1'\n\
                def main(channel, application_instance_id, file_man, my_log, application_parameters):\n    pass\n";
    for (text, parts) in [
        ("def main(channel):\n    pass\n", &["short form", "blocking"][..]),
        ("async def main(channel):\n    pass\n", &["short form", "async"]),
        (five, &["five parameters", "2.1"]),
    ] {
        let ran = check(text);
        assert_eq!(ran.code, 0, "{ran:?}");
        for part in parts {
            assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
        }
    }
}

/// RUN-6: what was found is shown, together with the accepted forms, and the exit code says so.
#[test]
fn the_problem_of_an_application_is_reported() {
    for (text, parts) in [
        ("def main(a, b):\n    pass\n", &["main", "-4", "channel"][..]),
        ("x = 1\n", &["main", "-4"]),
        ("import no_such_module_anywhere\n", &["no_such_module_anywhere", "-4"]),
        ("def main(channel:\n", &["-4"]),
    ] {
        let ran = check(text);
        assert_eq!(ran.code, 1, "{ran:?}");
        for part in parts {
            assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
        }
    }
}

/// RUN-2: every file of a folder is checked, modules that applications import too.
#[test]
fn a_folder_is_checked_file_by_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("Applications");
    std::fs::create_dir(&inner).expect("a folder in it");
    support::write(&inner, "good.py", "def main(channel):\n    pass\n");
    support::write(&inner, "shared.py", "__uas_identify__ = 'common'\n__uas_version__ = '1'\n");
    support::write(&inner, "bad.py", "def main():\n    pass\n");
    let ran = run(&["check", &folder.path().to_string_lossy()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["good.py", "shared.py", "module for applications", "bad.py"] {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }
}
