//! Calls leave nothing behind.

mod support;

use std::time::Duration;

use offhook::caller::CallRequest;
use offhook::sim::{Link, Sim};
use offhook::{Answer, AppError, CallChannel, Ring};

async fn application(channel: CallChannel) -> Result<i64, AppError> {
    channel.ring(Ring::new().early_media().seconds(0.5)).await?;
    channel.answer(Answer::new()).await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(0)
}

/// RUN-22: after five hundred calls at once on a bad network, some of them cancelled, every
/// transaction, dialog, timer, stream and port is back.
#[test]
fn many_calls_leave_nothing_behind() {
    let link = Link {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(10),
        loss: 0.02,
        duplicate: 0.02,
        reorder: 0.02,
    };
    Sim::new(11).link(link).run(|sim| async move {
        let server = sim.server_with(|config| config.num_apps = 1000, application).await;
        let ports = server.counts().await.rtp_ports_free;
        let caller = sim.caller().await;
        let mut calls = Vec::new();
        for number in 0..500 {
            let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
            if number % 5 == 0 {
                call.hang_up();
            }
            calls.push(call);
        }
        for call in &calls {
            assert!(call.cleared().await.is_some());
        }
        sim.sleep(Duration::from_secs(120)).await;
        let counts = server.counts().await;
        assert_eq!(counts.rtp_ports_free, ports);
        let held = (counts.calls, counts.instances, counts.streams);
        assert_eq!(held, (0, 0, 0));
        assert_eq!((counts.transactions, counts.dialogs, counts.timers), (0, 0, 0));
    });
}

/// RUN-20, UR-25: draining takes no new calls and waits for the running ones; shutting down says BYE.
#[test]
fn draining_waits_and_shutting_down_says_bye() {
    Sim::new(1).run(|sim| async move {
        let mut server = sim
            .server(async |channel: CallChannel| {
                channel.answer(Answer::new()).await?;
                channel.wait_for_idle(None).await;
                Ok(0)
            })
            .await;
        let caller = sim.caller().await;
        let call = caller.call(CallRequest::to_address(Sim::SERVER)).await.unwrap();
        assert!(call.answered().await);
        server.stop_taking_calls();
        sim.sleep(Duration::from_millis(1)).await;
        let refused = caller.call(CallRequest::to_address(Sim::SERVER)).await.unwrap();
        assert_eq!(refused.cleared().await.unwrap().status, 503);
        assert!(!server.drain(Duration::from_secs(5)).await);
        assert!((5.0..5.5).contains(&sim.elapsed().as_secs_f64()), "{:?}", sim.elapsed());
        assert_eq!(call.cleared().await.unwrap().status, 200);
        assert!(call.ladder().iter().any(|step| step.method == "BYE"));
    });
}
