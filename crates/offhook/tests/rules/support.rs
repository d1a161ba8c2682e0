//! The stage of every test: a simulated server whose instances are driven by the test itself.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use offhook::caller::{CallRequest, Caller, LadderEntry, OutCall};
use offhook::media::{Sound, measure, wav};
use offhook::sim::{Arrived, RawPeer, Sim};
use offhook::sip::Response;
use offhook::{AppError, CallChannel, Config, Server};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

pub(crate) use std::time::Duration;
pub(crate) use tokio::time::Instant;

/// The server, a caller, and a directory of media files.
pub(crate) struct Scene {
    pub(crate) sim: Sim,
    pub(crate) server: Server,
    pub(crate) caller: Caller,
    pub(crate) media: TempDir,
    arriving: mpsc::UnboundedReceiver<Instance>,
    started: Arc<AtomicUsize>,
}

/// A running instance: the test holds its channel and decides how it ends. Dropped, it returns 0.
pub(crate) struct Instance {
    pub(crate) channel: CallChannel,
    end: oneshot::Sender<Result<i64, AppError>>,
}

impl Instance {
    /// Lets the instance return.
    pub(crate) fn end(self, outcome: Result<i64, AppError>) -> CallChannel {
        let Self { channel, end } = self;
        end.send(outcome).expect("the instance runs until it is told how to end");
        channel
    }

    /// Runs an operation beside the test.
    pub(crate) fn spawn<T, Running>(
        &self,
        operation: impl FnOnce(CallChannel) -> Running,
    ) -> tokio::task::JoinHandle<T>
    where
        T: Send + 'static,
        Running: Future<Output = T> + Send + 'static,
    {
        tokio::spawn(operation(self.channel.clone()))
    }
}

impl Deref for Instance {
    type Target = CallChannel;

    fn deref(&self) -> &CallChannel {
        &self.channel
    }
}

/// Runs a scenario with default settings.
pub(crate) fn scene<Running: Future<Output = ()>>(seed: u64, run: impl FnOnce(Scene) -> Running) {
    scene_with(seed, |_| {}, run);
}

/// Runs a scenario with other settings.
pub(crate) fn scene_with<Running: Future<Output = ()>>(
    seed: u64,
    change: impl FnOnce(&mut Config),
    run: impl FnOnce(Scene) -> Running,
) {
    Sim::new(seed).run(|sim| async move {
        let media = tempfile::tempdir().expect("a directory for media files");
        let (hand_over, arriving) = mpsc::unbounded_channel();
        let started = Arc::new(AtomicUsize::new(0));
        let count = started.clone();
        let application = move |channel: CallChannel| {
            count.fetch_add(1, Ordering::Relaxed);
            let (end, ended) = oneshot::channel();
            // A test that is over takes no instances.
            let _ = hand_over.send(Instance { channel, end });
            async move { ended.await.unwrap_or(Ok(0)) }
        };
        let root = media.path().to_owned();
        let adapt = |config: &mut Config| {
            config.media_root = root;
            change(config);
        };
        let server = sim.server_with(adapt, application).await;
        let address = server.sip_address();
        let caller = if address.is_ipv4() { Sim::CALLER } else { "[fd00::2]:5060".parse().unwrap() };
        let caller = sim.caller_at(caller).await;
        run(Scene { sim, server, caller, media, arriving, started }).await;
    });
}

impl Scene {
    /// A request to the server.
    pub(crate) fn request(&self) -> CallRequest {
        CallRequest::to_address(self.server.sip_address())
    }

    /// Calls the server and waits for the instance.
    pub(crate) async fn call(&mut self, request: CallRequest) -> (OutCall, Instance) {
        let call = self.caller.call(request).await.expect("the call is made");
        let instance = self.instance().await;
        (call, instance)
    }

    /// The same with the request of a caller as most are.
    pub(crate) async fn plain_call(&mut self) -> (OutCall, Instance) {
        self.call(self.request()).await
    }

    /// The next instance that starts.
    pub(crate) async fn instance(&mut self) -> Instance {
        let next = tokio::time::timeout(Duration::from_secs(5), self.arriving.recv()).await;
        next.expect("an instance starts").expect("the server runs")
    }

    /// How many instances have started so far.
    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// Writes a WAV file and returns its name.
    pub(crate) fn file(&self, name: &str, sound: &Sound) -> String {
        self.file_of(name, &wav::write(sound))
    }

    /// Writes any file and returns its name.
    pub(crate) fn file_of(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder");
        std::fs::write(path, bytes).expect("the file is written");
        name.to_owned()
    }

    /// Where a media file lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.media.path().join(name)
    }

    /// A peer that speaks SIP byte by byte.
    pub(crate) fn raw(&self) -> RawPeer {
        self.sim.raw_peer(RAW)
    }

    /// Its RTP socket, where the offers of its calls want audio to go.
    pub(crate) fn raw_rtp(&self) -> RawPeer {
        self.sim.raw_peer(RAW_RTP)
    }

    /// Where the server serves.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.sip_address()
    }
}

