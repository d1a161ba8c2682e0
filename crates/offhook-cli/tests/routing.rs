//! Which application a call gets, what a call gets that has none, and what is recorded (RUN-8, RUN-15, RUN-25, ADR).

mod support;

use support::{ANSWERS, Serving, call, caller, final_status, name_and_code, soon};

/// The application tells its parameters through its return code, and its name through the record.
const RETURNS: &str = "__uas_identify__ = 'application'\n__uas_version__ = '1'\n\
     def main(channel, instance, file_man, my_log, parameters):\n    channel.answer()\n    return int(parameters or 0)\n";

/// RUN-8, RUN-10: the service of the called number wins, then the application of that name; the record shows both.
#[tokio::test(flavor = "multi_thread")]
async fn calls_go_to_the_application_of_their_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("Applications");
    std::fs::create_dir(&inner).expect("a folder in it");
    support::write(&inner, "first.py", RETURNS);
    support::write(&inner, "second.py", RETURNS);
    let config = "[[service]]\nnumber = \"1000\"\napplication = \"second\"\nparameters = \"42\"\n";
    let config = support::write(folder.path(), "offhook.toml", config);
    let mut serving = Serving::start_in(folder, &["--config", &config, "--workers", "1"]);
    let caller = caller().await;
    for (user, status) in [("1000", 200), ("first", 200), ("nobody", 404)] {
        assert_eq!(final_status(&call(&caller, &serving, user).await).await, status, "{user}");
    }
    serving.stop().await;
    let records = serving.records();
    let mut codes: Vec<_> = records.iter().map(|record| name_and_code(record)).collect();
    codes.sort();
    assert_eq!(codes, [("first".into(), 0), ("nobody".into(), -3), ("second".into(), 42)]);
    let second = records.iter().find(|record| record.contains(" second ")).expect("recorded");
    assert!(second.contains("[42]") && second.contains("inbound") && second.ends_with(" NA"), "{second}");
}

/// RUN-15, ADR-6: an application that cannot be started gives 500 and is recorded with duration 0.0.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_application_gives_500() {
    let outbound =
        "__uas_identify__ = 'application'\n__uas_version__ = '1'\ndef main(a, b, c, d, e, f):\n    pass\n";
    let applications = [("good.py", ANSWERS), ("bad.py", "def main(:\n"), ("out.py", outbound)];
    let mut serving = Serving::start(&applications, &["--workers", "1"]);
    let caller = caller().await;
    for user in ["bad", "out"] {
        assert_eq!(final_status(&call(&caller, &serving, user).await).await, 500, "{user}");
    }
    serving.stop().await;
    let records = serving.records();
    let codes: Vec<_> = records.iter().map(|record| name_and_code(record)).collect();
    assert_eq!(codes, [("bad".into(), -4), ("out".into(), -6)]);
    assert!(records.iter().all(|record| record.contains(" 0.0 -")), "{records:?}");
}

/// RUN-12: with `auto_ring` 180 is sent on arrival and the call starts in RING_INCOMING.
#[tokio::test(flavor = "multi_thread")]
async fn auto_ring_rings_before_the_application_starts() {
    let tells = "def main(channel):\n    return 1 if channel.state().name == 'RING_INCOMING' else 0\n";
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("Applications");
    std::fs::create_dir(&inner).expect("a folder in it");
    support::write(&inner, "tells.py", tells);
    let config = "[[service]]\nnumber = \"*\"\napplication = \"tells\"\nauto_ring = true\n";
    let config = support::write(folder.path(), "offhook.toml", config);
    let mut serving = Serving::start_in(folder, &["--config", &config, "--workers", "1"]);
    let caller = caller().await;
    let rung = call(&caller, &serving, "1000").await;
    final_status(&rung).await;
    assert!(rung.statuses().contains(&180), "{:?}", rung.statuses());
    serving.stop().await;
    assert_eq!(name_and_code(&serving.records()[0]), ("tells".into(), 1));
}

/// RUN-25: when no worker has room, a call gets 503 with Retry-After, and room is taken again when a call has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_says_when_to_come_back() {
    let arguments = ["--workers", "1", "--worker-instances", "1", "--retry-after-seconds", "7"];
    let serving = Serving::start(&[("good.py", ANSWERS)], &arguments);
    let caller = caller().await;
    let first = call(&caller, &serving, "good").await;
    assert!(soon("the answer", first.answered()).await);
    let second = call(&caller, &serving, "good").await;
    assert_eq!(final_status(&second).await, 503);
    let refusal = second.ladder().into_iter().find(|entry| entry.status == Some(503)).expect("refused");
    assert!(refusal.text().contains("Retry-After: 7"), "{}", refusal.text());

    first.hang_up();
    soon("the end", first.cleared()).await;
    soon("room", async { while !call(&caller, &serving, "good").await.answered().await {} }).await;
}

/// RUN-26: with `app_responder` off calls get 503.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_responder_no_call_is_served() {
    let serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1", "--app-responder", "off"]);
    let caller = caller().await;
    assert_eq!(final_status(&call(&caller, &serving, "good").await).await, 503);
}

/// RUN-33: a new version of a file is used by the next call; the running one finishes with its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_used_by_the_next_call() {
    let version = |code: u8| {
        format!("def main(channel):\n    channel.answer()\n    channel.wait_for_idle()\n    return {code}\n")
    };
    let mut serving = Serving::start(&[("app.py", &version(11))], &["--workers", "1"]);
    let caller = caller().await;
    let old = call(&caller, &serving, "app").await;
    assert!(soon("the answer", old.answered()).await);
    support::write(
        &serving.folder.path().join("Applications"),
        "app.py",
        &format!("# changed\n{}", version(22)),
    );
    let new = call(&caller, &serving, "app").await;
    assert!(soon("the answer", new.answered()).await);
    for call in [&old, &new] {
        call.hang_up();
        soon("the end", call.cleared()).await;
    }
    serving.stop().await;
    let mut codes: Vec<_> = serving.records().iter().map(|record| name_and_code(record).1).collect();
    codes.sort_unstable();
    assert_eq!(codes, [11, 22]);
}
