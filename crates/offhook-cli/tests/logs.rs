//! The log files of the server (LOG-1 to LOG-7).

mod support;

use support::{ANSWERS, Serving, call, caller, final_status, soon};

/// LOG-1, LOG-4: what an application logs and prints stands in the log file, and cannot forge a line.
#[tokio::test(flavor = "multi_thread")]
async fn what_applications_log_is_in_the_log_file() {
    let logs = "__uas_identify__ = 'application'\n__uas_version__ = '1'\n\
                def main(channel, instance, file_man, my_log, parameters):\n    \
                my_log.report('hello\\n2026-01-01T00:00:00.000Z ERROR forged')\n    print('printed')\n    return 0\n";
    let mut serving = Serving::start(&[("logs.py", logs)], &["--workers", "1"]);
    let caller = caller().await;
    final_status(&call(&caller, &serving, "logs").await).await;
    serving.stop().await;
    let log = std::fs::read_to_string(serving.log_folder().join("UAS.log")).expect("a log file");
    assert!(log.contains("hello") && log.contains("printed"), "{log}");
    assert!(log.contains("\n    | 2026-01-01T00:00:00.000Z ERROR forged"), "{log}");
}

/// LOG-7: every change of the state is logged with the old state, the new state and the reason.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_the_state_is_in_the_log_file() {
    let mut serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1"]);
    let caller = caller().await;
    let good = call(&caller, &serving, "good").await;
    assert!(soon("the answer", good.answered()).await);
    good.hang_up();
    soon("the end", good.cleared()).await;
    serving.stop().await;
    let log = std::fs::read_to_string(serving.log_folder().join("UAS.log")).expect("a log file");
    for change in [
        "CALL_INCOMING -> RING_INCOMING: ring()",
        "RING_INCOMING -> ANSWERING: answer()",
        "ANSWERING -> ANSWERED",
        "ANSWERED -> IDLE",
    ] {
        assert!(log.contains(change), "{change:?} is not in {log}");
    }
}

/// LOG-5, LOG-6: size and number of the files can be given on the command line.
#[tokio::test(flavor = "multi_thread")]
async fn log_files_roll_over_by_size() {
    let arguments = ["--workers", "1", "--log-size-m", "0.001", "--log-files", "3"];
    let mut serving = Serving::start(&[("good.py", "def main(channel):\n    channel.ring()\n")], &arguments);
    let caller = caller().await;
    for _ in 0..8 {
        final_status(&call(&caller, &serving, "good").await).await;
    }
    serving.stop().await;
    let mut names: Vec<String> = std::fs::read_dir(serving.log_folder())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("UAS.log"))
        .collect();
    names.sort();
    assert_eq!(names, ["UAS.log", "UAS.log.1", "UAS.log.2"]);
}

/// LOG-2, LOG-6: a level keeps less severe lines out of the file.
#[tokio::test(flavor = "multi_thread")]
async fn the_level_decides_what_is_in_the_log_file() {
    let mut serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1", "--file-level", "report"]);
    let caller = caller().await;
    let good = call(&caller, &serving, "good").await;
    assert!(soon("the answer", good.answered()).await);
    good.hang_up();
    soon("the end", good.cleared()).await;
    serving.stop().await;
    let log = std::fs::read_to_string(serving.log_folder().join("UAS.log")).expect("a log file");
    assert!(
        log.contains("instance ended") && !log.contains("RING_INCOMING") && !log.contains("instance started"),
        "{log}"
    );
}
