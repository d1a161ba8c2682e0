//! Conference rooms.

use offhook::caller::OutCall;
use offhook::media::measure;
use offhook::{
    CallChannel, Cause, ConferenceCall, ConferenceLifetimeControl, ConferencePartyMediaSettings, Dial,
    ErrorKind, MuteOnDtmfDigits, OperationError, Play, PlayableMedia, Record, State, TransferCause,
};

use crate::legs::*;
use crate::support::*;

/// A caller whose call is in a room, by way of the first extra channel of its instance.
struct Party {
    call: OutCall,
    channel: Instance,
    leg: CallChannel,
}

/// Calls, speaks, and is transferred into a room.
async fn enter(scene: &mut Scene, hz: f64, conference: ConferenceCall) -> Party {
    let (call, channel) = speaking_caller(scene, hz).await;
    let leg = channel.extra_channels()[0].clone();
    let state = channel.transfer_to_conference_room(&leg, conference).await.unwrap();
    assert_eq!((state, leg.state()), (State::Transferred, State::Answered));
    Party { call, channel, leg }
}

/// A room without beeps, so that only the parties are heard.
fn room() -> ConferenceCall {
    ConferenceCall::new("room1").media(quiet())
}

fn quiet() -> ConferencePartyMediaSettings {
    ConferencePartyMediaSettings::new().beep_on_entry(false)
}

const WAITS: ConferenceLifetimeControl =
    ConferenceLifetimeControl { start_on_entry: false, destroy_on_exit: false };

/// Whether the default ringback is heard.
async fn hears_ringback(call: &OutCall) -> bool {
    (level(call, 440.0).await + 19.0).abs() < 1.0 && (level(call, 480.0).await + 19.0).abs() < 1.0
}

/// CONF-11, CONF-13, CONF-17, XFER-3: three callers of different instances meet under one name; each hears the others
/// and never itself, and another room nothing of them.
#[test]
fn each_party_hears_the_others_and_not_itself() {
    legs_scene_with(
        1,
        |config| config.shards = 3,
        |mut scene| async move {
            let one = enter(&mut scene, A, room()).await;
            let two = enter(&mut scene, B, room()).await;
            let three = enter(&mut scene, C, room()).await;
            let elsewhere = enter(&mut scene, D, ConferenceCall::new("room2").media(quiet())).await;
            scene.sim.sleep(secs(2.0)).await;
            assert_hears(&one.call, &[B, C]).await;
            assert_hears(&two.call, &[A, C]).await;
            assert_hears(&three.call, &[A, B]).await;
            for (hz, level) in [(A, level(&elsewhere.call, A).await), (B, level(&elsewhere.call, B).await)] {
                assert!(level < -45.0, "{hz} Hz at {level} dBm0");
            }
        },
    );
}

