//! An application that raises, crashes, never returns, returns late or fills its memory hurts its own calls only.

mod support;

use support::{ANSWERS, Serving, call, caller, final_status, name_and_code, soon};

/// RUN-32: the worker of a call dies. Its unanswered call gets 500, the call of the other worker goes on, and the
/// worker is started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_takes_only_its_own_calls_with_it() {
    let crash = "import os\n\ndef main(channel):\n    channel.ring(0)\n    os._exit(3)\n";
    let mut serving = Serving::start(&[("good.py", ANSWERS), ("crash.py", crash)], &["--workers", "2"]);
    let caller = caller().await;
    let good = call(&caller, &serving, "good").await;
    assert!(soon("the answer", good.answered()).await);

    let lost = call(&caller, &serving, "crash").await;
    assert_eq!(final_status(&lost).await, 500);
    assert!(good.statuses().contains(&200) && good.ladder().iter().all(|entry| entry.method != "BYE"));

    // One worker is left, which runs the good call; both serve again once the second is back.
    let again = call(&caller, &serving, "crash").await;
    assert_eq!(
        final_status(&again).await,
        500,
        "the calls are taken by the worker that is left or the one restarted"
    );
    good.hang_up();
    soon("the end of the good call", good.cleared()).await;
    let ended = serving.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    let codes: Vec<_> = serving.records().iter().map(|record| name_and_code(record)).collect();
    assert!(codes.contains(&("crash".into(), -1)), "{codes:?}");
}

/// RUN-32: an answered call of a worker that dies is hung up.
#[tokio::test(flavor = "multi_thread")]
async fn an_answered_call_of_a_worker_that_dies_is_hung_up() {
    let crash = "import os\n\ndef main(channel):\n    channel.answer()\n    os._exit(0)\n";
    let mut serving = Serving::start(&[("crash.py", crash)], &["--workers", "1"]);
    let caller = caller().await;
    let lost = call(&caller, &serving, "crash").await;
    assert!(soon("the answer", lost.answered()).await);
    soon("the BYE", lost.cleared()).await;
    assert!(lost.ladder().iter().any(|entry| entry.method == "BYE" && entry.status.is_none()));
    serving.stop().await;
    assert_eq!(name_and_code(&serving.records()[0]), ("crash".into(), -1));
}

/// RUN-32: after a death the same worker's place takes calls again.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_is_started_again() {
    let crash = "import os\n\ndef main(channel):\n    os._exit(1)\n";
    let serving = Serving::start(&[("good.py", ANSWERS), ("crash.py", crash)], &["--workers", "1"]);
    let caller = caller().await;
    final_status(&call(&caller, &serving, "crash").await).await;
    // While it is being started, callers get 503 and try again.
    let answered = soon("the restart", async {
        loop {
            let good = call(&caller, &serving, "good").await;
            if good.answered().await {
                break good;
            }
            assert_eq!(final_status(&good).await, 503);
        }
    });
    answered.await.hang_up();
}

/// RUN-16, RUN-18: an exception before the answer gives 500, one after it a BYE, and both -1 with the traceback in the log.
#[tokio::test(flavor = "multi_thread")]
async fn an_exception_ends_its_own_call() {
    let early = "def main(channel):\n    channel.ring()\n    raise ValueError('early trouble')\n";
    let late = "def main(channel):\n    channel.answer()\n    raise ValueError('late trouble')\n";
    let mut serving = Serving::start(&[("early.py", early), ("late.py", late)], &["--workers", "1"]);
    let caller = caller().await;
    assert_eq!(final_status(&call(&caller, &serving, "early").await).await, 500);
    let answered = call(&caller, &serving, "late").await;
    assert_eq!(final_status(&answered).await, 200);
    let ended = serving.stop().await;
    let codes: Vec<_> = serving.records().iter().map(|record| name_and_code(record)).collect();
    assert_eq!(codes, [("early".to_owned(), -1), ("late".to_owned(), -1)]);
    for trouble in ["early trouble", "late trouble", "Traceback"] {
        assert!(ended.err.contains(trouble), "{trouble}: {}", ended.err);
    }
}

/// RUN-20, RUN-21: an application that never returns and keeps its processor busy delays nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_never_returns_delays_nobody() {
    let busy = "def main(channel):\n    channel.answer()\n    while True:\n        pass\n";
    let mut serving = Serving::start(
        &[("busy.py", busy), ("good.py", ANSWERS)],
        &["--workers", "1", "--drain-seconds", "1"],
    );
    let caller = caller().await;
    let stuck = call(&caller, &serving, "busy").await;
    assert!(soon("the answer", stuck.answered()).await);
    let good = call(&caller, &serving, "good").await;
    assert!(soon("the other answer", good.answered()).await);
    for other in [&good, &stuck] {
        other.hang_up();
        soon("the end", other.cleared()).await;
    }
    let ended = serving.stop().await;
    let cleared = ended.err.matches("ANSWERED -> IDLE: BYE from the far end").count();
    assert_eq!(cleared, 2, "the server takes the BYE by itself: {}", ended.err);
    assert_eq!(ended.status.code(), Some(4), "an instance was left: {}", ended.err);
    let codes: Vec<_> = serving.records().iter().map(|record| name_and_code(record)).collect();
    assert!(codes.contains(&("busy".to_owned(), -1)), "{codes:?}");
}

/// RUN-19: an instance may go on after its call has cleared; its return code is recorded.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_return_long_after_its_call() {
    let late = "import time\n\ndef main(channel):\n    channel.answer()\n    channel.wait_for_idle()\n    \
                time.sleep(0.5)\n    return 7\n";
    let mut serving = Serving::start(&[("late.py", late)], &["--workers", "1"]);
    let caller = caller().await;
    let ended_early = call(&caller, &serving, "late").await;
    assert!(soon("the answer", ended_early.answered()).await);
    ended_early.hang_up();
    soon("the end", ended_early.cleared()).await;
    let ended = serving.stop().await;
    assert_eq!(ended.status.code(), Some(0), "draining waits for the instance: {}", ended.err);
    assert_eq!(name_and_code(&serving.records()[0]), ("late".into(), 7));
}

/// RUN-21: an application that fills its memory gets MemoryError; a call in the very same worker goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_fills_its_memory_hurts_its_own_call() {
    let hog = "def main(channel):\n    channel.ring()\n    hoard = []\n    while True:\n        \
               hoard.append(bytearray(b'x') * 1_000_000)\n";
    let applications = [("good.py", ANSWERS), ("hog.py", hog)];
    let mut serving = Serving::start(&applications, &["--workers", "1", "--worker-memory-mb", "96"]);
    let caller = caller().await;
    let good = call(&caller, &serving, "good").await;
    assert!(soon("the answer", good.answered()).await);
    assert_eq!(final_status(&call(&caller, &serving, "hog").await).await, 500);
    assert!(good.ladder().iter().all(|entry| entry.method != "BYE"), "the call in the same worker is up");
    good.hang_up();
    soon("the end", good.cleared()).await;
    let ended = serving.stop().await;
    assert!(ended.err.contains("MemoryError"), "{}", ended.err);
    let codes: Vec<_> = serving.records().iter().map(|record| name_and_code(record)).collect();
    assert_eq!(codes, [("hog".to_owned(), -1), ("good".to_owned(), 0)]);
}
