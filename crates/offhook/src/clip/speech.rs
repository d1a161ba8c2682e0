//! Text to sound: the embedded engine or a command, and the file cache of what was spoken.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use offhook_media::speech::{self, Script, Voice};
use offhook_media::{Sound, wav};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::{blocking, read_sound};
use crate::config::{SpeechConfig, SpeechProvider};
use crate::playable::MediaError;

/// Speaks texts by the server's speech settings.
pub(super) struct Speaker {
    config: SpeechConfig,
}

impl Speaker {
    pub(super) fn new(config: SpeechConfig) -> Self {
        Self { config }
    }

    /// The sound of a text, from the file cache if it was spoken before.
    pub(super) async fn speak(&self, text: &str) -> Result<Sound, MediaError> {
        let characters = text.chars().count();
        let limit = self.config.max_characters;
        if characters > limit {
            return Err(MediaError::TextTooLong { characters, limit });
        }
        if text.trim().is_empty() {
            return Err(MediaError::Empty { what: "the text".to_owned() });
        }
        let kept = self.config.cache.as_deref().map(|directory| self.cache_path(directory, text));
        if let Some(path) = kept.clone() {
            let found = blocking("a spoken text", move || Ok(read_sound(&path))).await?;
            if let Some(sound) = found {
                return Ok(sound);
            }
        }
        let sound = match &self.config.provider {
            SpeechProvider::Embedded => self.synthesize(text).await?,
            SpeechProvider::Command { command, timeout } => self.run(command, *timeout, text).await?,
        };
        match kept {
            Some(path) => {
                blocking("a spoken text", move || {
                    store(&path, &sound);
                    Ok(sound)
                })
                .await
            }
            None => Ok(sound),
        }
    }

    async fn synthesize(&self, text: &str) -> Result<Sound, MediaError> {
        let voice: Voice = self.config.voice.parse().map_err(|error| speech_error(&error))?;
        let text = text.to_owned();
        let speak = move || speech::speak(&text, voice).map_err(|error| speech_error(&error));
        let spoken = blocking("a text", speak).await?;
        for warning in &spoken.warnings {
            tracing::warn!("spoken text: {warning}");
        }
        Ok(spoken.sound)
    }

    /// Runs the command; the words, without markup, go to its standard input, or into its arguments.
    async fn run(&self, command: &[String], timeout: Duration, text: &str) -> Result<Sound, MediaError> {
        let failed = |what: String| MediaError::Speech { reason: format!("{}: {what}", command.join(" ")) };
        let Some((program, arguments)) = command.split_first() else {
            return Err(failed("the speech command is empty".to_owned()));
        };
        let text = &Script::parse(text, Voice::default()).text();
        let in_arguments = arguments.iter().any(|argument| argument.contains("{text}"));
        let fill =
            |argument: &String| argument.replace("{voice}", &self.config.voice).replace("{text}", text);
        let mut child = Command::new(program)
            .args(arguments.iter().map(fill))
            .stdin(if in_arguments { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;

        let input = child.stdin.take();
        let output = child.stdout.take();
        let write = async {
            if let Some(mut input) = input {
                // A program that reads only part of the text decides itself what it speaks.
                let _ = input.write_all(text.as_bytes()).await;
            }
        };
        let read = async {
            let mut bytes = Vec::new();
            if let Some(output) = output {
                output.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes).await?;
            }
            Ok::<_, std::io::Error>(bytes)
        };
        let work = async {
            let ((), bytes) = tokio::join!(write, read);
            let status = child.wait().await?;
            Ok::<_, std::io::Error>((bytes?, status))
        };
        let (bytes, status) = match tokio::time::timeout(timeout, work).await {
            Ok(finished) => finished.map_err(|error| failed(error.to_string()))?,
            Err(_) => return Err(failed(format!("has not ended within {} s", timeout.as_secs_f64()))),
        };
        if !status.success() {
            return Err(failed(status.to_string()));
        }
        blocking("a spoken text", move || Ok(wav::read(&bytes)))
            .await?
            .map_err(|error| failed(error.to_string()))
    }

    /// Text and voice decide the name; the whole text is compared by its length and two hashes.
    fn cache_path(&self, directory: &Path, text: &str) -> PathBuf {
        let provider = match &self.config.provider {
            SpeechProvider::Embedded => String::new(),
            SpeechProvider::Command { command, .. } => command.join("\0"),
        };
        let hash = |salt: &str| {
            // Keyed with constants: the same text has the same name in every run.
            let mut hasher = DefaultHasher::new();
            (salt, &provider, &self.config.voice, text).hash(&mut hasher);
            hasher.finish()
        };
        directory.join(format!("{:016x}{:016x}-{}.wav", hash("first"), hash("second"), text.len()))
    }
}

/// Writes beside the file and renames it, so that nobody reads half a file. A cache that cannot be
/// written costs time, nothing else.
fn store(path: &Path, sound: &Sound) {
    static WRITERS: AtomicU64 = AtomicU64::new(0);
    let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{}-{writer}.part", std::process::id()));
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&beside, wav::write(sound)))
        .and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "a spoken text cannot be kept");
    }
}

fn speech_error(error: &dyn std::error::Error) -> MediaError {
    MediaError::Speech { reason: error.to_string() }
}

/// The most that a speech command may write: an hour of 16-bit sound at 16 kHz.
const MAX_OUTPUT_BYTES: u64 = 115_200_000;
