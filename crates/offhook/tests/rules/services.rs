//! Services, extra channels and instances that are started by request.

use offhook::caller::Reception;
use offhook::sim::Sim;
use offhook::{Answer, AppError, Cause, Direction, Service, StartOutboundError, State};

use crate::outbound_calls::{outbound_scene, outbound_scene_with, started, to_callee};
use crate::support::*;

/// RUN-8: the user part that is called chooses the service.
#[test]
fn a_call_starts_the_service_of_its_number() {
    let services = |config: &mut offhook::Config| {
        let mut desk = Service::inbound("100", "desk");
        desk.parameters = "lang=en".to_owned();
        config.services = vec![Service::inbound("1*", "other"), desk];
    };
    scene_with(1, services, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let service = channel.instance().service.clone().unwrap();
        assert_eq!((&*service.application, &*service.parameters), ("desk", "lang=en"));
        assert_eq!(channel.instance().direction, Direction::Inbound);
        assert!(channel.instance().outbound_parameters.is_none());
        let request = offhook::caller::CallRequest::to("sip:199@10.0.0.1").unwrap();
        let (_other, channel) = scene.call(request).await;
        assert_eq!(channel.instance().service.as_ref().unwrap().application, "other");
        let request = offhook::caller::CallRequest::to("sip:200@10.0.0.1").unwrap();
        let (_none, channel) = scene.call(request).await;
        assert!(channel.instance().service.is_none());
    });
}

/// RUN-12, ST-2: a service can ring on arrival.
#[test]
fn a_service_can_ring_on_arrival() {
    let services = |config: &mut offhook::Config| {
        let mut desk = Service::inbound("100", "desk");
        desk.auto_ring = true;
        config.services = vec![desk];
    };
    scene_with(2, services, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        assert_eq!(channel.state(), State::RingIncoming);
        assert!(call.ringing().await);
        let request = offhook::caller::CallRequest::to("sip:200@10.0.0.1").unwrap();
        let (_other, channel) = scene.call(request).await;
        assert_eq!(channel.state(), State::CallIncoming);
    });
}

/// RUN-9, RUN-7, ST-3: a start request starts an instance without a call, with its parameters.
#[test]
fn an_instance_is_started_without_a_call() {
    outbound_scene(3, |mut scene| async move {
        scene.server.handle().start_outbound("out", "order=17").unwrap();
        let channel = scene.instance().await;
        assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal));
        let instance = channel.instance();
        assert_eq!(
            (instance.direction, instance.outbound_parameters.as_deref()),
            (Direction::Outbound, Some("order=17"))
        );
        assert_eq!(scene.server.counts().await.instances, 1);
        channel.end(Ok(0));
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((scene.server.counts().await.instances, scene.server.counts().await.calls), (0, 0));
    });
}

/// RUN-7, RUN-11, RUN-25, RUN-26: what cannot be started is refused, and the error says why.
#[test]
fn start_requests_can_be_refused() {
    let small = |config: &mut offhook::Config| {
        config.services.push(Service::inbound("desk", "desk"));
        (config.num_apps, config.num_apps_lower) = (1, 0);
    };
    outbound_scene_with(4, small, |mut scene| async move {
        let start =
            |scene: &Scene, name: &str, parameters: &str| scene.server.start_outbound(name, parameters);
        assert!(matches!(start(&scene, "nobody", ""), Err(StartOutboundError::NoService { .. })));
        assert!(matches!(start(&scene, "desk", ""), Err(StartOutboundError::WrongDirection { .. })));
        for bad in ["a^b", "a|b", "a\nb", "ä"] {
            assert!(
                matches!(start(&scene, "out", bad), Err(StartOutboundError::Parameters { .. })),
                "{bad:?}"
            );
        }
        let first = started(&mut scene).await;
        assert_eq!(start(&scene, "out", ""), Err(StartOutboundError::Busy));
        first.end(Ok(0));
        scene.sim.sleep(ms(100)).await;
        started(&mut scene).await.end(Ok(0));
        scene.server.stop_taking_calls();
        assert_eq!(start(&scene, "out", ""), Err(StartOutboundError::Busy));
    });
    outbound_scene_with(
        5,
        |config| config.app_responder = false,
        |scene| async move {
            assert_eq!(scene.server.start_outbound("out", ""), Err(StartOutboundError::Off));
        },
    );
}

