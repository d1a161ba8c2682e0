//! The linear filters that encoder and decoder share.

use super::arithmetic::{Checked, extract_h, l_mac, l_mult, l_shl, round};
use super::functions::Double;
use super::{ORDER, Predictor};

/// Bandwidth expansion: the coefficients of A(z / factor); `factor` in Q15 (3.3).
pub(super) fn expand_bandwidth(predictor: &Predictor, factor: i16) -> Predictor {
    let mut expanded = *predictor;
    let mut power = factor;
    for coefficient in &mut expanded[1..] {
        *coefficient = round(l_mult(*coefficient, power));
        power = round(l_mult(power, factor));
    }
    expanded
}

/// Inverse filter A(z): the residual of `signal`, whose first [`ORDER`] samples are those before.
pub(super) fn residual(predictor: &Predictor, signal: &[i16], output: &mut [i16]) {
    for (window, output) in signal.windows(ORDER + 1).zip(output) {
        let sum = predictor.iter().zip(window.iter().rev()).fold(0, |sum, (a, x)| l_mac(sum, *a, *x));
        *output = round(l_shl(sum, 3));
    }
}

/// Synthesis filter 1/A(z), from `input` to `output`; `memory` is the last output of the call before.
///
/// Returns whether a sum overflowed, which saturates the output.
pub(super) fn synthesis(
    predictor: &Predictor,
    input: &[i16],
    output: &mut [i16],
    memory: &[i16; ORDER],
) -> bool {
    let mut overflowed = false;
    let mut past = *memory;
    for (input, output) in input.iter().zip(output) {
        let mut sum = Checked::new(l_mult(*input, predictor[0]));
        for (a, y) in predictor[1..].iter().zip(past.iter().rev()) {
            sum.subtract(l_mult(*a, *y));
        }
        let shifted = l_shl(sum.sum, 3);
        overflowed |= sum.overflowed || shifted >> 3 != sum.sum || shifted > i32::MAX - 0x8000;
        *output = round(shifted);
        past.copy_within(1.., 0);
        past[ORDER - 1] = *output;
    }
    overflowed
}

/// The last [`ORDER`] samples, which a synthesis filter remembers.
pub(super) fn memory_of(signal: &[i16]) -> [i16; ORDER] {
    let mut memory = [0; ORDER];
    let from = signal.len().saturating_sub(ORDER);
    let kept = &signal[from..];
    memory[ORDER - kept.len()..].copy_from_slice(kept);
    memory
}

/// A high-pass filter of the second order with feedback in double precision (3.1, 4.2.5).
#[derive(Clone, Debug)]
pub(super) struct HighPass {
    zeros: [i16; 3],
    poles: [i16; 2],
    /// From the sum's format to Q31.
    shift: i16,
    inputs: [i16; 2],
    outputs: [Double; 2],
}

impl HighPass {
    /// The filter of the encoder's input: 140 Hz, and half the level (3.1).
    pub(super) fn before_encoding() -> Self {
        Self::new([1899, -3798, 1899], [7807, -3733], 3)
    }

    /// The filter of the decoder's output: 100 Hz (4.2.5).
    pub(super) fn after_decoding() -> Self {
        Self::new([7699, -15398, 7699], [15836, -7667], 2)
    }

    fn new(zeros: [i16; 3], poles: [i16; 2], shift: i16) -> Self {
        Self { zeros, poles, shift, inputs: [0; 2], outputs: [Double::default(); 2] }
    }

    /// Filters one sample; the result has 16 bits of fraction.
    pub(super) fn next(&mut self, input: i16) -> i32 {
        let [before, earlier] = self.inputs;
        let mut sum = self.outputs[0].times_short(self.poles[0]);
        sum = sum.saturating_add(self.outputs[1].times_short(self.poles[1]));
        sum = l_mac(sum, input, self.zeros[0]);
        sum = l_mac(sum, before, self.zeros[1]);
        sum = l_mac(sum, earlier, self.zeros[2]);
        let output = l_shl(sum, self.shift);
        self.inputs = [input, before];
        self.outputs = [output.into(), self.outputs[0]];
        output
    }
}

/// A sample times a gain in Q14, the fraction cut off.
#[inline]
pub(super) fn scale_q14(sample: i16, gain: i16) -> i16 {
    extract_h(l_shl(l_mult(sample, gain), 1))
}
