//! `DTMFDetector`: when a collection ends, what it returns and what it leaves.

use offhook::{Answer, DigitsCause, ErrorKind, GetDigits, OperationError, Play, Ring, State};

use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
    (call, channel)
}

/// DTMF-1, DTMF-3, DTMF-4: a count ends a collection, with what is buffered first and then live.
#[test]
fn a_count_ends_a_collection() {
    scene(1, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let detector = channel.dtmf_detector();
        assert_eq!(detector.cause(), DigitsCause::None);
        call.send_digits("12,,,,34");
        scene.sim.sleep(secs(1.0)).await;
        let wanted = GetDigits::new().count(3).seconds_predigits_timeout(Some(10.0));
        let (digits, blocked) = timed(detector.get_digits(wanted)).await;
        assert_eq!((digits.unwrap().as_str(), detector.cause()), ("123", DigitsCause::Count));
        assert!(blocked < secs(2.0), "{blocked:?}");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.digits(), "4", "what one collection does not take stays for the next");
    });
}

/// DTMF-5: without a time for the first digit, what is buffered is returned at once; `clear` drops it (DTMF-2, DTMF-4).
#[test]
fn without_patience_the_buffer_is_returned_at_once() {
    scene(2, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let detector = channel.dtmf_detector();
        for (wanted, expected) in
            [(GetDigits::new(), "57"), (GetDigits::new().count(4), "57"), (GetDigits::new().clear(), "")]
        {
            call.send_digits("57");
            scene.sim.sleep(secs(1.0)).await;
            let (digits, blocked) = timed(detector.get_digits(wanted)).await;
            assert_eq!(digits.unwrap(), expected);
            assert_eq!((detector.cause(), channel.digits().as_str()), (DigitsCause::Timeout, ""));
            assert!(blocked <= ms(1), "{blocked:?}");
        }
        call.send_digits("9");
        scene.sim.sleep(secs(1.0)).await;
        detector.clear_digits().await;
        assert_eq!(channel.digits(), "");
    });
}

/// DTMF-6, GEN-8, GEN-9, GEN-12: each of the three limits ends a collection, on time, with the digits so far.
#[test]
fn each_limit_ends_a_collection() {
    let patient = || GetDigits::new().seconds_predigits_timeout(None);
    let rows = [
        ("the first digit", GetDigits::new().seconds_predigits_timeout(Some(1.5)), "", "", 1.5),
        ("the next digit", patient().seconds_interdigit_timeout(2.0), "12", "12", 2.2),
        ("the whole", patient().seconds_timeout(Some(1.0)), "1,,,,2", "1", 1.0),
    ];
    for (seed, (row, wanted, keys, expected, seconds)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = answered(&mut scene).await;
            call.send_digits(keys);
            let detector = channel.dtmf_detector();
            let (digits, blocked) = timed(detector.get_digits(wanted)).await;
            assert_eq!(digits.unwrap(), expected, "{row}");
            assert_eq!(detector.cause(), DigitsCause::Timeout, "{row}");
            assert_near(blocked, secs(seconds), ms(100));
        });
    }
}

/// DTMF-7: every digit of `end` ends a collection; it is taken, and neither counted nor returned.
#[test]
fn an_end_digit_ends_a_collection() {
    for (seed, (end, keys, expected, left)) in
        [("#", "12#3", "12", "3"), ("#*", "1*#", "1", "#"), ("#", "#", "", "")].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = answered(&mut scene).await;
            let detector = channel.dtmf_detector();
            call.send_digits(keys);
            let wanted = GetDigits::new().end(end).count(3).seconds_predigits_timeout(Some(5.0));
            assert_eq!(detector.get_digits(wanted).await.unwrap(), expected);
            assert_eq!(detector.cause(), DigitsCause::End);
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!(channel.digits(), left);
        });
    }
}

/// DTMF-8, GEN-6, GEN-7: when the call clears the digits so far are returned; after that it is `Hangup`.
#[test]
fn a_cleared_call_returns_the_digits_so_far() {
    scene(3, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let detector = channel.dtmf_detector();
        let wanted = GetDigits::new().count(9).seconds_predigits_timeout(None);
        let collecting = {
            let wanted = wanted.clone();
            channel.spawn(|channel| async move { channel.dtmf_detector().get_digits(wanted).await })
        };
        call.send_digits("42");
        scene.sim.sleep(secs(1.0)).await;
        call.hang_up();
        let (digits, waited) = timed(collecting).await;
        assert_eq!((digits.unwrap().unwrap().as_str(), detector.cause()), ("42", DigitsCause::Hangup));
        assert!(waited <= ms(100), "{waited:?}");
        assert!(detector.get_digits(wanted).await.unwrap_err().is_hangup());
    });
}

