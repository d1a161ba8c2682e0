//! Fourier transforms of real signals.

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// From samples to their spectrum.
pub struct Forward(Arc<dyn Fft<f64>>);

impl Forward {
    /// A transform of `size` samples.
    pub fn new(size: usize) -> Self {
        Self(FftPlanner::new().plan_fft_forward(size))
    }

    /// The spectrum of `samples` from 0 to half the rate: `size / 2 + 1` bins, not normalised. Samples beyond the size
    /// are left out, missing ones count as zero.
    pub fn spectrum(&self, samples: &[f64]) -> Vec<Complex<f64>> {
        let size = self.0.len();
        let mut buffer = vec![Complex::default(); size];
        for (slot, sample) in buffer.iter_mut().zip(samples) {
            slot.re = *sample;
        }
        self.0.process(&mut buffer);
        buffer.truncate(size / 2 + 1);
        buffer
    }
}

/// From a spectrum back to samples.
pub struct Inverse(Arc<dyn Fft<f64>>);

impl Inverse {
    /// A transform that gives `size` samples.
    pub fn new(size: usize) -> Self {
        Self(FftPlanner::new().plan_fft_inverse(size))
    }

    /// The real samples with this spectrum, `size` times too large. `spectrum` holds the `size / 2 + 1` bins from 0 to
    /// half the rate; the others are their mirror image.
    pub fn samples(&self, spectrum: &[Complex<f64>]) -> Vec<f64> {
        let size = self.0.len();
        let mut buffer = vec![Complex::default(); size];
        for (bin, value) in spectrum.iter().enumerate().take(size / 2 + 1) {
            buffer[bin] = *value;
            if bin > 0 {
                buffer[size - bin] = value.conj();
            }
        }
        self.0.process(&mut buffer);
        buffer.into_iter().map(|value| value.re).collect()
    }
}
