//! Double precision and the functions that are looked up: logarithm, power of two, inverse square root.

use super::arithmetic::{
    div_s, extract_h, extract_l, l_deposit_h, l_mac, l_msu, l_mult, l_shl, l_shr, l_shr_r, mult, norm_l,
};
use super::tables::{INVERSE_SQUARE_ROOT, LOGARITHM, POWER_OF_TWO};

/// A 32-bit number as two halves that 16-bit multipliers can take: `high * 2^16 + low * 2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Double {
    /// The upper half.
    pub(super) high: i16,
    /// The lower half without its last bit, never negative if it came from a 32-bit number.
    pub(super) low: i16,
}

impl Double {
    /// The 32-bit number.
    pub(super) fn value(self) -> i32 {
        l_mac(l_deposit_h(self.high), self.low, 1)
    }

    /// Product of two Q31 numbers in Q31.
    pub(super) fn times(self, other: Self) -> i32 {
        let product = l_mac(l_mult(self.high, other.high), mult(self.high, other.low), 1);
        l_mac(product, mult(self.low, other.high), 1)
    }

    /// Product of a Q31 and a Q15 number in Q31.
    pub(super) fn times_short(self, factor: i16) -> i32 {
        l_mac(l_mult(self.high, factor), mult(self.low, factor), 1)
    }

    /// Quotient in Q31 of a number and this one, which is normalised and the greater.
    pub(super) fn divide(self, numerator: i32) -> i32 {
        // One step of Newton's method from an estimate of the inverse in 16 bits.
        let estimate = div_s(0x3FFF, self.high);
        let rest = Self::from(i32::MAX.saturating_sub(self.times_short(estimate)));
        let inverse = Self::from(rest.times_short(estimate));
        l_shl(Self::from(numerator).times(inverse), 2)
    }
}

impl From<i32> for Double {
    fn from(value: i32) -> Self {
        Self { high: extract_h(value), low: ((value >> 1) & 0x7FFF) as i16 }
    }
}

/// log2 of a positive number: integer part, and fraction in Q15. 0 for every other number.
pub(super) fn log2(value: i32) -> Double {
    if value <= 0 {
        return Double::default();
    }
    let exponent = norm_l(value);
    let (index, rest) = split(l_shl(value, exponent) >> 9, 32);
    Double { high: 30 - exponent, low: extract_h(interpolate(&LOGARITHM, index, rest)) }
}

/// 2 to the power of `exponent` plus `fraction` (Q15, not negative).
pub(super) fn pow2(exponent: i16, fraction: i16) -> i32 {
    let (index, rest) = split(l_mult(fraction, 32), 0);
    l_shr_r(interpolate(&POWER_OF_TWO, index, rest), 30 - exponent)
}

/// 1 / sqrt of a positive number, Q30. 2^30 - 1 for every other number.
pub(super) fn inverse_square_root(value: i32) -> i32 {
    if value <= 0 {
        return 0x3FFF_FFFF;
    }
    let shift = norm_l(value);
    let exponent = 30 - shift;
    let normalised = l_shl(value, shift) >> if exponent & 1 == 0 { 1 } else { 0 };
    let (index, rest) = split(normalised >> 9, 16);
    l_shr(interpolate(&INVERSE_SQUARE_ROOT, index, rest), (exponent >> 1) + 1)
}

/// The upper half of a number less `offset` as index of a table, and the lower half in Q15.
fn split(value: i32, offset: usize) -> (usize, i16) {
    let index = usize::try_from(extract_h(value)).unwrap_or(0);
    (index.saturating_sub(offset), extract_l(value >> 1) & 0x7FFF)
}

/// The value of `table` between `index` and the entry after it.
fn interpolate<const N: usize>(table: &[i16; N], index: usize, rest: i16) -> i32 {
    let index = index.min(N - 2);
    let step = table[index] - table[index + 1];
    l_msu(l_deposit_h(table[index]), step, rest)
}