/// MED-3, MED-4: a collection needs an answer or early media; it runs beside a player (MED-9).
#[test]
fn a_collection_needs_an_answer_or_early_media() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 5.0));
        let (call, channel) = scene.plain_call().await;
        let detector = channel.dtmf_detector();
        for state in [State::CallIncoming, State::RingIncoming] {
            assert_eq!(channel.state(), state);
            let refused = detector.get_digits(GetDigits::new()).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::WrongState);
            channel.ring(Ring::new()).await.unwrap();
        }
        channel.ring(Ring::new().early_media()).await.unwrap();
        channel.file_player().start(Play::file(tone)).await.unwrap();
        call.media().await;
        call.send_digits("7");
        let wanted = GetDigits::new().count(1).seconds_predigits_timeout(Some(5.0));
        assert_eq!(detector.get_digits(wanted).await.unwrap(), "7");
    });
}

/// GEN-9, GEN-11: bad limits and end digits are refused, and a second collection is.
#[test]
fn bad_arguments_are_refused() {
    scene(5, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        call.send_digits("1");
        scene.sim.sleep(secs(1.0)).await;
        let detector = channel.dtmf_detector();
        let wanted = GetDigits::new;
        for bad in [
            wanted().seconds_predigits_timeout(Some(-1.0)),
            wanted().seconds_interdigit_timeout(f64::NAN),
            wanted().seconds_timeout(Some(f64::INFINITY)),
            wanted().end("x"),
        ] {
            let error = detector.get_digits(bad.clear()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        }
        assert_eq!(channel.digits(), "1", "nothing was taken");
        let first = channel.spawn(move |channel| async move {
            let wanted = GetDigits::new().count(2).seconds_predigits_timeout(None);
            channel.dtmf_detector().get_digits(wanted).await
        });
        scene.sim.sleep(ms(10)).await;
        assert_eq!(detector.get_digits(wanted()).await.unwrap_err().kind(), ErrorKind::Busy);
        call.send_digits("2");
        assert_eq!(first.await.unwrap().unwrap(), "12");
    });
}

/// GEN-17: a collection that is given up leaves what it has taken to the next.
#[test]
fn a_collection_that_is_given_up_takes_nothing() {
    scene(6, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let collecting = channel.spawn(|channel| async move {
            let wanted = GetDigits::new().count(9).seconds_predigits_timeout(None);
            channel.dtmf_detector().get_digits(wanted).await
        });
        call.send_digits("135");
        scene.sim.sleep(secs(1.0)).await;
        collecting.abort();
        scene.sim.sleep(ms(10)).await;
        assert_eq!(channel.digits(), "135");
    });
}

/// DTMF-11: where telephone events are not negotiated, tones are heard, and INFO is taken: one press is one digit even
/// from a far end that does both.
#[test]
fn without_telephone_events_tones_and_info_are_digits() {
    scene(7, |mut scene| async move {
        let request = scene.request().no_telephone_events();
        let (call, channel) = scene.call(request).await;
        channel.answer(Answer::new()).await.unwrap();
        call.send_digits("159D*0");
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!(channel.digits(), "159D*0");
        let detector = channel.dtmf_detector();
        detector.clear_digits().await;
        for (content_type, body) in
            [("application/dtmf-relay", "Signal=3\r\nDuration=160\r\n"), ("application/dtmf", "4")]
        {
            call.info(content_type, body);
        }
        scene.sim.sleep(secs(0.5)).await;
        assert_eq!(channel.digits(), "34");
        detector.clear_digits().await;
        for key in ["6", "6"] {
            call.send_digits(key);
            scene.sim.sleep(ms(150)).await;
            call.info("application/dtmf-relay", format!("Signal={key}\r\n"));
            scene.sim.sleep(secs(1.0)).await;
        }
        assert_eq!(channel.digits(), "66");
    });
}

/// DTMF-11: beside telephone events neither tones nor INFO are digits.
#[test]
fn beside_telephone_events_nothing_else_is_a_digit() {
    scene(8, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        call.info("application/dtmf", "4");
        let mut tones = offhook::media::dtmf::ToneSender::default();
        tones.queue("5").unwrap();
        let mut samples = vec![0; 1600];
        tones.fill(8000, &mut samples);
        call.play(offhook::media::Sound::new(8000, samples));
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.digits(), "");
    });
}
