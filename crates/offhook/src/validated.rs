//! Encrypted files that an instance has validated (FILE-2, FP-17).

use parking_lot::Mutex;

use crate::cipher::Cipher;

/// The files of one instance, each with the cipher that it was accepted with.
#[derive(Debug, Default)]
pub(crate) struct Validated(Mutex<Vec<(String, Cipher)>>);

impl Validated {
    /// Counts for the rest of the instance.
    pub(crate) fn add(&self, name: String, cipher: Cipher) {
        let mut files = self.0.lock();
        let file = (name, cipher);
        if !files.contains(&file) {
            files.push(file);
        }
    }

    pub(crate) fn has(&self, name: &str, cipher: &Cipher) -> bool {
        self.0.lock().iter().any(|(known, with)| known == name && with == cipher)
    }
}
