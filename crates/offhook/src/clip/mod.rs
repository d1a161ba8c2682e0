//! Sound that calls play, loaded once and shared: files, spoken texts and tones as clips.

mod cache;
mod command;
mod speech;

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use offhook_media::tone::Sequence;
use offhook_media::wav::{self, WavError};
use offhook_media::{Clip, Codec, Sound};
use parking_lot::Mutex;

use self::cache::{Cache, FileStamp, Key, Source};
use self::speech::Speaker;
use crate::cipher::Cipher;
use crate::config::Config;
use crate::file_name;
use crate::playable::MediaError;
use crate::work::Work;

/// What is to be played, and in which codec.
#[derive(Clone, Debug)]
pub(crate) struct ClipRequest {
    pub(crate) source: ClipSource,
    pub(crate) codec: Codec,
    /// It will be played in a loop: its end is to meet its beginning without a click (RING-44).
    pub(crate) looped: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum ClipSource {
    /// A file of the media root, and its cipher if it is encrypted.
    File(String, Option<Cipher>),
    Text(String),
    /// A tone: one pass, or samples that repeat without a seam.
    Tone(Arc<Sequence>),
}

/// Loads clips and keeps those that were used last, up to a number of bytes. Cloning shares it.
#[derive(Clone)]
pub(crate) struct ClipStore {
    inner: Arc<Inner>,
}

/// A text that is being spoken, for everyone who waits for it.
type Speaking = Shared<BoxFuture<'static, Result<Clip, MediaError>>>;

struct Inner {
    cache: Mutex<Cache>,
    /// Texts that are being spoken.
    speaking: Mutex<HashMap<Key, Speaking>>,
    media_root: PathBuf,
    file_max_bytes: u64,
    speaker: Speaker,
    work: Work,
}

impl ClipStore {
    pub(crate) fn new(config: &Config) -> Self {
        let work = Work::new(config.seed);
        let inner = Inner {
            cache: Mutex::new(Cache::new(config.clip_cache_bytes)),
            speaking: Mutex::default(),
            media_root: config.media_root.clone(),
            file_max_bytes: config.file_max_bytes,
            speaker: Speaker::new(config.speech.clone(), work),
            work,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The clip, if it can be had without waiting. A file always has to be looked at, since it may
    /// have changed (FILE-13).
    pub(crate) fn ready(&self, request: &ClipRequest) -> Option<Clip> {
        let source = match &request.source {
            ClipSource::File(..) => return None,
            ClipSource::Text(text) => Source::Text(text.as_str().into()),
            ClipSource::Tone(sequence) => Source::Tone(sequence.clone()),
        };
        let key = Key { source, codec: request.codec, looped: request.looped };
        self.inner.cache.lock().find(&key)
    }

    /// Loads a clip, or takes it from memory. Works on threads where blocking is allowed.
    pub(crate) async fn load(&self, request: ClipRequest) -> Result<Clip, MediaError> {
        let ClipRequest { source, codec, looped } = request;
        let inner = self.inner.clone();
        let work = inner.work;
        match source {
            ClipSource::Text(text) => self.speak(text, codec, looped).await,
            ClipSource::File(name, cipher) => {
                work.run(&name.clone(), move || inner.load_file(&name, cipher.as_ref(), codec, looped)).await
            }
            ClipSource::Tone(sequence) => {
                work.run("a tone", move || Ok(inner.render(sequence, codec, looped))).await
            }
        }
    }

    /// Whether a file of the media root is there, can be decrypted, and is a WAV file that can be played, be it without
    /// a sample (FILE-2, REC-15). Works on threads where blocking is allowed.
    pub(crate) async fn validate(&self, name: String, cipher: Option<Cipher>) -> Result<bool, MediaError> {
        let inner = self.inner.clone();
        let work = inner.work;
        let read = work
            .run(&name.clone(), move || {
                let (_, file, metadata) = inner.open(&name)?;
                let bytes = inner.read(&name, file, &metadata, cipher.as_ref())?;
                Ok(matches!(wav::probe(&bytes), Ok(_) | Err(WavError::Empty { .. })))
            })
            .await;
        match read {
            Ok(is_valid) => Ok(is_valid),
            Err(error @ (MediaError::Name { .. } | MediaError::OutsideRoot { .. })) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Two calls that want the same text at the same time have it spoken once.
    async fn speak(&self, text: String, codec: Codec, looped: bool) -> Result<Clip, MediaError> {
        let key = Key { source: Source::Text(text.as_str().into()), codec, looped };
        let speaking = {
            let mut speaking = self.inner.speaking.lock();
            if let Some(clip) = self.inner.cache.lock().find(&key) {
                return Ok(clip);
            }
            let begin = || speak_once(self.inner.clone(), key.clone(), text).boxed().shared();
            speaking.entry(key.clone()).or_insert_with(begin).clone()
        };
        speaking.await
    }
}

async fn speak_once(inner: Arc<Inner>, key: Key, text: String) -> Result<Clip, MediaError> {
    let spoken = match inner.speaker.speak(&text).await {
        Ok(sound) => {
            let (work, inner, key) = (inner.work, inner.clone(), key.clone());
            work.run("a text", move || match sound.samples.is_empty() {
                true => Err(MediaError::Empty { what: "the spoken text".to_owned() }),
                false => Ok(inner.prepare(key, &sound)),
            })
            .await
        }
        Err(error) => Err(error),
    };
    inner.speaking.lock().remove(&key);
    spoken
}

impl Inner {
    fn load_file(
        &self,
        name: &str,
        cipher: Option<&Cipher>,
        codec: Codec,
        looped: bool,
    ) -> Result<Clip, MediaError> {
        let (path, file, metadata) = self.open(name)?;
        let key = Key { source: Source::File(path, FileStamp::of(&metadata)), codec, looped };
        if cipher.is_none()
            && let Some(clip) = self.cache.lock().find(&key)
        {
            return Ok(clip);
        }
        let bytes = self.read(name, file, &metadata, cipher)?;
        let sound = wav::read(&bytes)
            .map_err(|error| MediaError::Format { name: name.to_owned(), error: error.to_string() })?;
        if sound.samples.is_empty() {
            return Err(MediaError::Empty { what: format!("file {name:?}") });
        }
        // What was encrypted is not kept in the clear for longer than it is played (FILE-11).
        Ok(if cipher.is_some() { prepare(&key, &sound) } else { self.prepare(key, &sound) })
    }

    fn open(&self, name: &str) -> Result<(PathBuf, fs::File, fs::Metadata), MediaError> {
        let path = file_name::resolve(&self.media_root, name)?;
        let unreadable = |error| MediaError::Unreadable { name: name.to_owned(), error: Arc::new(error) };
        let file = fs::File::open(&path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        Ok((path, file, metadata))
    }

    /// Reads a file that is not too large, and decrypts it if there is a cipher.
    fn read(
        &self,
        name: &str,
        file: fs::File,
        metadata: &fs::Metadata,
        cipher: Option<&Cipher>,
    ) -> Result<Vec<u8>, MediaError> {
        let name = || name.to_owned();
        if metadata.len() > self.file_max_bytes {
            let (bytes, limit) = (metadata.len(), self.file_max_bytes);
            return Err(MediaError::TooLarge { name: name(), bytes, limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        // The file may grow while it is read.
        file.take(self.file_max_bytes)
            .read_to_end(&mut bytes)
            .map_err(|error| MediaError::Unreadable { name: name(), error: Arc::new(error) })?;
        if cipher.is_some_and(|cipher| !cipher.decrypt(&mut bytes)) {
            return Err(MediaError::Undecryptable { name: name() });
        }
        Ok(bytes)
    }

    fn prepare(&self, key: Key, sound: &Sound) -> Clip {
        let clip = prepare(&key, sound);
        self.keep(key, clip)
    }

    fn render(&self, sequence: Arc<Sequence>, codec: Codec, looped: bool) -> Clip {
        let rate_hz = codec.sampling_rate_hz();
        let samples = if looped { sequence.render_loop(rate_hz) } else { sequence.render(rate_hz) };
        let clip = Clip::for_codec(&Sound::new(rate_hz, samples), codec);
        self.keep(Key { source: Source::Tone(sequence), codec, looped }, clip)
    }

    fn keep(&self, key: Key, clip: Clip) -> Clip {
        self.cache.lock().insert(key, clip.clone());
        clip
    }
}

impl Work {
    /// Runs work on a medium; if it is lost, that is an error of this one medium.
    async fn run<T: Send + 'static>(
        self,
        what: &str,
        work: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
    ) -> Result<T, MediaError> {
        let lost = || std::io::Error::other("the server is ending, or its work on the file has failed");
        self.finish(work)
            .await
            .unwrap_or_else(|| Err(MediaError::Unreadable { name: what.to_owned(), error: Arc::new(lost()) }))
    }
}

fn prepare(key: &Key, sound: &Sound) -> Clip {
    let prepare = if key.looped { Clip::for_codec_looped } else { Clip::for_codec };
    prepare(sound, key.codec)
}

/// Reads a WAV file of any accepted format into sound; for the file cache of spoken texts.
fn read_sound(path: &Path) -> Option<Sound> {
    wav::read(&fs::read(path).ok()?).ok()
}
