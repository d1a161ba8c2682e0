//! The generator of random numbers that G.729 prescribes for erased frames and for comfort noise (4.4.4).

/// A linear congruential generator of 16 bits.
#[derive(Clone, Debug)]
pub(super) struct Random(i16);

impl Random {
    pub(super) fn new(seed: i16) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) fn draw(&mut self) -> i16 {
        self.0 = self.0.wrapping_mul(31821).wrapping_add(13849);
        self.0
    }
}
