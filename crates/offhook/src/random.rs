//! The server's source of random numbers: ids, SSRCs, first sequence numbers.

use std::hash::{BuildHasher, Hasher, RandomState};

/// SplitMix64. The numbers need to be well spread and, with a seed, repeatable; nothing here is a secret.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// From a seed, or from the system's entropy.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        // The standard library keys every `RandomState` from the system's entropy.
        Self { state: seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()) }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number below `limit`, or 0 if that is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next_u64() % limit }
    }

    /// True in this share of the cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        ((self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64) < share
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut one, mut other) = (Random::new(Some(7)), Random::new(Some(7)));
        assert!((0..100).all(|_| one.next_u64() == other.next_u64()));
        assert_ne!(Random::new(Some(8)).next_u64(), Random::new(Some(7)).next_u64());
    }

    #[test]
    fn chances_come_in_their_share() {
        let mut random = Random::new(Some(1));
        let hits = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2300..2700).contains(&hits), "{hits}");
        assert!(!random.chance(0.0) && random.chance(1.0));
    }
}
