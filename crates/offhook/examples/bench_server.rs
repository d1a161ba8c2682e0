//! The Rust application that `cargo xtask bench` calls: rings and answers, or plays early media first.
//!
//! ```sh
//! bench_server 127.0.0.1:5060 30000-49999 MEDIA_FOLDER SECONDS
//! ```
//!
//! A call to `ring` is rung plainly and answered at once; to any other, `music.wav` is looped as early media for so long.

use std::{env, time::Duration};

use offhook::{Answer, AppError, CallChannel, Config, PlayableMedia, Ring, Server, State};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [sip, ports, media, seconds] = words.as_slice() else {
        return Err("usage: bench_server ADDRESS:PORT LOW-HIGH MEDIA_FOLDER SECONDS".into());
    };
    let (low, high) = ports.split_once('-').ok_or("the RTP ports are two numbers, LOW-HIGH")?;
    let early_media = Duration::from_secs_f64(seconds.parse()?);

    let mut config = Config::default();
    config.sip = vec![sip.parse()?];
    config.media.ports = low.parse()?..=high.parse()?;
    config.media_root = media.into();
    config.app_limiter = false;
    // A call leaves two transactions behind for 32 s.
    config.limits.transactions = 1_000_000;

    let application = move |channel: CallChannel| take(channel, early_media);
    let _server = Server::builder(config).start(application).await?;
    std::future::pending::<()>().await;
    Ok(())
}

async fn take(channel: CallChannel, early_media: Duration) -> Result<i64, AppError> {
    let ring = if channel.details().call_to.starts_with("sip:ring@") {
        Ring::new()
    } else {
        Ring::new().for_(early_media).early_media().ringtone(PlayableMedia::file("music.wav")).looped()
    };
    if channel.ring(ring).await? == State::RingIncoming {
        channel.answer(Answer::new()).await?;
        channel.wait_for_idle(None).await;
    }
    Ok(0)
}