/// CONF-10, CONF-11, TONE-15: alone in a room one hears the default ringback, and nothing of it once it has started.
#[test]
fn a_stopped_room_plays_ringback() {
    legs_scene(2, |mut scene| async move {
        let one = enter(&mut scene, A, room()).await;
        // Two seconds on, four off.
        scene.sim.sleep(secs(1.0)).await;
        assert!(hears_ringback(&one.call).await);
        let two = enter(&mut scene, B, room()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(!hears_ringback(&one.call).await && !hears_ringback(&two.call).await);
        assert_hears(&one.call, &[B]).await;
    });
}

/// CONF-1, CONF-2, CONF-10, CONF-11: without a party that starts it the room stays stopped, and each hears its own
/// file; the one that starts it may come last, and a room of listeners does not start.
#[test]
fn a_room_starts_when_someone_starts_it() {
    legs_scene(3, |mut scene| async move {
        let music = scene.file("music.wav", &sine(E, 0.7));
        let waiting = room().lifetime(WAITS).media(quiet().on_conference_stopped_file(music));
        let one = enter(&mut scene, A, waiting.clone()).await;
        let two = enter(&mut scene, B, room().lifetime(WAITS).listener_only()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&one.call, &[E]).await;
        assert!(hears_ringback(&two.call).await);
        let three = enter(&mut scene, C, room()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&one.call, &[C]).await;
        assert_hears(&two.call, &[A, C]).await;
        assert_hears(&three.call, &[A]).await;

        let listeners = ConferenceCall::new("listeners").media(quiet()).listener_only();
        let four = enter(&mut scene, D, listeners.clone()).await;
        let five = enter(&mut scene, F, listeners).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(hears_ringback(&four.call).await && hears_ringback(&five.call).await);
    });
}

/// CONF-9, CONF-13: a listener hears and is not heard.
#[test]
fn a_listener_is_not_heard() {
    legs_scene(4, |mut scene| async move {
        let talker = enter(&mut scene, A, room()).await;
        let listener = enter(&mut scene, B, room().talker_and_listener(false)).await;
        scene.sim.sleep(secs(1.5)).await;
        assert_hears(&talker.call, &[]).await;
        assert_hears(&listener.call, &[A]).await;
    });
}

/// CONF-2, CONF-4, CONF-13, CONF-18: a party that enters muted is heard after its digit, and muted again by the other.
#[test]
fn digits_mute_and_unmute_their_party() {
    legs_scene(5, |mut scene| async move {
        let other = enter(&mut scene, A, room()).await;
        let keys = MuteOnDtmfDigits { mute: '5', unmute: '6' };
        let muted =
            enter(&mut scene, B, room().media(quiet().start_muted(true).mute_on_dtmf_digits(keys))).await;
        let silent = enter(&mut scene, C, room()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&other.call, &[C]).await;
        assert_hears(&muted.call, &[A, C]).await;
        for (digit, heard) in [("6", true), ("5", false)] {
            muted.call.send_digits(digit);
            // Without digits of its own a party is not muted by them.
            silent.call.send_digits(digit);
            scene.sim.sleep(secs(1.5)).await;
            let tones: &[f64] = if heard { &[B, C] } else { &[C] };
            assert_hears(&other.call, tones).await;
        }
    });
}

/// CONF-2, CONF-3: the room hears the beep, then prefix and entry media, and prefix and exit media at the end.
#[test]
fn a_room_hears_who_enters_and_who_leaves() {
    legs_scene(6, |mut scene| async move {
        let [name, entry, exit] = [(D, "name.wav"), (E, "entry.wav"), (F, "exit.wav")]
            .map(|(hz, name)| PlayableMedia::file(scene.file(name, &sine(hz, 1.0))));
        let listener = || room().listener_only();
        let (silent, channel) = scene.plain_call().await;
        channel.answer(offhook::Answer::new()).await.unwrap();
        let leg = channel.extra_channels()[0].clone();
        channel.transfer_to_conference_room(&leg, listener()).await.unwrap();
        let media =
            ConferencePartyMediaSettings::new().prefix_media(name).on_entry_media(entry).on_exit_media(exit);
        let comer = enter(&mut scene, A, room().media(media)).await;
        let third = enter(&mut scene, B, listener()).await;
        let fourth = enter(&mut scene, C, room()).await;
        scene.sim.sleep(secs(3.0)).await;
        comer.call.hang_up();
        scene.sim.sleep(secs(3.0)).await;
        let sound = silent.heard().await.sound();
        let mut heard = Vec::new();
        for window in sound.samples.chunks_exact(1600) {
            for hz in [800.0, D, E, F] {
                if measure::level_dbm0(window, 8000, hz) > -20.0 && heard.last() != Some(&hz) {
                    heard.push(hz);
                }
            }
        }
        assert_eq!(heard, [800.0, D, E, D, F]);
        drop((third, fourth));
    });
}

/// CONF-7: when a party with `destroy_on_exit` leaves, the others are hung up with cause `NORMAL`.
#[test]
fn a_room_is_destroyed_by_the_party_that_says_so() {
    legs_scene(7, |mut scene| async move {
        let destroys = ConferenceLifetimeControl { start_on_entry: true, destroy_on_exit: true };
        let chair = enter(&mut scene, A, room().lifetime(destroys)).await;
        let guest = enter(&mut scene, B, room()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&guest.call, &[A]).await;
        chair.call.hang_up();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((guest.leg.state(), guest.leg.cause()), (State::Idle, Cause::Normal));
        assert_eq!((guest.channel.state(), chair.channel.state()), (State::Transferred, State::Idle));
        assert_hears(&guest.call, &[]).await;
        // The name is free for another room.
        let next = enter(&mut scene, C, room()).await;
        assert_eq!(guest.channel.retrieve_transferred_call(Some(5.0)).await.unwrap(), State::Answered);
        assert_eq!(
            guest.channel.transfer_to_conference_room(&guest.leg, room()).await.unwrap(),
            State::Transferred
        );
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&next.call, &[B]).await;
    });
}

