//! The telephones of the simulator: an exchange with several callees, NAT, clocks that drift, people and machines.

use std::any::Any;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use offhook::caller::{CallRequest, Callee, OutCall, Person, Reception};
use offhook::media::Sound;
use offhook::media::measure;
use offhook::media::tone::{Segment, Sequence};
use offhook::sim::{Exchange, Sim};
use offhook::{Answer, Cause, Dial, State, Trunk};

use crate::outbound_calls::{outbound_scene_with, started};
use crate::support::*;

const BEHIND_NAT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 10)), 5060);
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 0, 1));

/// A scenario whose server calls numbers through the exchange.
fn exchange_scene<Running: Future<Output = ()>>(seed: u64, run: impl FnOnce(Scene, Exchange) -> Running) {
    let change = |config: &mut offhook::Config| {
        config.trunks = vec![Trunk::new("exchange", Sim::EXCHANGE.to_string())];
    };
    outbound_scene_with(seed, change, |scene| async move {
        let exchange = scene.sim.exchange(Sim::EXCHANGE).await;
        run(scene, exchange).await;
    });
}

async fn telephone(scene: &Scene, exchange: &Exchange, number: u8, reception: Reception) -> Callee {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 2, 0, number)), 5060);
    let callee = scene.sim.callee(address, reception).await;
    exchange.connect(&format!("3{number:02}"), callee.address());
    callee
}

/// CALL-1, CALL-19, CAU-1: several telephones ring at once, each under its own number; a number that nobody has gets 404.
#[test]
fn several_telephones_ring_at_once() {
    exchange_scene(1, |mut scene, exchange| async move {
        let phone = |after| Reception::new().ring().wait(secs(after)).answer();
        let mut slow = telephone(&scene, &exchange, 1, phone(4.0)).await;
        let mut quick = telephone(&scene, &exchange, 2, phone(2.0)).await;
        let channel = started(&mut scene).await;
        let extra = channel.extra_channels()[0].clone();
        channel.start_call(Dial::to("301").from("100")).await.unwrap();
        extra.start_call(Dial::to("tel:302").from("100")).await.unwrap();
        let (first, second) = (slow.next_call().await.unwrap(), quick.next_call().await.unwrap());
        assert!(second.answered().await);
        assert!(!first.statuses().contains(&200));
        assert_eq!(extra.state(), State::Answered);
        assert!(first.answered().await);
        channel.hang_up().await;
        extra.hang_up().await;
        assert_eq!(channel.call(Dial::to("399").from("100")).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Unobtainable, "404"));
    });
}

/// Both sides of a telephone behind a router: `true` if it calls, `false` if it is called.
fn through_nat(calls: bool) {
    exchange_scene(2, |mut scene, exchange| async move {
        scene.sim.put_behind_nat(BEHIND_NAT.ip(), ROUTER);
        let tone = sine(500.0, 2.0);
        let (call, channel, _telephone): (OutCall, Instance, Box<dyn Any>) = if calls {
            let caller = scene.sim.caller_with(|config| config.bind = BEHIND_NAT).await;
            let request = CallRequest::to_address(scene.server.sip_address()).person(Person::speaking(tone));
            let call = caller.call(request).await.unwrap();
            let channel = scene.instance().await;
            channel.answer(Answer::new()).await.unwrap();
            (call, channel, Box::new(caller))
        } else {
            let reception = Reception::new().ring().wait(secs(1.0)).answer().person(Person::speaking(tone));
            let mut callee = scene.sim.callee(BEHIND_NAT, reception).await;
            exchange.connect("300", callee.address());
            let channel = started(&mut scene).await;
            let state = channel.call(Dial::to("300").from("100")).await.unwrap();
            assert_eq!(state, State::Answered);
            let call = callee.next_call().await.unwrap();
            (call, channel, Box::new(callee))
        };
        // Longer than an ACK that does not arrive would be waited for.
        scene.sim.sleep(secs(40.0)).await;
        assert_eq!(channel.state(), State::Answered);
        let named = call.ladder().iter().any(|entry| {
            entry.direction == offhook::caller::LadderDirection::Sent && entry.text().contains("192.168.0.10")
        });
        assert!(named, "the telephone names its private address");
        assert!(channel.details().media_stats.packets_received > 1900);
        assert!(call.heard().await.packets.len() > 1900);
        channel.hang_up().await;
        assert!(call.cleared().await.is_some());
    });
}

/// UR-31: a caller behind a NAT is heard, hears, and lives past 32 seconds.
#[test]
fn a_caller_behind_a_nat_talks_both_ways() {
    through_nat(true);
}

