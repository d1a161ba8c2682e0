//! Line spectral pairs and frequencies, and the way back from them to a predictor.
//!
//! Pairs are cosines in Q15, from high to low; frequencies are in radians, Q13, from low to high.

use super::arithmetic::{extract_l, l_msu, l_mult, l_shl, l_shr_r, mult};
use super::functions::Double;
use super::tables::{ARC_COSINE_SLOPE, COSINE, COSINE_SLOPE};
use super::{Lsp, ORDER, Predictor};

/// The pairs that encoder and decoder start from.
pub(super) const AT_START: Lsp = [30000, 26000, 21000, 15000, 8000, 0, -8000, -15000, -21000, -26000];

/// 1 / (2 pi) in Q17.
const TO_TURNS: i16 = 20861;
/// pi in Q13.
const PI: i16 = 25736;

/// Frequencies to pairs (3.2.4).
pub(super) fn from_frequencies(frequencies: &[i16; ORDER]) -> Lsp {
    frequencies.map(|frequency| {
        let turns = mult(frequency, TO_TURNS);
        let index = usize::try_from(turns >> 8).unwrap_or(0).min(COSINE.len() - 1);
        let rest = turns & 0xFF;
        COSINE[index].saturating_add(extract_l(l_mult(COSINE_SLOPE[index], rest) >> 13))
    })
}

/// Pairs to frequencies (3.2.4).
pub(super) fn to_frequencies(lsp: &Lsp) -> [i16; ORDER] {
    let mut frequencies = [0; ORDER];
    let mut index = COSINE.len() - 1;
    for (pair, frequency) in lsp.iter().zip(&mut frequencies).rev() {
        while index > 0 && COSINE[index] < *pair {
            index -= 1;
        }
        let rest = l_mult(pair.saturating_sub(COSINE[index]), ARC_COSINE_SLOPE[index]);
        let turns = extract_l(rest >> 12).saturating_add((index as i16) << 9);
        *frequency = mult(turns, PI);
    }
    frequencies
}

/// The predictors of both subframes: the first from the mean of both frames' pairs, the second from `current` (3.2.5).
pub(super) fn interpolate(previous: &Lsp, current: &Lsp) -> [Predictor; 2] {
    let mut middle = [0; ORDER];
    for ((middle, previous), current) in middle.iter_mut().zip(previous).zip(current) {
        *middle = (current >> 1) + (previous >> 1);
    }
    [to_predictor(&middle), to_predictor(current)]
}

/// Pairs to the coefficients of A(z), Q12 (3.2.6).
fn to_predictor(lsp: &Lsp) -> Predictor {
    let mut sum = polynomial(lsp.iter().step_by(2));
    let mut difference = polynomial(lsp.iter().skip(1).step_by(2));
    for index in (1..=ORDER / 2).rev() {
        sum[index] = sum[index].saturating_add(sum[index - 1]);
        difference[index] = difference[index].saturating_sub(difference[index - 1]);
    }
    let mut predictor = [0; ORDER + 1];
    predictor[0] = 4096;
    for index in 1..=ORDER / 2 {
        predictor[index] = extract_l(l_shr_r(sum[index].saturating_add(difference[index]), 13));
        predictor[ORDER + 1 - index] = extract_l(l_shr_r(sum[index].saturating_sub(difference[index]), 13));
    }
    predictor
}

/// The first six coefficients of the product of (1 - 2 q z^-1 + z^-2) over the pairs `q`, Q24.
fn polynomial<'a>(pairs: impl Iterator<Item = &'a i16>) -> [i32; ORDER / 2 + 1] {
    let mut product = [0; ORDER / 2 + 1];
    product[0] = 1 << 24;
    for (degree, pair) in (1..).zip(pairs) {
        // The product is symmetric: what is beyond its middle equals what is before it.
        product[degree] = if degree == 1 { 0 } else { product[degree - 2] };
        for index in (2..=degree).rev() {
            let doubled = l_shl(Double::from(product[index - 1]).times_short(*pair), 1);
            product[index] = product[index].saturating_add(product[index - 2]).saturating_sub(doubled);
        }
        product[1] = l_msu(product[1], *pair, 512);
    }
    product
}
