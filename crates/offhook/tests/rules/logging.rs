//! What the log says.

use std::fmt;
use std::sync::{Arc, Mutex};

use offhook::caller::CallSdp;
use offhook::sip::Reliability;
use offhook::{Answer, Cause, Reject, Ring};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::support::*;

/// LOG-7: every state change is logged at `trace` with the old state, the new state and the reason.
#[test]
fn every_state_change_is_logged() {
    let lines = logged(|| {
        scene(1, |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            channel.ring(Ring::new()).await.unwrap();
            channel.answer(Answer::new()).await.unwrap();
            channel.hang_up().await;
            let (_call, channel) = scene.plain_call().await;
            channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap();
            let (call, channel) = scene.plain_call().await;
            call.hang_up();
            channel.wait_for_idle(None).await;
        });
    });
    let expected = [
        ("CALL_INCOMING", "RING_INCOMING"),
        ("RING_INCOMING", "ANSWERING"),
        ("ANSWERING", "ANSWERED"),
        ("ANSWERED", "IDLE"),
        ("CALL_INCOMING", "IDLE"),
        ("CALL_INCOMING", "IDLE"),
    ];
    let changes: Vec<_> = lines.iter().filter(|(_, line)| line.contains(" -> ")).collect();
    assert_eq!(changes.len(), expected.len(), "{lines:#?}");
    let mut reasons = Vec::new();
    for ((level, line), (old, new)) in changes.into_iter().zip(expected) {
        let (_, reason) = line.split_once(&format!("{old} -> {new}: ")).unwrap_or_else(|| {
            panic!("{line} instead of {old} -> {new}");
        });
        // The log's level `trace` is the level DEBUG of the library that writes it.
        assert_eq!(*level, Level::DEBUG, "{line}");
        reasons.push(reason.split(" call_id=").next().unwrap_or_default().to_owned());
    }
    assert_eq!(reasons[..3], ["ring()", "answer()", "ACK"]);
    let (hung_up, rejected, cancelled) = (&reasons[3], &reasons[4], &reasons[5]);
    assert!(hung_up != rejected && rejected != cancelled && !hung_up.is_empty(), "{reasons:?}");
}

/// RING-30: a line says why early media is not available.
#[test]
fn the_reason_for_no_early_media_is_logged() {
    let lines = logged(|| {
        scene(2, |mut scene| async move {
            let request = scene.request().sdp(CallSdp::None).reliability(Reliability::Absent);
            let (_call, channel) = scene.call(request).await;
            channel.ring(Ring::new().early_media()).await.unwrap();
        });
    });
    assert!(lines.iter().any(|(_, line)| line.contains("early media")), "{lines:#?}");
}

/// RING-53, ANS-8: a codec list that comes too late is ignored with a warning.
#[test]
fn a_late_codec_list_is_warned_about() {
    for early in [false, true] {
        let lines = logged(|| {
            scene(3, |mut scene| async move {
                let (_call, channel) = scene.plain_call().await;
                channel.ring(Ring::new().early_media().codecs("g711u")).await.unwrap();
                match early {
                    true => drop(channel.ring(Ring::new().codecs("g711a")).await.unwrap().name()),
                    false => drop(channel.answer(Answer::new().codecs("g711a")).await.unwrap().name()),
                }
            });
        });
        let warned = lines.iter().any(|(level, line)| *level == Level::WARN && line.contains("g711a"));
        assert!(warned, "{lines:#?}");
    }
}

/// Runs something and gives what it logged.
fn logged(run: impl FnOnce()) -> Vec<(Level, String)> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), run);
    let lines = log.0.lock().unwrap();
    lines.clone()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}
