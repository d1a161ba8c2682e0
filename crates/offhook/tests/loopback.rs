//! One call over real sockets on the loopback interface.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use offhook::caller::{CallRequest, Caller, CallerConfig};
use offhook::media::measure;
use offhook::{
    Answer, AppError, CallChannel, Cause, Config, Dial, Direction, Ring, Server, Service, State,
    SystemNetwork, ToneManager,
};

async fn application(channel: CallChannel) -> Result<i64, AppError> {
    channel
        .attach_tone_player(&ToneManager::new())
        .map_err(|error| AppError::exception(error.to_string()))?;
    let ring = Ring::new().early_media().ringtone("RINGBACK_UK").until_it_ends();
    assert_eq!(channel.ring(ring).await?, State::RingIncoming);
    assert_eq!(channel.answer(Answer::new()).await?, State::Answered);
    Ok(0)
}

/// RING-21, RING-35, UR-7: a call over loopback is rung with early media, answered and hung up, and the
/// caller hears the tone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_loopback_hears_early_media() {
    let mut config = Config::default();
    config.sip = vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)];
    let mut server = Server::builder(config).start(application).await.unwrap();

    let mut config = CallerConfig::default();
    config.bind = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let caller = Caller::new(Arc::new(SystemNetwork::new()), config).await.unwrap();
    let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
    assert!(call.answered().await);
    assert_eq!(call.cleared().await.unwrap().status, 200);
    assert_eq!(call.statuses(), [183, 200]);
    let sound = call.heard().await.sound();
    let heard = measure::dominant_frequencies(&sound.samples, 8000, 2);
    let mut frequencies: Vec<f64> = heard.iter().map(|component| component.frequency_hz.round()).collect();
    frequencies.sort_by(f64::total_cmp);
    assert_eq!(frequencies, [400.0, 450.0]);
    server.shut_down().await;
}

/// CALL-19, CAU-1, CAU-4, RUN-9: an outbound instance calls a service of its own server over loopback, and an address
/// to which the system refuses to send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outbound_instance_calls_over_loopback() {
    let mut config = Config::default();
    config.sip = vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)];
    config.services = vec![Service::outbound("out", "out"), Service::inbound("desk", "desk")];
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let app = move |channel: CallChannel| {
        let tell = tell.clone();
        async move {
            if channel.instance().direction == Direction::Inbound {
                channel.answer(Answer::new()).await?;
                channel.wait_for_idle(None).await;
                return Ok(0);
            }
            let desk = channel.call(Dial::to("loc:desk")).await?;
            channel.hang_up().await;
            let broadcast = channel.call(Dial::to("sip:all@255.255.255.255")).await?;
            let raw_cause = channel.details().raw_cause;
            let _ = tell.send((desk, broadcast, channel.cause(), raw_cause));
            Ok(0)
        }
    };
    let mut server = Server::builder(config).start(app).await.unwrap();
    server.start_outbound("out", "").unwrap();
    let outcome =
        tokio::time::timeout(std::time::Duration::from_secs(20), told.recv()).await.unwrap().unwrap();
    assert_eq!(outcome, (State::Answered, State::Idle, Cause::OutOfOrder, "503".into()));
    server.shut_down().await;
}