/// CONF-8, CONF-12: after its exit digit a party is out, its call still transferred; one alone hears ringback again.
#[test]
fn the_exit_digit_makes_a_party_leave() {
    legs_scene(8, |mut scene| async move {
        let stays = enter(&mut scene, A, room()).await;
        let leaves = enter(&mut scene, B, room().media(quiet().exit_on_dtmf_digit('#'))).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&stays.call, &[B]).await;
        leaves.call.send_digits("#");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((leaves.channel.state(), leaves.leg.state()), (State::Transferred, State::Idle));
        assert_eq!(leaves.leg.cause(), Cause::Normal);
        assert_hears(&leaves.call, &[]).await;
        assert!(hears_ringback(&stays.call).await);
        assert_eq!(leaves.channel.retrieve_transferred_call(Some(5.0)).await.unwrap(), State::Answered);
    });
}

/// CONF-8, XFER-20: a party leaves when its call is retrieved; its application has it back.
#[test]
fn a_retrieved_call_leaves_the_room() {
    legs_scene(9, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 5.0));
        let stays = enter(&mut scene, A, room()).await;
        let leaves = enter(&mut scene, B, room()).await;
        let third = enter(&mut scene, C, room()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(leaves.channel.retrieve_transferred_call(Some(5.0)).await.unwrap(), State::Answered);
        assert_eq!(leaves.leg.state(), State::Idle);
        leaves.channel.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&leaves.call, &[E]).await;
        assert_hears(&stays.call, &[C]).await;
        assert_hears(&third.call, &[A]).await;
    });
}

/// CONF-15: one party more than the limit gets `NOCHANNELS`, in a transfer `TARGETREJECT`.
#[test]
fn a_full_room_takes_nobody() {
    legs_scene_with(
        10,
        |config| config.conference_max_parties = 1,
        |mut scene| async move {
            let _first = enter(&mut scene, A, room()).await;
            let (_call, channel) = speaking_caller(&mut scene, B).await;
            let [leg, other] = [0, 1].map(|index: usize| channel.extra_channels()[index].clone());
            assert_eq!(channel.transfer_to_conference_room(&leg, room()).await.unwrap(), State::Answered);
            assert_eq!(channel.transfer_cause(), TransferCause::TargetReject);
            assert_eq!((leg.state(), leg.cause()), (State::Idle, Cause::NoChannels));
            assert_eq!(other.call_conference_room(room()).await.unwrap(), State::Idle);
            assert_eq!(other.cause(), Cause::NoChannels);
            let elsewhere = ConferenceCall::new("room2");
            assert_eq!(other.call_conference_room(elsewhere).await.unwrap(), State::Answered);
        },
    );
}

/// CONF-5, CONF-6, CALL-22, GEN-9, MED-11: what is checked before a room is entered.
#[test]
fn arguments_are_checked_before_the_room_is_entered() {
    legs_scene(11, |mut scene| async move {
        let (_call, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        let error = channel.call_conference_room(room()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongState);
        for bad in ["", "a room", "room-1", "räume", &"r".repeat(48)] {
            let error = leg.call_conference_room(ConferenceCall::new(bad)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{bad:?}");
            assert!(error.to_string().contains("1 to 47 ASCII letters and digits"), "{error}");
            let error =
                channel.transfer_to_conference_room(&leg, ConferenceCall::new(bad)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{bad:?}");
        }
        for bad in [
            room().seconds_timeout(Some(-1.0)),
            room().media(quiet().exit_on_dtmf_digit('x')),
            room().media(quiet().mute_on_dtmf_digits(MuteOnDtmfDigits { mute: 'm', unmute: '1' })),
        ] {
            assert_eq!(leg.call_conference_room(bad).await.unwrap_err().kind(), ErrorKind::Argument);
        }
        for bad in [
            quiet().on_conference_stopped_file("missing.wav"),
            quiet().ringback_tone("ringback.fr"),
            quiet().on_entry_media(PlayableMedia::new()),
        ] {
            let error = leg.call_conference_room(room().media(bad.clone())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media, "{error}");
            let error = channel.transfer_to_conference_room(&leg, room().media(bad)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media, "{error}");
        }
        assert_eq!((channel.state(), leg.state()), (State::Answered, State::Idle));
        let longest = ConferenceCall::new("r".repeat(47)).seconds_timeout(None);
        assert_eq!(leg.call_conference_room(longest).await.unwrap(), State::Answered);
        assert_eq!(leg.call_conference_room(room()).await.unwrap_err().kind(), ErrorKind::WrongState);
    });
}

/// CONF-16, CONF-5: a channel in a room plays to the room and records it; it is connected to nobody.
#[test]
fn a_channel_in_a_room_plays_to_it_and_records_it() {
    legs_scene(12, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 10.0));
        let party = enter(&mut scene, A, room()).await;
        let (_caller, channel) = speaking_caller(&mut scene, B).await;
        let inside = channel.extra_channels()[0].clone();
        assert_eq!(inside.call_conference_room(room()).await.unwrap(), State::Answered);
        assert_eq!(&*inside.details().call_to, "con:room1");
        inside.file_player().start(Play::file(tone)).await.unwrap();
        inside.file_recorder().start(Record::to("room.wav")).await.unwrap();
        scene.sim.sleep(secs(2.0)).await;
        assert_hears(&party.call, &[E]).await;
        inside.file_recorder().stop().await;
        let recorded = offhook::media::wav::read(&std::fs::read(scene.path("room.wav")).unwrap()).unwrap();
        let heard = measure::level_dbm0(part(&recorded, 0.5, 1.5), 8000, A);
        let own = measure::level_dbm0(part(&recorded, 0.5, 1.5), 8000, E);
        assert!((heard + 10.0).abs() < 1.0 && own < -45.0, "{heard} and {own} dBm0");
        let error = inside.connect(&channel).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(inside.details().media_stats.packets_sent > 50);
        assert_eq!(inside.hang_up().await, State::Idle);
        assert_eq!((inside.cause(), &*inside.details().raw_cause), (Cause::Normal, "200"));
        scene.sim.sleep(secs(0.6)).await;
        assert_hears(&party.call, &[]).await;
    });
}

