//! Nothing is left of calls that are over.

use offhook::caller::{CallRequest, Caller};
use offhook::sim::Sim;
use offhook::{Answer, AppError, CallChannel, Counts, Ring, Server};

use crate::support::*;

/// What runs for each call: ringing with early media, an answer, a moment of sound, and the end.
async fn application(channel: CallChannel) -> Result<i64, AppError> {
    channel.ring(Ring::new().early_media().seconds(0.04)).await?;
    channel.answer(Answer::new()).await?;
    channel.wait_for_idle(Some(ms(40))).await;
    channel.hang_up().await;
    Ok(0)
}

/// RUN-22: after 10,000 calls one after another the server holds what it held before, and no more memory.
#[test]
fn ten_thousand_calls_leave_nothing() {
    in_a_process_of_its_own("leaks::ten_thousand_calls_leave_nothing", || {
        Sim::new(1).run(|sim| async move {
            let server = sim.server(application).await;
            let before = settled(&sim, &server).await;
            let mut memory = 0;
            for batch in 0..20_u8 {
                let caller = sim.caller_at(format!("10.0.1.{}:5060", batch + 1).parse().unwrap()).await;
                for _ in 0..500 {
                    call_once(&caller, &server).await;
                }
                drop(caller);
                // What the first calls take and keep, buffers and tables of their full size, is no leak.
                if batch == 3 {
                    settled(&sim, &server).await;
                    memory = resident_bytes();
                }
            }
            assert_eq!(settled(&sim, &server).await, before);
            assert_within_10_mb(memory);
        });
    });
}

/// RUN-22, RUN-21: the same after 500 calls at once, again and again.
#[test]
fn five_hundred_calls_at_once_leave_nothing() {
    in_a_process_of_its_own("leaks::five_hundred_calls_at_once_leave_nothing", || {
        Sim::new(2).run(|sim| async move {
            let server = sim.server_with(|config| config.num_apps = 1000, application).await;
            let before = settled(&sim, &server).await;
            let mut memory = 0;
            for round in 0..4_u8 {
                let caller = sim.caller_at(format!("10.0.1.{}:5060", round + 1).parse().unwrap()).await;
                let calls: Vec<_> = (0..500).map(|_| call_once(&caller, &server)).collect();
                futures_util::future::join_all(calls).await;
                drop(caller);
                assert_eq!(settled(&sim, &server).await, before);
                if round == 0 {
                    memory = resident_bytes();
                }
            }
            assert_within_10_mb(memory);
        });
    });
}

async fn call_once(caller: &Caller, server: &Server) {
    let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
    assert_eq!(call.cleared().await.unwrap().status, 200);
    assert_eq!(call.statuses(), [183, 200]);
}

/// What the server holds once the transactions of all calls have timed out.
async fn settled(sim: &Sim, server: &Server) -> Counts {
    sim.sleep(secs(70.0)).await;
    server.counts().await
}

/// The tests of this program run side by side: what one of them takes is measured in a process of its own.
fn in_a_process_of_its_own(name: &str, run: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return run();
    }
    let program = std::env::current_exe().expect("the program of these tests");
    let mut child = std::process::Command::new(program);
    let outcome = child.args([name, "--exact", "--nocapture"]).env(ALONE, "1").status();
    assert!(outcome.expect("the program runs again").success(), "{name} failed in a process of its own");
}

#[track_caller]
fn assert_within_10_mb(before: u64) {
    let after = resident_bytes();
    let more = after.saturating_sub(before);
    assert!(more < 10_000_000, "{more} bytes more than the {before} before");
}

/// The memory that this process has, by `/proc/self/statm`; 0 where there is no such file.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * PAGE_BYTES
}

const ALONE: &str = "OFFHOOK_TEST_ALONE";
const PAGE_BYTES: u64 = 4096;
