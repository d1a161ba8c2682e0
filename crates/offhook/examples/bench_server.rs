//! The Rust application that `cargo xtask bench` calls: rings and answers, or plays early media first.
//!
//! ```sh
//! bench_server 127.0.0.1:5060 30000-49999 MEDIA_FOLDER SECONDS
//! ```
//!
//! With 0 seconds it rings plainly and answers at once; otherwise `music.wav` is looped as early media for so long.

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

    let application = move |channel: CallChannel| take(channel, early_media);
    let _server = Server::builder(config).start(application).await?;
    std::future::pending::<()>().await;
    Ok(())
}

async fn take(channel: CallChannel, early_media: Duration) -> Result<i64, AppError> {
    let ring = if early_media.is_zero() {
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
