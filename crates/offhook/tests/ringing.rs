//! `ring()` without early media, and with it, in the simulator.

use std::time::Duration;

use offhook::caller::CallRequest;
use offhook::media::measure;
use offhook::sim::Sim;
use offhook::{Answer, AppError, CallChannel, Cause, PlayableMedia, Ring, State, ToneManager};

/// RING-3, RING-20, ANS-3, ANS-4, HUP-6: a call is rung plainly, answered and hung up.
#[test]
fn a_plain_call_is_rung_answered_and_hung_up() {
    async fn application(channel: CallChannel) -> Result<i64, AppError> {
        assert_eq!(channel.state(), State::CallIncoming);
        assert_eq!(channel.ring(Ring::new().seconds(1.0)).await?, State::RingIncoming);
        assert_eq!(channel.answer(Answer::new()).await?, State::Answered);
        assert_eq!(channel.hang_up().await, State::Idle);
        assert_eq!(channel.cause(), Cause::Normal);
        assert_eq!(&*channel.details().raw_cause, "200");
        Ok(0)
    }
    Sim::new(1).run(|sim| async move {
        let server = sim.server(application).await;
        let caller = sim.caller().await;
        let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
        assert!(call.answered().await);
        assert_eq!(call.statuses(), [180, 200]);
        assert!(call.ladder().iter().all(|step| step.status != Some(180) || !step.has_sdp));
        let clearing = call.cleared().await.unwrap();
        assert_eq!(clearing.status, 200);
    });
}

/// RING-12, RING-21, RING-30, RING-41, RING-44: a ringtone is heard as early media.
#[test]
fn a_tone_is_heard_as_early_media() {
    async fn application(channel: CallChannel) -> Result<i64, AppError> {
        channel
            .attach_tone_player(&ToneManager::new())
            .map_err(|error| AppError::exception(error.to_string()))?;
        let ring = Ring::new().early_media().ringtone("RINGBACK_EU").looped().seconds(11.0);
        assert_eq!(channel.ring(ring).await?, State::RingIncoming);
        assert!(channel.details().early_media);
        channel.answer(Answer::new()).await?;
        Ok(0)
    }
    Sim::new(2).run(|sim| async move {
        let server = sim.server(application).await;
        let caller = sim.caller().await;
        let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
        assert!(call.answered().await);
        assert_eq!(call.statuses(), [183, 200]);
        call.cleared().await;
        let sound = call.heard().await.sound();
        let bursts = measure::cadence(&sound.samples, sound.rate_hz);
        assert_eq!(bursts.len(), 3, "{bursts:?}");
        let frequency = measure::dominant_frequency(&sound.samples[800..7200], sound.rate_hz).unwrap();
        assert!((frequency - 425.0).abs() < 2.0, "{frequency}");
    });
}

/// RING-12, RING-40: a text is spoken, and `ring` lasts as long as it.
#[test]
fn a_text_is_spoken_as_early_media() {
    async fn application(channel: CallChannel) -> Result<i64, AppError> {
        let text = PlayableMedia::text("Thank you for calling.");
        let before = tokio::time::Instant::now();
        channel.ring(Ring::new().early_media().ringtone(text).until_it_ends()).await?;
        assert!(before.elapsed() > Duration::from_millis(800), "{:?}", before.elapsed());
        Ok(0)
    }
    Sim::new(3).run(|sim| async move {
        let server = sim.server(application).await;
        let caller = sim.caller().await;
        let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
        let clearing = call.cleared().await.unwrap();
        assert_eq!((call.statuses(), clearing.status), (vec![183, 480], 480));
        let sound = call.heard().await.sound();
        assert!(measure::rms_dbm0(&sound.samples) > -35.0);
    });
}
