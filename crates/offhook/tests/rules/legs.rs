//! Several far ends, each with a tone of its own: who hears whom.

use std::future::Future;
use std::net::SocketAddr;

use offhook::caller::{Callee, OutCall, Reception};
use offhook::media::measure;
use offhook::{Answer, CallChannel, Dial, Service, State};

use crate::support::*;

/// A scenario whose instances have two extra channels each.
pub(crate) fn legs_scene<Running: Future<Output = ()>>(seed: u64, run: impl FnOnce(Scene) -> Running) {
    legs_scene_with(seed, |_| {}, run);
}

/// The same with other settings.
pub(crate) fn legs_scene_with<Running: Future<Output = ()>>(
    seed: u64,
    change: impl FnOnce(&mut offhook::Config),
    run: impl FnOnce(Scene) -> Running,
) {
    let adapt = |config: &mut offhook::Config| {
        let mut service = Service::inbound("*", "application");
        service.extra_channels = 2;
        config.services = vec![service];
        change(config);
    };
    scene_with(seed, adapt, run);
}

/// An answered caller who speaks a tone for a minute.
pub(crate) async fn speaking_caller(scene: &mut Scene, hz: f64) -> (OutCall, Instance) {
    let (call, instance) = scene.plain_call().await;
    assert_eq!(instance.answer(Answer::new()).await.unwrap(), State::Answered);
    call.play(sine(hz, 60.0));
    (call, instance)
}

/// Where a callee of this number is.
pub(crate) fn callee_address(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 1, number], 5060))
}

/// A callee that rings, answers after a second, and speaks a tone for a minute.
pub(crate) async fn speaking_callee(scene: &Scene, number: u8, hz: f64) -> Callee {
    let reception = Reception::new().ring().wait(secs(1.0)).answer().play(sine(hz, 60.0));
    scene.sim.callee(callee_address(number), reception).await
}

/// The address to call that callee by.
pub(crate) fn callee_uri(number: u8) -> String {
    format!("sip:desk{number}@{}", callee_address(number))
}

/// Calls a callee from a channel and gives the callee's side of the call.
pub(crate) async fn called(channel: &CallChannel, callee: &mut Callee, number: u8) -> OutCall {
    assert_eq!(channel.call(Dial::to(callee_uri(number))).await.unwrap(), State::Answered);
    callee.next_call().await.expect("the callee is called")
}

/// The level of a tone in the last 400 ms that a far end heard.
pub(crate) async fn level(call: &OutCall, hz: f64) -> f64 {
    let sound = call.heard().await.sound();
    let tail = &sound.samples[sound.samples.len().saturating_sub(3200)..];
    measure::level_dbm0(tail, 8000, hz)
}

/// Asserts that a far end hears the tones at the level at which they were spoken, and does not hear the others.
#[track_caller]
pub(crate) fn assert_levels(levels: &[(f64, f64)], heard: &[f64]) {
    for (hz, level) in levels {
        match heard.contains(hz) {
            true => assert!((level + 10.0).abs() <= 1.0, "{hz} Hz at {level} dBm0 in {levels:?}"),
            false => assert!(*level < -45.0, "{hz} Hz at {level} dBm0 in {levels:?}"),
        }
    }
}

/// Asserts which of all the tones of a scenario a far end hears now.
pub(crate) async fn assert_hears(call: &OutCall, heard: &[f64]) {
    let mut levels = Vec::new();
    for hz in TONES {
        levels.push((hz, level(call, hz).await));
    }
    assert_levels(&levels, heard);
}

/// The tones of far ends, files and players.
pub(crate) const TONES: [f64; 6] = [A, B, C, D, E, F];
pub(crate) const A: f64 = 350.0;
pub(crate) const B: f64 = 700.0;
pub(crate) const C: f64 = 1050.0;
pub(crate) const D: f64 = 1400.0;
pub(crate) const E: f64 = 1900.0;
pub(crate) const F: f64 = 2600.0;
