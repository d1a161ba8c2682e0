//! A WAV file as a user might upload it: reading its head, then its sound, which is written so that it reads as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_media::wav;

fuzz_target!(|file: &[u8]| {
    let _ = wav::probe(file);
    if let Ok(sound) = wav::read(file) {
        // At least half a byte to a sample, as in ADPCM: a file cannot claim more sound than it holds.
        assert!(sound.samples.len() <= file.len() * 2 + 8);
        let again = wav::read(&wav::write(&sound)).map(|again| again.samples);
        assert_eq!(again.ok(), Some(sound.samples));
    }
});
