//! The server under measurement: a release build, pinned to one processor, with a Rust or a Python application.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::process::{Usage, usage};

/// In which language the application is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// The example program `bench_server` of the crate `offhook`.
    Rust,
    /// `offhook serve app.py`.
    Python,
}

/// What the application does with each call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    /// Rings plainly and answers at once.
    RingAndAnswer,
    /// Plays a looped file as early media for this long, then answers.
    EarlyMedia(Duration),
}

/// The programs under measurement.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    bench_server: PathBuf,
    offhook: PathBuf,
}

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// Programs of ours, which are started for each run.
    Ours(Programs),
    /// A server that runs already.
    Peer {
        /// Its SIP address.
        address: SocketAddr,
        /// Its process, if that is known.
        pid: Option<u32>,
    },
}

/// A running server.
pub(crate) struct Server {
    child: Option<Child>,
    pid: Option<u32>,
    /// Its SIP address.
    pub(crate) address: SocketAddr,
}

impl Programs {
    /// Builds what is measured, in the folder of cargo's choice or in `target`.
    pub(crate) fn build(root: &Path, target: Option<&Path>) -> Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--package", "offhook-cli", "--package", "offhook"]);
        cargo.args(["--example", "bench_server", "--bin", "offhook"]).current_dir(root);
        if let Some(target) = target {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        ensure!(cargo.status()?.success(), "the release build failed");
        let target = match (target, std::env::var_os("CARGO_TARGET_DIR")) {
            (Some(target), _) => target.to_owned(),
            (None, Some(target)) => PathBuf::from(target),
            (None, None) => root.join("target"),
        };
        let release = target.join("release");
        Ok(Self { bench_server: release.join("examples/bench_server"), offhook: release.join("offhook") })
    }
}

impl Subject {
    /// The languages of its applications; whatever a peer is written in stands in the place of Rust.
    pub(crate) fn languages(&self) -> &'static [Language] {
        match self {
            Self::Ours(_) => &[Language::Rust, Language::Python],
            Self::Peer { .. } => &[Language::Rust],
        }
    }
}

impl Server {
    /// Starts a server on processor `cpu` and waits until it answers OPTIONS; a peer runs already.
    pub(crate) fn start(
        subject: &Subject,
        folder: &Path,
        language: Language,
        behaviour: Behaviour,
        cpu: &str,
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let programs = match subject {
            Subject::Ours(programs) => programs,
            Subject::Peer { address, pid } => return Ok(Self { child: None, pid: *pid, address: *address }),
        };
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let music = folder.join("media");
        fs::create_dir_all(&music)?;
        fs::write(music.join("music.wav"), super::music())?;
        let mut command = Command::new("taskset");
        command.args(["-c", cpu]);
        let seconds = match behaviour {
            Behaviour::RingAndAnswer => 0.0,
            Behaviour::EarlyMedia(duration) => duration.as_secs_f64(),
        };
        match language {
            Language::Rust => {
                command
                    .arg(&programs.bench_server)
                    .args([&format!("127.0.0.1:{port}"), "30000-49999"])
                    .arg(&music)
                    .arg(seconds.to_string());
            }
            Language::Python => {
                fs::write(folder.join("app.py"), python_application(seconds))?;
                command
                    .arg(&programs.offhook)
                    .args(["serve", "app.py", "--sip", &format!("127.0.0.1:{port}")])
                    .args(["--rtp-ports", "30000-49999", "--num-apps", "20000", "--log-level", "warn"])
                    .arg("--media-root")
                    .arg(&music);
            }
        }
        let log = fs::File::create(folder.join("server.log"))?;
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("starting the server")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut server = Self { pid: Some(child.id()), child: Some(child), address };
        server.wait_until_it_answers(folder)?;
        Ok(server)
    }

    /// CPU and memory so far, the workers' included.
    pub(crate) fn usage(&self) -> Result<Usage> {
        // A peer whose process is not known costs nothing that could be seen.
        self.pid.map_or_else(|| Ok(Usage::default()), usage)
    }

    fn wait_until_it_answers(&mut self, folder: &Path) -> Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let own = socket.local_addr()?.port();
        let request = format!(
            "OPTIONS sip:127.0.0.1:{0} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKbench;rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1:{0}>\r\n\
             Call-ID: bench-{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            self.address.port()
        );
        let end = Instant::now() + Duration::from_secs(20);
        let mut buffer = [0; 4096];
        while Instant::now() < end && self.is_alive()? {
            socket.send_to(request.as_bytes(), self.address)?;
            if socket.recv(&mut buffer).is_ok_and(|length| buffer[..length].starts_with(b"SIP/2.0 200")) {
                return Ok(());
            }
        }
        bail!(
            "the server does not answer OPTIONS:\n{}",
            fs::read_to_string(folder.join("server.log")).unwrap_or_default()
        )
    }
}

impl Server {
    fn is_alive(&mut self) -> Result<bool> {
        Ok(match &mut self.child {
            Some(child) => child.try_wait()?.is_none(),
            None => true,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        for _ in 0..2 {
            let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            let end = Instant::now() + Duration::from_secs(3);
            while Instant::now() < end {
                if matches!(child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn python_application(seconds: f64) -> String {
    if seconds == 0.0 {
        return "def main(channel):\n    channel.ring()\n    channel.answer()\n    channel.wait_for_idle(60)\n".to_owned();
    }
    format!(
        "from offhook.uas import PlayableMedia\n\n\n\
         def main(channel):\n    music = PlayableMedia(file_to_play=\"music.wav\", channel=channel)\n    \
         channel.ring({seconds}, negotiate_early_media=True, custom_ringtone=music, loop_ringtone=True)\n    \
         channel.answer()\n    channel.wait_for_idle(60)\n"
    )
}
