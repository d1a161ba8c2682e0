//! Tells the caller before the answer why nobody will answer, and refuses with a code of its own choice (UR-2).
//!
//! ```sh
//! cargo run --example notice_then_refuse
//! ```

use offhook::{AppError, CallChannel, Config, PlayableMedia, Reject, Ring, Server};

async fn closed(channel: CallChannel) -> Result<i64, AppError> {
    let notice = PlayableMedia::text("Our office is closed. Please call again tomorrow.");
    channel.ring(Ring::new().early_media().ringtone(notice).until_it_ends()).await?;
    channel.reject(Reject::new().raw_cause("480")).await?;
    Ok(0)
}

#[tokio::main]
async fn main() -> Result<(), offhook::StartError> {
    let server = Server::builder(Config::default()).start(closed).await?;
    println!("calls are taken on {:?}", server.sip_address());
    std::future::pending().await
}