/// Where [`Scene::raw`] is.
pub(crate) const RAW: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3)), 5060);
/// Where [`Scene::raw_rtp`] is.
pub(crate) const RAW_RTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3)), 40_000);

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Runs something and tells how much virtual time it took.
pub(crate) async fn timed<T>(run: impl Future<Output = T>) -> (T, Duration) {
    let before = Instant::now();
    let outcome = run.await;
    (outcome, before.elapsed())
}

/// Asserts that a time is at most `tolerance` away from the expected one.
#[track_caller]
pub(crate) fn assert_near(got: Duration, expected: Duration, tolerance: Duration) {
    assert!(got.abs_diff(expected) <= tolerance, "{got:?} instead of {expected:?}");
}

/// A sine of -10 dBm0 at 8000 Hz.
pub(crate) fn sine(hz: f64, seconds: f64) -> Sound {
    sine_at(8000, hz, -10.0, seconds)
}

/// A sine of any rate and level.
pub(crate) fn sine_at(rate_hz: u32, hz: f64, level_dbm0: f64, seconds: f64) -> Sound {
    let (peak, rate) = (measure::peak_of_dbm0(level_dbm0), f64::from(rate_hz));
    let samples = (0..(rate * seconds).round() as usize)
        .map(|n| (peak * (std::f64::consts::TAU * hz * n as f64 / rate).sin()).round() as i16);
    Sound::new(rate_hz, samples.collect())
}

/// Asserts the strongest frequency within 0.5 % and its level within 0.5 dB (RING-47).
#[track_caller]
pub(crate) fn assert_tone(samples: &[i16], hz: f64, level_dbm0: f64) {
    let frequency = measure::dominant_frequency(samples, 8000).unwrap_or_default();
    assert!((frequency - hz).abs() <= hz * 0.005, "{frequency} Hz instead of {hz} Hz");
    assert_level(samples, hz, level_dbm0);
}

/// Asserts the level of one frequency within 0.5 dB.
#[track_caller]
pub(crate) fn assert_level(samples: &[i16], hz: f64, level_dbm0: f64) {
    let level = measure::level_dbm0(samples, 8000, hz);
    assert!((level - level_dbm0).abs() <= 0.5, "{level} dBm0 at {hz} Hz instead of {level_dbm0} dBm0");
}

/// Asserts that nothing is heard.
#[track_caller]
pub(crate) fn assert_silent(samples: &[i16]) {
    let level = measure::rms_dbm0(samples);
    assert!(level < -60.0, "{level} dBm0 instead of silence");
}

/// The part of a sound from one second to another.
pub(crate) fn part(sound: &Sound, from_seconds: f64, to_seconds: f64) -> &[i16] {
    let at = |seconds: f64| (seconds * f64::from(sound.rate_hz)).round() as usize;
    sound.samples.get(at(from_seconds)..at(to_seconds)).unwrap_or_else(|| {
        panic!("{from_seconds} s to {to_seconds} s of a sound of {:?}", sound.duration());
    })
}

/// The bursts of sound as pairs of start and length in milliseconds.
pub(crate) fn bursts(sound: &Sound) -> Vec<(f64, f64)> {
    let bursts = measure::bursts(&sound.samples, sound.rate_hz);
    bursts.iter().map(|burst| (burst.start_ms, burst.on_ms)).collect()
}

/// Asserts that one burst is heard and that it is this long, to one frame.
#[track_caller]
pub(crate) fn assert_one_burst(sound: &Sound, milliseconds: f64) {
    let bursts = bursts(sound);
    assert_eq!(bursts.len(), 1, "{bursts:?}");
    assert!((bursts[0].1 - milliseconds).abs() <= 20.0, "{bursts:?} instead of {milliseconds} ms");
}

/// The responses to the INVITE that came, with their times, repetitions included.
pub(crate) fn responses(call: &OutCall) -> Vec<(u16, Duration)> {
    let of = |step: &LadderEntry| Some((step.status.filter(|status| *status > 100)?, step.at));
    call.ladder().iter().filter(|step| step.method == "INVITE").filter_map(of).collect()
}

/// Whether the caller got this response to a request of this method.
pub(crate) fn got(call: &OutCall, status: u16, method: &str) -> bool {
    call.ladder().iter().any(|step| step.status == Some(status) && step.method == method)
}

/// The status codes among what a raw peer received, without repetitions of 100.
pub(crate) fn statuses(arrived: &[Arrived]) -> Vec<u16> {
    arrived.iter().filter_map(Arrived::status).filter(|status| *status != 100).collect()
}

/// The session description of a response; empty if it has none.
pub(crate) fn sdp(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// The `m=` lines of a session description.
pub(crate) fn media_lines(sdp: &str) -> Vec<&str> {
    sdp.lines().filter(|line| line.starts_with("m=")).collect()
}

/// The value of a header field, if the response has it.
pub(crate) fn header(response: &Response, name: &str) -> Option<String> {
    let name = offhook::sip::HeaderName::parse(&offhook::sip::Text::from(name.to_owned()));
    response.headers.get(&name).map(ToString::to_string)
}
