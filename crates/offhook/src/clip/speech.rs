//! Text to sound: the embedded engine or a command, and the file cache of what was spoken.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use offhook_media::speech::{self, Script, Voice};
use offhook_media::{Sound, wav};

use super::{command, read_sound};
use crate::config::{SpeechConfig, SpeechProvider};
use crate::playable::MediaError;
use crate::work::Work;

/// Speaks texts by the server's speech settings.
pub(super) struct Speaker {
    config: SpeechConfig,
    work: Work,
}

impl Speaker {
    pub(super) fn new(config: SpeechConfig, work: Work) -> Self {
        Self { config, work }
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
            let found = self.work.run("a spoken text", move || Ok(read_sound(&path))).await?;
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
                let keep = move || {
                    store(&path, &sound);
                    Ok(sound)
                };
                self.work.run("a spoken text", keep).await
            }
            None => Ok(sound),
        }
    }

    async fn synthesize(&self, text: &str) -> Result<Sound, MediaError> {
        let voice: Voice = self.config.voice.parse().map_err(|error| speech_error(&error))?;
        let text = text.to_owned();
        let speak = move || speech::speak(&text, voice).map_err(|error| speech_error(&error));
        let spoken = self.work.run("a text", speak).await?;
        for warning in &spoken.warnings {
            tracing::warn!("spoken text: {warning}");
        }
        Ok(spoken.sound)
    }

    /// Runs the command; the words, without markup, go to its standard input, or into its arguments.
    async fn run(&self, command: &[String], limit: Duration, text: &str) -> Result<Sound, MediaError> {
        let words = Script::parse(text, Voice::default()).text();
        let in_arguments = command.iter().any(|part| part.contains("{text}"));
        let filled = filled(command, &self.config.voice, &words);
        let name = command.join(" ");
        let speak = move || {
            let failed = |what: String| MediaError::Speech { reason: format!("{name}: {what}") };
            let bytes = command::output(&filled, (!in_arguments).then_some(words), limit)
                .map_err(|error| failed(error.to_string()))?;
            wav::read(&bytes).map_err(|error| failed(error.to_string()))
        };
        self.work.run("a text", speak).await
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

/// The command with voice and words put in. Words at the beginning of an argument get a blank before a leading
/// hyphen: a caller's text must not become an option of the program.
fn filled(command: &[String], voice: &str, words: &str) -> Vec<String> {
    let fill = |part: &String| {
        let guard = if part.starts_with("{text}") && words.starts_with('-') { " " } else { "" };
        // The voice first: a text that names `{voice}` is only a text.
        format!("{guard}{}", part.replace("{voice}", voice).replace("{text}", words))
    };
    command.iter().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::filled;

    fn words(command: &[&str], text: &str) -> Vec<String> {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        filled(&command, "en", text)
    }

    /// RING-40: the text and the voice stand where the command names them.
    #[test]
    fn a_command_gets_voice_and_text() {
        assert_eq!(words(&["say", "-v", "{voice}", "{text}"], "hello"), ["say", "-v", "en", "hello"]);
    }

    /// RING-40: a text that looks like an option is spoken, not obeyed.
    #[test]
    fn a_text_is_never_an_option_of_the_program() {
        assert_eq!(words(&["say", "{text}"], "-w /etc/passwd"), ["say", " -w /etc/passwd"]);
        assert_eq!(words(&["say", "--text={text}"], "-w"), ["say", "--text=-w"]);
    }
}