/// UR-31: and a callee whose provider records its route.
#[test]
fn a_callee_behind_a_nat_talks_both_ways() {
    through_nat(false);
}

/// MED-14, DET-3: a clock that is fast sends more packets in the same time, and plays more of what comes.
#[test]
fn a_media_clock_drifts() {
    for (ppm, expected) in [(-10_000.0, 2970), (0.0, 3000), (10_000.0, 3030)] {
        scene(3, |mut scene| async move {
            let host = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
            scene.sim.set_drift_of(host, ppm);
            let caller = scene.sim.caller_at(SocketAddr::new(host, 5060)).await;
            let request = CallRequest::to_address(scene.server.sip_address());
            let call = caller.call(request).await.unwrap();
            let channel = scene.instance().await;
            channel.answer(Answer::new()).await.unwrap();
            scene.sim.sleep(secs(60.0)).await;
            let received = channel.details().media_stats.packets_received as i64;
            assert!((received - expected).abs() <= 3, "{ppm} ppm: {received} packets");
            // What the server sends is on the server's clock, and is told in the time of the simulation.
            let heard = call.heard().await;
            let last = heard.packets.last().unwrap().at;
            assert_near(last, secs(60.0), ms(60));
        });
    }
}

fn frequency_hz(sound: &Sound, from: f64, to: f64) -> f64 {
    let at = |seconds: f64| (seconds * f64::from(sound.rate_hz)) as usize;
    measure::dominant_frequency(&sound.samples[at(from)..at(to)], sound.rate_hz).unwrap()
}

/// LSD-4, LSD-8: an answering machine greets and beeps, a fax machine sends its tone.
#[test]
fn machines_answer_by_themselves() {
    let beep = Sequence::new(vec![Segment::single(1400, 10, 400)]).unwrap();
    let machine = Person::answering_machine(&sine(500.0, 2.0), &beep);
    let rows = [(machine, 2.85, 3.15, 1400.0), (Person::fax(), 2.0, 4.5, 2100.0)];
    for (seed, (person, from, to, expected)) in rows.into_iter().enumerate() {
        exchange_scene(seed as u64, |mut scene, exchange| async move {
            let reception = Reception::new().ring().answer().person(person);
            let _callee = telephone(&scene, &exchange, 1, reception).await;
            let channel = started(&mut scene).await;
            channel.call(Dial::to("301").from("100")).await.unwrap();
            let record = offhook::Record::to("heard.wav").max_duration(5000);
            channel.file_recorder().record(record).await.unwrap();
            let bytes = std::fs::read(scene.media.path().join("heard.wav")).unwrap();
            let heard = offhook::media::wav::read(&bytes).unwrap();
            let found = frequency_hz(&heard, from, to);
            assert!((found - expected).abs() < 10.0, "{found} Hz");
        });
    }
}

/// RING-4, HUP-1: a caller gives up before the answer, or hangs up after it, at a moment of its own.
#[test]
fn a_caller_loses_patience() {
    scene(5, |mut scene| async move {
        let request = scene.request().give_up_after(secs(3.0)).hang_up_after(secs(2.0));
        let (call, channel) = scene.call(request.clone()).await;
        let (state, blocked) = timed(channel.ring(offhook::Ring::new().seconds(30.0))).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(3.0), ms(50));
        assert_eq!(call.cleared().await.unwrap().status, 487);
        let (_, channel) = scene.call(request).await;
        channel.answer(Answer::new()).await.unwrap();
        let (state, blocked) = timed(channel.wait_for_idle(None)).await;
        assert_eq!(state, State::Idle);
        assert_near(blocked, secs(2.0), ms(50));
    });
}

/// CALL-4, REJ-2: a call is answered or refused by hand.
#[test]
fn a_callee_decides_by_hand() {
    exchange_scene(6, |mut scene, exchange| async move {
        let mut anna = telephone(&scene, &exchange, 1, Reception::new().ring()).await;
        let channel = started(&mut scene).await;
        channel.start_call(Dial::to("301").from("100")).await.unwrap();
        let call = anna.next_call().await.unwrap();
        scene.sim.sleep(secs(5.0)).await;
        call.answer();
        assert_eq!(channel.wait_for_answer(Some(1.0)).await.unwrap(), State::Answered);
        channel.hang_up().await;
        channel.start_call(Dial::to("301").from("100")).await.unwrap();
        anna.next_call().await.unwrap().refuse(486);
        assert_eq!(channel.wait_for_answer(Some(1.0)).await.unwrap(), State::Idle);
        assert_eq!(channel.cause(), Cause::Busy);
    });
}