/// RUN-23, RUN-24, ST-3, GEN-13: extra channels make calls beside the primary one, as many as the service allows.
#[test]
fn extra_channels_make_calls() {
    let services = |config: &mut offhook::Config| {
        let mut desk = Service::inbound("100", "desk");
        desk.extra_channels = 3;
        config.services = vec![desk];
    };
    scene_with(6, services, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let (_call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.extra_channels().len(), 3);
        for extra in channel.extra_channels() {
            assert_eq!((extra.state(), extra.details().direction), (State::Idle, Direction::Outbound));
            assert!(extra.extra_channels().is_empty());
            assert_eq!(extra.call(to_callee()).await.unwrap(), State::Answered);
        }
        let ids: std::collections::HashSet<_> =
            channel.extra_channels().iter().map(|extra| extra.details().call_id).collect();
        assert_eq!(ids.len(), 3);
        for _ in 0..3 {
            assert!(callee.next_call().await.unwrap().answered().await);
        }
        channel.extra_channels()[1].hang_up().await;
        let states: Vec<_> = channel.extra_channels().iter().map(|extra| extra.state()).collect();
        assert_eq!(states, [State::Answered, State::Idle, State::Answered]);
        assert_eq!(channel.state(), State::Answered);
    });
}

/// RUN-23: without a service, or with one that allows none, there are no extra channels.
#[test]
fn no_extra_channels_is_the_default() {
    scene(7, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        assert!(channel.extra_channels().is_empty());
    });
}

/// RUN-18, RUN-32: the end of the instance closes every channel, whatever ended it.
#[test]
fn the_end_of_the_instance_closes_every_channel() {
    let outcomes = [
        (Ok(0), Cause::Normal),
        (Err(AppError::exception("boom")), Cause::Normal),
        (Err(AppError::lost("the worker has died")), Cause::Error),
    ];
    for (seed, (outcome, cause)) in outcomes.into_iter().enumerate() {
        outbound_scene(seed as u64, |mut scene| async move {
            let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
            let channel = started(&mut scene).await;
            let extra = channel.extra_channels()[0].clone();
            channel.call(to_callee()).await.unwrap();
            extra.call(to_callee()).await.unwrap();
            let calls = [callee.next_call().await.unwrap(), callee.next_call().await.unwrap()];
            let channel = channel.end(outcome);
            for call in calls {
                assert_eq!(call.cleared().await.unwrap().status, 200);
            }
            for channel in [channel, extra] {
                assert_eq!(
                    (channel.wait_for_idle(Some(secs(1.0))).await, channel.cause()),
                    (State::Idle, cause)
                );
                let error = channel.call(to_callee()).await.unwrap_err();
                assert!(error.to_string().contains("has ended"), "{error}");
            }
        });
    }
}

/// RUN-18, HUP-6: a call that rings when its instance ends is cancelled.
#[test]
fn a_ringing_call_is_cancelled_with_its_instance() {
    outbound_scene(8, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring()).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.end(Ok(0));
        assert_eq!(callee.next_call().await.unwrap().cleared().await.unwrap().status, 487);
    });
}

/// GEN-13, RUN-21: with several shards all channels of an instance work, and their messages come home.
#[test]
fn channels_of_an_instance_share_a_shard() {
    outbound_scene_with(
        9,
        |config| config.shards = 4,
        |mut scene| async move {
            let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(ms(100)).answer()).await;
            for _ in 0..8 {
                let channel = started(&mut scene).await;
                assert_eq!(channel.call(to_callee()).await.unwrap(), State::Answered);
                assert_eq!(channel.extra_channels()[0].call(to_callee()).await.unwrap(), State::Answered);
                channel.end(Ok(0));
            }
            scene.sim.sleep(secs(60.0)).await;
            let counts = scene.server.counts().await;
            assert_eq!((counts.calls_up, counts.dialogs, counts.transactions), (0, 0, 0));
        },
    );
}
