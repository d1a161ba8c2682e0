//! SIGINT and SIGTERM: draining, and the second signal.

mod support;

use offhook::caller::{Caller, LadderDirection, OutCall};
use rustix::process::Signal;
use support::{ANSWERS, Serving, call, caller, final_status, name_and_code, soon};

fn bye_from_server(call: &OutCall) -> bool {
    call.ladder().iter().any(|entry| {
        entry.method == "BYE" && entry.direction == LadderDirection::Received && entry.status.is_none()
    })
}

/// The first call that is refused after a signal, which is on its way: calls that come before it are answered.
async fn refused_call(caller: &Caller, serving: &Serving) -> OutCall {
    soon("draining", async {
        loop {
            let late = call(caller, serving, "good").await;
            if !late.answered().await {
                break late;
            }
            late.hang_up();
            late.cleared().await;
        }
    })
    .await
}

/// RUN-20: after SIGTERM new calls get 503, the running one goes on, and the program ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn draining_lets_running_calls_end_and_takes_no_new_ones() {
    let mut serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1"]);
    let caller = caller().await;
    let running = call(&caller, &serving, "good").await;
    assert!(soon("the answer", running.answered()).await);

    serving.signal(Signal::TERM);
    let refused = refused_call(&caller, &serving).await;
    assert_eq!(final_status(&refused).await, 503);
    assert!(!bye_from_server(&running), "the running call is left alone");

    running.hang_up();
    soon("the end of the running call", running.cleared()).await;
    let ended = soon("the end of the program", serving.ended()).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    assert!(serving.records().iter().all(|record| name_and_code(record).1 == 0));
}

/// RUN-29: `ICanRun` becomes false when the server is told to stop, so that applications can end their calls.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_asks_learns_that_the_server_stops() {
    let polite = "import time\nfrom offhook.uas import ICanRun\n\ndef main(channel):\n    channel.answer()\n    \
                  i_can_run = ICanRun(channel)\n    while i_can_run:\n        time.sleep(0.02)\n";
    let mut serving = Serving::start(&[("polite.py", polite)], &["--workers", "1"]);
    let caller = caller().await;
    let running = call(&caller, &serving, "polite").await;
    assert!(soon("the answer", running.answered()).await);
    let ended = soon("the end of the program", serving.stop()).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    soon("the BYE", running.cleared()).await;
    assert!(bye_from_server(&running));
}

/// RUN-20: when the drain time is over, the calls that are left are cleared and their instances get -1.
#[tokio::test(flavor = "multi_thread")]
async fn the_drain_time_is_a_limit() {
    let mut serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1", "--drain-seconds", "0"]);
    let caller = caller().await;
    let running = call(&caller, &serving, "good").await;
    assert!(soon("the answer", running.answered()).await);
    let ended = soon("the end of the program", serving.stop()).await;
    assert_eq!(ended.status.code(), Some(4), "{}", ended.err);
    soon("the BYE", running.cleared()).await;
    assert!(bye_from_server(&running));
    assert_eq!(serving.records().len(), 1, "{:?}", serving.records());
}

/// The second signal ends at once and still sends BYE.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_hangs_up_every_call() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut serving = Serving::start(&[("good.py", ANSWERS)], &["--workers", "1"]);
        let caller = caller().await;
        let running = call(&caller, &serving, "good").await;
        assert!(soon("the answer", running.answered()).await);
        serving.signal(signal);
        // Two signals that arrive together count once: the second is sent when the first has been seen.
        assert_eq!(final_status(&refused_call(&caller, &serving).await).await, 503);
        serving.signal(signal);
        let ended = soon("the end of the program", serving.ended()).await;
        assert_eq!(ended.status.code(), Some(4), "{}", ended.err);
        soon("the BYE", running.cleared()).await;
        assert!(bye_from_server(&running));
    }
}
