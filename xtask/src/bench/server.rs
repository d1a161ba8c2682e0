//! The server under measurement: a release build, pinned to one processor, with a Rust or a Python application.

use std::{
    fs,
    net::UdpSocket,
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

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Its SIP port on the loopback address.
    pub(crate) port: u16,
}

/// Builds what is measured.
pub(crate) fn build(root: &Path) -> Result<()> {
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--package",
            "offhook-cli",
            "--package",
            "offhook",
            "--example",
            "bench_server",
        ])
        .args(["--bin", "offhook"])
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "the release build failed");
    Ok(())
}

impl Server {
    /// Starts a server on processor `cpu` and waits until it answers OPTIONS.
    pub(crate) fn start(
        root: &Path,
        folder: &Path,
        language: Language,
        behaviour: Behaviour,
        cpu: &str,
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let music = folder.join("media");
        fs::create_dir_all(&music)?;
        fs::write(music.join("music.wav"), super::music())?;
        let release = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), PathBuf::from)
            .join("release");
        let mut command = Command::new("taskset");
        command.args(["-c", cpu]);
        let seconds = match behaviour {
            Behaviour::RingAndAnswer => 0.0,
            Behaviour::EarlyMedia(duration) => duration.as_secs_f64(),
        };
        match language {
            Language::Rust => {
                command
                    .arg(release.join("examples/bench_server"))
                    .args([&format!("127.0.0.1:{port}"), "30000-49999"])
                    .arg(&music)
                    .arg(seconds.to_string());
            }
            Language::Python => {
                fs::write(folder.join("app.py"), python_application(seconds))?;
                command
                    .arg(release.join("offhook"))
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
        let mut server = Self { child, port };
        server.wait_until_it_answers(folder)?;
        Ok(server)
    }

    /// CPU and memory so far, the workers' included.
    pub(crate) fn usage(&self) -> Result<Usage> {
        usage(self.child.id())
    }

    fn wait_until_it_answers(&mut self, folder: &Path) -> Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let own = socket.local_addr()?.port();
        let request = format!(
            "OPTIONS sip:127.0.0.1:{0} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKbench;rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1:{0}>\r\n\
             Call-ID: bench-{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            self.port
        );
        let end = Instant::now() + Duration::from_secs(20);
        let mut buffer = [0; 4096];
        while Instant::now() < end && self.child.try_wait()?.is_none() {
            socket.send_to(request.as_bytes(), ("127.0.0.1", self.port))?;
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

impl Drop for Server {
    fn drop(&mut self) {
        for _ in 0..2 {
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let end = Instant::now() + Duration::from_secs(3);
            while Instant::now() < end {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
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
