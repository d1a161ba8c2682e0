//! The clips that were used last, bounded by their bytes.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use offhook_media::tone::Sequence;
use offhook_media::{Clip, Codec};

/// What a clip was made from, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) source: Source,
    pub(super) codec: Codec,
    pub(super) looped: bool,
}

/// What a clip was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    File(PathBuf, FileStamp),
    Text(Arc<str>),
    Tone(Arc<Sequence>),
}

/// Tells one version of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileStamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl FileStamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { modified: metadata.modified().ok(), bytes: metadata.len() }
    }
}

/// Clips by what they were made from; the one that was not used for longest goes first.
#[derive(Debug)]
pub(super) struct Cache {
    clips: HashMap<Key, Entry>,
    bytes: usize,
    limit: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    clip: Clip,
    last_use: u64,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { clips: HashMap::new(), bytes: 0, limit, uses: 0 }
    }

    pub(super) fn find(&mut self, key: &Key) -> Option<Clip> {
        self.uses += 1;
        let entry = self.clips.get_mut(key)?;
        entry.last_use = self.uses;
        Some(entry.clip.clone())
    }

    /// Keeps a clip; one that is larger than the whole cache is not kept.
    pub(super) fn insert(&mut self, key: Key, clip: Clip) {
        let size = clip.size();
        if size > self.limit {
            return;
        }
        self.remove(&key);
        while self.bytes + size > self.limit {
            let oldest =
                self.clips.iter().min_by_key(|(_, entry)| entry.last_use).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += size;
        self.clips.insert(key, Entry { clip, last_use: self.uses });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.clips.remove(key) {
            self.bytes -= entry.clip.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use offhook_media::Law;

    use super::*;

    fn text(text: &str) -> Key {
        Key { source: Source::Text(text.into()), codec: Codec::G711A, looped: false }
    }

    fn clip(bytes: usize) -> Clip {
        Clip::from_encoded(Law::A, vec![0_u8; bytes])
    }

    #[test]
    fn the_clip_not_used_for_longest_goes_first() {
        let mut cache = Cache::new(100);
        cache.insert(text("a"), clip(40));
        cache.insert(text("b"), clip(40));
        assert!(cache.find(&text("a")).is_some());
        cache.insert(text("c"), clip(40));
        assert!(cache.find(&text("a")).is_some());
        assert!(cache.find(&text("b")).is_none());
        assert!(cache.find(&text("c")).is_some());
        assert_eq!(cache.bytes, 80);
    }

    #[test]
    fn a_clip_larger_than_the_cache_is_not_kept() {
        let mut cache = Cache::new(100);
        cache.insert(text("a"), clip(40));
        cache.insert(text("large"), clip(101));
        assert!(cache.find(&text("large")).is_none());
        assert!(cache.find(&text("a")).is_some());
    }
}