/// CONF-6, CONF-16, CALL-19: a `con:` address is a call to a room.
#[test]
fn a_room_has_an_address() {
    legs_scene(13, |mut scene| async move {
        let party = enter(&mut scene, A, room()).await;
        let (_caller, channel) = speaking_caller(&mut scene, B).await;
        let [one, two] = [0, 1].map(|index: usize| channel.extra_channels()[index].clone());
        for bad in ["con:", "con:a room"] {
            let error = one.call(Dial::to(bad)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        }
        assert_eq!(one.call(Dial::to("con:room1")).await.unwrap(), State::Answered);
        assert_eq!(two.start_call(Dial::to("con:room1")).await.unwrap(), State::CallOutgoing);
        assert_eq!(two.wait_for_answer(None).await.unwrap(), State::Answered);
        let tone = scene.file("tone.wav", &sine(E, 10.0));
        one.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.5)).await;
        assert_hears(&party.call, &[E]).await;
    });
}

/// CONF-18: entering and leaving are heard within 200 ms.
#[test]
fn changes_take_effect_within_200_ms() {
    legs_scene(14, |mut scene| async move {
        let listener = enter(&mut scene, A, room()).await;
        let comer = enter(&mut scene, B, room()).await;
        scene.sim.sleep(ms(200)).await;
        // What is heard now has been said since.
        scene.sim.sleep(ms(400)).await;
        assert_hears(&listener.call, &[B]).await;
        comer.channel.retrieve_transferred_call(Some(5.0)).await.unwrap();
        scene.sim.sleep(ms(200)).await;
        scene.sim.sleep(ms(400)).await;
        let level = level(&listener.call, B).await;
        assert!(level < -45.0, "{level}");
    });
}

/// CONF-14: more than two talkers are all heard, whatever was said about two.
#[test]
fn the_optimisation_for_two_gives_way_to_a_third() {
    legs_scene(15, |mut scene| async move {
        let two = || room().media(quiet().two_party_optimisation(true));
        let one = enter(&mut scene, A, two()).await;
        let _other = enter(&mut scene, B, two()).await;
        let _third = enter(&mut scene, C, two()).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&one.call, &[B, C]).await;
    });
}

/// RUN-18, RUN-22: an instance that ends leaves its room, and nothing stays behind.
#[test]
fn an_instance_that_ends_leaves_its_rooms() {
    legs_scene(16, |mut scene| async move {
        let stays = enter(&mut scene, A, room()).await;
        let Party { call, channel, leg } = enter(&mut scene, B, room()).await;
        let inside = channel.extra_channels()[1].clone();
        inside.call_conference_room(room()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.end(Ok(0));
        call.cleared().await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((leg.state(), inside.state()), (State::Idle, State::Idle));
        assert!(hears_ringback(&stays.call).await);
        stays.call.hang_up();
        stays.channel.channel.wait_for_idle(None).await;
        drop(stays);
        scene.sim.sleep(secs(60.0)).await;
        let counts = scene.server.counts().await;
        assert_eq!((counts.calls, counts.streams, counts.instances), (0, 0, 0), "{counts:?}");
    });
}
