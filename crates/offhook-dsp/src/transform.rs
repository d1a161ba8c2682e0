//! Fourier transforms of real signals.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// From samples to their spectrum.
pub struct Forward(Arc<dyn RealToComplex<f64>>);

impl Forward {
    /// A transform of `size` samples.
    pub fn new(size: usize) -> Self {
        Self(RealFftPlanner::new().plan_fft_forward(size))
    }

    /// The spectrum of `samples`: `size / 2 + 1` bins, not normalised. The samples are used as scratch space.
    ///
    /// # Panics
    ///
    /// When `samples` does not hold exactly the number of samples that the transform was made for.
    pub fn spectrum(&self, samples: &mut [f64]) -> Vec<Complex<f64>> {
        let mut output = self.0.make_output_vec();
        self.0.process(samples, &mut output).expect("as many samples as the transform was made for");
        output
    }
}

/// From a spectrum back to samples.
pub struct Inverse(Arc<dyn ComplexToReal<f64>>);

impl Inverse {
    /// A transform that gives `size` samples.
    pub fn new(size: usize) -> Self {
        Self(RealFftPlanner::new().plan_fft_inverse(size))
    }

    /// The samples with this spectrum, `size` times too large. The spectrum is used as scratch space; what a real
    /// signal cannot have (an imaginary part at 0 and at half the rate) is set to zero first.
    ///
    /// # Panics
    ///
    /// When `spectrum` does not hold `size / 2 + 1` bins.
    pub fn samples(&self, spectrum: &mut [Complex<f64>]) -> Vec<f64> {
        if let Some(first) = spectrum.first_mut() {
            first.im = 0.0;
        }
        if self.0.len() % 2 == 0
            && let Some(last) = spectrum.last_mut()
        {
            last.im = 0.0;
        }
        let mut output = self.0.make_output_vec();
        self.0.process(spectrum, &mut output).expect("as many bins as the transform was made for");
        output
    }
}
