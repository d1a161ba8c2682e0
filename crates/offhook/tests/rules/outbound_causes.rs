//! How outbound calls end.

use offhook::caller::Reception;
use offhook::sim::Sim;
use offhook::{Cause, State};

use crate::outbound_calls::{outbound_scene, outbound_scene_with, started, to_callee};
use crate::support::*;

/// CAU-1, CAU-4, UR-39: each refusal has its cause, and its code is the raw cause.
#[test]
fn every_refusal_has_its_cause() {
    outbound_scene(1, |mut scene| async move {
        let rows = [
            (486, Cause::Busy),
            (600, Cause::Busy),
            (480, Cause::NoAnswer),
            (408, Cause::NoAnswer),
            (404, Cause::Unobtainable),
            (484, Cause::Unobtainable),
            (485, Cause::Unobtainable),
            (410, Cause::Changed),
            (502, Cause::OutOfOrder),
            (504, Cause::OutOfOrder),
            (403, Cause::Barred),
            (603, Cause::Rejected),
            (488, Cause::NoChannels),
            (503, Cause::Congestion),
            (500, Cause::Failed),
            (580, Cause::Failed),
            (302, Cause::Other),
            (604, Cause::Other),
            (606, Cause::Other),
            (607, Cause::Other),
        ];
        let channel = started(&mut scene).await;
        for (status, cause) in rows {
            let callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring().refuse(status)).await;
            assert_eq!(channel.call(to_callee()).await.unwrap(), State::Idle);
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (cause, &*status.to_string()));
            drop(callee);
            scene.sim.sleep(ms(100)).await;
        }
        let busy = Reception::new().refuse_with(503, &[("Retry-After", "5")]);
        let _callee = scene.sim.callee(Sim::CALLEE, busy).await;
        channel.call(to_callee()).await.unwrap();
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::NoChannels, "503"));
    });
}

/// CAU-1, CAU-4: no response at all ends the call after 64*T1 with `TIMEOUT` and 408.
#[test]
fn silence_ends_the_call() {
    outbound_scene(2, |mut scene| async move {
        let channel = started(&mut scene).await;
        let (state, blocked) = timed(channel.call(to_callee())).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(32.0), ms(100));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "408"));
    });
}

/// CAU-7, UR-28: the Q.850 cause of a refusal is kept.
#[test]
fn the_q850_cause_of_a_refusal_is_kept() {
    outbound_scene(3, |mut scene| async move {
        let reason = [("Reason", "Q.850;cause=17;text=\"busy\"")];
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().refuse_with(486, &reason)).await;
        let channel = started(&mut scene).await;
        channel.call(to_callee()).await.unwrap();
        assert_eq!(channel.details().q850, Some(17));
    });
}

/// HUP-1, HUP-6, GEN-15, UR-25, CAU-4: `hang_up()` while it rings sends CANCEL; a blocked `call()` returns `IDLE`.
#[test]
fn hanging_up_cancels() {
    outbound_scene(4, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring()).await;
        let channel = started(&mut scene).await;
        let calling = channel.spawn(|channel| async move { channel.call(to_callee()).await });
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.hang_up().await, State::Idle);
        assert_eq!(calling.await.unwrap().unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "487"));
        let call = callee.next_call().await.unwrap();
        assert_eq!(call.cleared().await.unwrap().status, 487);
        scene.sim.sleep(secs(40.0)).await;
        let sent = |method: &str| {
            call.ladder().iter().filter(|step| step.method == method && step.status.is_none()).count()
        };
        assert_eq!((sent("CANCEL"), sent("BYE")), (1, 0));
    });
}

/// HUP-7, UR-26: an answer that crosses the CANCEL gets ACK and BYE, whichever is first by however little.
#[test]
fn an_answer_that_crosses_the_cancel_is_ended() {
    for offset in [0, 10, 20, 30, 40, 45, 50, 60, 80] {
        outbound_scene(offset, |mut scene| async move {
            scene.sim.set_link(offhook::sim::Link { delay: ms(20), ..Default::default() });
            let mut callee =
                scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(secs(1.0)).answer()).await;
            let channel = started(&mut scene).await;
            channel.start_call(to_callee()).await.unwrap();
            scene.sim.sleep(ms(980 + offset)).await;
            assert_eq!(channel.hang_up().await, State::Idle);
            assert_eq!(channel.cause(), Cause::Normal);
            let call = callee.next_call().await.unwrap();
            assert!(call.cleared().await.is_some(), "offset {offset}");
            scene.sim.sleep(secs(40.0)).await;
            assert_eq!(scene.server.counts().await.dialogs, 0);
        });
    }
}

/// RUN-27, RUN-28, UR-43: the limits of a service hold for the calls that its instances make.
#[test]
fn the_limits_of_a_service_hold_for_outbound_calls() {
    let limits = |config: &mut offhook::Config| {
        config.services[0].max_call = Some(secs(20.0));
        config.services[0].media_timeout = Some(secs(5.0));
    };
    outbound_scene_with(5, limits, |mut scene| async move {
        let speaking = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        channel.call(to_callee()).await.unwrap();
        let (_, lasted) = timed(channel.wait_for_idle(None)).await;
        assert_near(lasted, secs(20.0), ms(100));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "-3"));
        drop(speaking);
        scene.sim.sleep(ms(100)).await;
        let _mute = scene.sim.callee(Sim::CALLEE, Reception::new().answer().silent()).await;
        channel.call(to_callee()).await.unwrap();
        let (_, lasted) = timed(channel.wait_for_idle(None)).await;
        assert_near(lasted, secs(5.0), ms(500));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "-2"));
    });
}

/// CALL-11, CAU-4: an answer that cannot be used ends the call at once, as an answered one.
#[test]
fn an_unusable_answer_ends_the_call() {
    outbound_scene(6, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let answer = offhook::sim::RawAnswer::new(&invite, Sim::CALLEE);
        raw.send(scene.address(), answer.response(200, "", &offhook::sim::RawCall::offer(RAW_RTP, "18")));
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Idle);
        raw.receive_request("ACK").await;
        raw.receive_request("BYE").await;
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Error, "200"));
    });
}

/// CAU-1, CAU-4: an address of an IP version that is not served is out of order.
#[test]
fn an_address_of_another_ip_version_is_out_of_order() {
    outbound_scene(7, |mut scene| async move {
        let channel = started(&mut scene).await;
        assert_eq!(channel.call(offhook::Dial::to("sip:200@[2001:db8::1]")).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::OutOfOrder, "503"));
    });
}
