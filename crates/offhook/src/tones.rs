//! The tones that an application can name: `ToneManager`.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_media::tone::{self, Predefined, Segment, Sequence, ToneError};
use parking_lot::{Mutex, RwLock};
use thiserror::Error;

/// Knows tones by name: the predefined ones, those of the countries (`ringback.fr`), and those that
/// an application makes (TONE-1, TONE-9).
///
/// Cloning gives a second handle to the same tones.
///
/// ```
/// use offhook::ToneManager;
/// use offhook::media::tone::Segment;
///
/// let tones = ToneManager::new();
/// tones.create_tone(vec![Segment::single(1000, 10, 200), Segment::silence(300)], "alert")?;
/// assert!(tones.tones().contains(&"alert".to_owned()));
/// # Ok::<(), offhook::CreateToneError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ToneManager {
    own: Arc<RwLock<BTreeMap<String, Arc<Sequence>>>>,
}

impl ToneManager {
    /// A tone manager with the predefined tones and those of the countries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tone, or replaces one that was added before (TONE-4, TONE-7).
    ///
    /// # Errors
    ///
    /// The definition is out of range, or the name is that of a predefined or country tone; nothing is added.
    pub fn create_tone(
        &self,
        tone_info: impl Into<Vec<Segment>>,
        tone_name: impl Into<String>,
    ) -> Result<(), CreateToneError> {
        let name = tone_name.into();
        if name.is_empty() {
            return Err(CreateToneError::NameEmpty);
        }
        if tone::named(&name).is_some() {
            return Err(CreateToneError::NameTaken { name });
        }
        let sequence = Sequence::new(tone_info.into())?;
        self.own.write().insert(name, Arc::new(sequence));
        Ok(())
    }

    /// The known names: the predefined, those of the countries, then the application's own (TONE-8).
    pub fn tones(&self) -> Vec<String> {
        let mut names = tone::names();
        names.extend(self.own.read().keys().cloned());
        names
    }

    /// The definition of a tone.
    pub fn sequence(&self, name: &str) -> Option<Arc<Sequence>> {
        let own = self.own.read().get(name).cloned();
        own.or_else(|| tone::named(name).map(Arc::new))
    }

    /// Sets the default ringback of the process (TONE-3).
    pub fn set_default(tone: Predefined) {
        *DEFAULT.lock() = tone;
    }

    /// The default ringback of the process; at first [`Predefined::Ringback`] (TONE-3).
    pub fn default_tone() -> Predefined {
        *DEFAULT.lock()
    }
}

/// Why a tone was not added.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateToneError {
    /// The name is empty.
    #[error("the tone name is empty; accepted: one character or more")]
    NameEmpty,
    /// The name is that of a predefined or country tone.
    #[error("tone name {name:?} is taken by a predefined tone; accepted: a name of your own")]
    NameTaken {
        /// The name given.
        name: String,
    },
    /// An entry of the definition is out of range.
    #[error(transparent)]
    Definition(#[from] ToneError),
}

static DEFAULT: Mutex<Predefined> = Mutex::new(Predefined::Ringback);

#[cfg(test)]
mod tests {
    use super::*;

    /// TONE-7: a predefined or country name is refused, an own one replaced.
    #[test]
    fn predefined_names_cannot_be_taken() {
        let tones = ToneManager::new();
        for taken in ["RINGBACK", "ringback.fr"] {
            let refused = tones.create_tone(vec![Segment::single(400, 10, 100)], taken);
            assert_eq!(refused, Err(CreateToneError::NameTaken { name: taken.into() }));
        }
        tones.create_tone(vec![Segment::single(400, 10, 100)], "mine").unwrap();
        tones.create_tone(vec![Segment::single(500, 10, 100)], "mine").unwrap();
        assert_eq!(tones.sequence("mine").unwrap().segments()[0].a.frequency_hz, 500);
    }

    /// TONE-7: a bad definition names entry, key and value, and nothing is added.
    #[test]
    fn a_bad_definition_adds_nothing() {
        let tones = ToneManager::new();
        let error = tones.create_tone(vec![Segment::single(400, 100, 100)], "bad").unwrap_err();
        assert!(error.to_string().contains("tone_info[0]"), "{error}");
        assert!(tones.sequence("bad").is_none());
    }
}
