//! The basic operators of ITU-T G.191, with which G.729 is defined bit by bit (clause 5).
//!
//! They keep the names they have there. All of them saturate, none can panic, whatever the operands.

/// Product of two Q15 numbers in Q15.
#[inline]
pub(super) fn mult(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b)) >> 15)
}

/// Product of two Q15 numbers in Q15, rounded.
#[inline]
pub(super) fn mult_r(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b) + 0x4000) >> 15)
}

/// Product of two Q15 numbers in Q31.
#[inline]
pub(super) fn l_mult(a: i16, b: i16) -> i32 {
    let product = i32::from(a) * i32::from(b);
    product.saturating_add(product)
}

/// `sum` plus the product of `a` and `b`.
#[inline]
pub(super) fn l_mac(sum: i32, a: i16, b: i16) -> i32 {
    sum.saturating_add(l_mult(a, b))
}

/// `sum` minus the product of `a` and `b`.
#[inline]
pub(super) fn l_msu(sum: i32, a: i16, b: i16) -> i32 {
    sum.saturating_sub(l_mult(a, b))
}

/// The upper half.
#[inline]
pub(super) fn extract_h(value: i32) -> i16 {
    (value >> 16) as i16
}

/// The lower half.
#[inline]
pub(super) fn extract_l(value: i32) -> i16 {
    value as i16
}

/// `value` as upper half of a number whose lower half is zero.
#[inline]
pub(super) fn l_deposit_h(value: i16) -> i32 {
    i32::from(value) << 16
}

/// The upper half, rounded.
#[inline]
pub(super) fn round(value: i32) -> i16 {
    extract_h(value.saturating_add(0x8000))
}

/// Shifts left; right if `by` is negative.
#[inline]
pub(super) fn l_shl(value: i32, by: i16) -> i32 {
    if by < 0 {
        return value >> by.unsigned_abs().min(31);
    }
    let wide = i64::from(value) << by.min(32);
    wide.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Shifts right; left if `by` is negative.
#[inline]
pub(super) fn l_shr(value: i32, by: i16) -> i32 {
    l_shl(value, by.saturating_neg())
}

/// Shifts right with rounding; left if `by` is negative.
#[inline]
pub(super) fn l_shr_r(value: i32, by: i16) -> i32 {
    match by {
        ..=0 => l_shr(value, by),
        1..=31 => (value >> by) + ((value >> (by - 1)) & 1),
        _ => 0,
    }
}

/// Shifts left; right if `by` is negative.
#[inline]
pub(super) fn shl(value: i16, by: i16) -> i16 {
    if by < 0 {
        return value >> by.unsigned_abs().min(15);
    }
    saturate(i32::from(value) << by.min(16))
}

/// Shifts right; left if `by` is negative.
#[inline]
pub(super) fn shr(value: i16, by: i16) -> i16 {
    shl(value, by.saturating_neg())
}

/// Shifts right with rounding; left if `by` is negative.
#[inline]
pub(super) fn shr_r(value: i16, by: i16) -> i16 {
    match by {
        ..=0 => shr(value, by),
        1..=15 => (value >> by) + ((value >> (by - 1)) & 1),
        _ => 0,
    }
}

/// How far a number can be shifted left without overflow; 0 for 0.
#[inline]
pub(super) fn norm_l(value: i32) -> i16 {
    match value {
        0 => 0,
        _ => (value ^ (value >> 31)).leading_zeros() as i16 - 1,
    }
}

/// How far a number can be shifted left without overflow; 0 for 0.
#[inline]
pub(super) fn norm_s(value: i16) -> i16 {
    match value {
        0 => 0,
        _ => (value ^ (value >> 15)).leading_zeros() as i16 - 1,
    }
}

/// Quotient of two positive numbers in Q15, of which the first is not the greater.
///
/// G.191 leaves other operands undefined; here a quotient of 1 or more is the largest number, and one that is not
/// positive is 0.
#[inline]
pub(super) fn div_s(numerator: i16, denominator: i16) -> i16 {
    if numerator <= 0 {
        0
    } else if numerator >= denominator {
        i16::MAX
    } else {
        ((i32::from(numerator) << 15) / i32::from(denominator)) as i16
    }
}

/// The nearest 16-bit number.
#[inline]
pub(super) fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// A sum of products that remembers whether it overflowed at any time.
#[derive(Clone, Copy)]
pub(super) struct Checked {
    /// The saturated sum.
    pub(super) sum: i32,
    /// Whether it, or one of the products, was saturated.
    pub(super) overflowed: bool,
}

impl Checked {
    /// A sum that begins with `sum`.
    pub(super) fn new(sum: i32) -> Self {
        Self { sum, overflowed: false }
    }

    /// Adds the product of each pair.
    pub(super) fn mac(mut self, pairs: impl Iterator<Item = (i16, i16)>) -> Self {
        for (a, b) in pairs {
            self.add(l_mult(a, b));
            self.overflowed |= a == i16::MIN && b == i16::MIN;
        }
        self
    }

    /// Adds `term`.
    #[inline]
    pub(super) fn add(&mut self, term: i32) {
        let sum = self.sum.checked_add(term);
        self.overflowed |= sum.is_none();
        self.sum = self.sum.saturating_add(term);
    }

    /// Subtracts `term`.
    #[inline]
    pub(super) fn subtract(&mut self, term: i32) {
        let sum = self.sum.checked_sub(term);
        self.overflowed |= sum.is_none();
        self.sum = self.sum.saturating_sub(term);
    }
}
