//! Measuring sound: levels, frequencies, cadence, alignment, and what a picture of a call is drawn from.
//!
//! # The reference of levels
//!
//! Levels are in dBm0. A sine whose peak is full scale (32768) has [`FULL_SCALE_SINE_DBM0`], +3.14 dBm0, which is the
//! load capacity of A-law (ITU-T G.711 table 5); so 0 dBm0 is a sine of peak 22 827, RMS 16 141. Sound that goes
//! through mu-law is measured on the same scale; the law's own reference (+3.17 dBm0 for a peak of 32 636) differs by
//! less than 0.07 dB. The level of silence is negative infinity.

mod align;
mod cadence;
mod level;
mod picture;
mod recognise;
mod spectrum;
mod tone_match;

pub use align::{Alignment, correlate};
pub use cadence::{Burst, bursts, cadence, silences};
pub use level::{FULL_SCALE_SINE_DBM0, level_dbm0, peak_of_dbm0, rms_dbm0};
pub use picture::{Spectrogram, peaks, spectrogram};
pub use recognise::{Likeness, Sought};
pub use spectrum::{Component, dominant_frequencies, dominant_frequency};
pub use tone_match::{SoughtTone, ToneFound};
