//! `Details` in the words of the worker protocol (section 3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook::Details;
use serde_json::{Map, Value, json};

/// Every attribute of DET-1.
pub(super) fn whole(details: &Details) -> Value {
    let mut all = lasting(details);
    all.insert("duration".into(), tenths(details.duration));
    let stats = &details.media_stats;
    all.insert(
        "media_stats".into(),
        json!({
            "packets_sent": stats.packets_sent,
            "packets_received": stats.packets_received,
            "packets_lost": stats.packets_lost,
            "jitter_milliseconds": stats.jitter_milliseconds,
            "mos": stats.mos,
        }),
    );
    Value::Object(all)
}

/// The attributes that do not change by themselves.
pub(super) fn lasting(details: &Details) -> Map<String, Value> {
    let value = json!({
        "call_id": &*details.call_id,
        "call_from": &*details.call_from,
        "call_to": &*details.call_to,
        "call_target": &*details.call_target,
        "call_divert": details.call_divert.as_deref(),
        "attestation": details.attestation.map(|attestation| attestation.name()),
        "authenticated_user": details.authenticated_user.as_deref(),
        "codec": details.codec,
        "direction": details.direction.name(),
        "raw_cause": &*details.raw_cause,
        "connected_id": details.connected_id.as_deref(),
        "far_end_type": details.far_end_type.name(),
        "remote_address": details.remote_address.map(|address| address.to_string()),
        "start_time": unix_seconds(details.start_time),
        "answer_time": details.answer_time.map(unix_seconds),
        "early_media": details.early_media,
    });
    match value {
        Value::Object(map) => map,
        // The literal above is an object.
        _ => Map::new(),
    }
}

fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn tenths(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 10.0).round() / 10.0)
}
