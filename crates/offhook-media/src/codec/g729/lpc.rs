//! Linear prediction analysis (3.2.1 to 3.2.3): from windowed speech to line spectral pairs.

use super::arithmetic::{
    Checked, div_s, extract_h, extract_l, l_mac, l_msu, l_mult, l_shl, mult_r, norm_l, norm_s, round, shl,
};
use super::functions::Double;
use super::tables::{ANALYSIS_WINDOW, LAG_WINDOW, ROOT_GRID};
use super::{Lsp, ORDER, Predictor, lsp};

/// Samples that one analysis looks at: 120 of the past, the frame, and 40 of the next.
pub(super) const WINDOW: usize = 240;

/// The analysis, which falls back on the last frame's result where this one's has none.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    predictor: Predictor,
    lsp: Lsp,
}

impl Analysis {
    pub(super) fn new() -> Self {
        let mut predictor = [0; ORDER + 1];
        predictor[0] = 4096;
        Self { predictor, lsp: lsp::AT_START }
    }

    /// The line spectral pairs of `speech`.
    pub(super) fn lsp(&mut self, speech: &[i16; WINDOW]) -> Lsp {
        let correlations = autocorrelation(speech);
        if let Some(predictor) = levinson(&correlations) {
            self.predictor = predictor;
        }
        if let Some(lsp) = roots(&self.predictor) {
            self.lsp = lsp;
        }
        self.lsp
    }
}

/// Autocorrelations 0 to 10 of the windowed speech, normalised, with the lag window applied (3.2.1).
fn autocorrelation(speech: &[i16; WINDOW]) -> [Double; ORDER + 1] {
    let mut windowed: [i16; WINDOW] =
        std::array::from_fn(|index| mult_r(speech[index], ANALYSIS_WINDOW[index]));
    let energy = loop {
        let energy = Checked::new(1).mac(windowed.iter().map(|value| (*value, *value)));
        if !energy.overflowed {
            break energy.sum;
        }
        for value in &mut windowed {
            *value >>= 2;
        }
    };
    let shift = norm_l(energy);
    std::array::from_fn(|lag| {
        if lag == 0 {
            return l_shl(energy, shift).into();
        }
        let sum = windowed.iter().zip(&windowed[lag..]).fold(0, |sum, (a, b)| l_mac(sum, *a, *b));
        let [high, low] = LAG_WINDOW[lag - 1];
        Double::from(l_shl(sum, shift)).times(Double { high, low }).into()
    })
}

/// The Levinson-Durbin recursion (3.2.2): the predictor in Q12, or nothing if it would be unstable.
fn levinson(correlations: &[Double; ORDER + 1]) -> Option<Predictor> {
    // Coefficients in Q27, reflection coefficients in Q31, the error normalised with its exponent.
    let mut coefficients = [Double::default(); ORDER + 1];
    let mut error = correlations[0];
    let mut exponent = 0;
    for order in 1..=ORDER {
        let mut sum = 0_i32;
        for lag in 1..order {
            sum = sum.saturating_add(correlations[lag].times(coefficients[order - lag]));
        }
        let sum = l_shl(sum, 4).saturating_add(correlations[order].value());
        let quotient = error.divide(sum.saturating_abs());
        let signed = if sum > 0 { quotient.saturating_neg() } else { quotient };
        let reflection = l_shl(signed, exponent);
        let double = Double::from(reflection);
        if order > 1 && double.high.saturating_abs() > 32750 {
            return None;
        }

        let mut updated = coefficients;
        for index in 1..order {
            let change = double.times(coefficients[order - index]);
            updated[index] = change.saturating_add(coefficients[index].value()).into();
        }
        updated[order] = (reflection >> 4).into();
        coefficients = updated;

        let square = double.times(double).saturating_abs();
        let left = error.times(i32::MAX.saturating_sub(square).into());
        let shift = norm_l(left);
        error = l_shl(left, shift).into();
        exponent = shift.saturating_add(exponent);
    }
    Some(std::array::from_fn(|index| match index {
        0 => 4096,
        _ => round(l_shl(coefficients[index].value(), 1)),
    }))
}

/// The line spectral pairs of a predictor: the roots of its sum and difference polynomials on the unit circle, or
/// nothing if not all are found (3.2.3, A.3.2.3).
fn roots(predictor: &Predictor) -> Option<Lsp> {
    let polynomials = Polynomials::new(predictor);
    let mut lsp = [0; ORDER];
    let mut found = 0;
    let (mut low, mut at_low) = (ROOT_GRID[0], polynomials.evaluate(0, ROOT_GRID[0]));
    for point in &ROOT_GRID[1..] {
        let (mut high, mut at_high) = (low, at_low);
        (low, at_low) = (*point, polynomials.evaluate(found, *point));
        if l_mult(at_low, at_high) > 0 {
            continue;
        }
        for _ in 0..2 {
            let middle = (low >> 1) + (high >> 1);
            let at_middle = polynomials.evaluate(found, middle);
            if l_mult(at_low, at_middle) <= 0 {
                (high, at_high) = (middle, at_middle);
            } else {
                (low, at_low) = (middle, at_middle);
            }
        }
        low = crossing((low, at_low), (high, at_high));
        lsp[found] = low;
        found += 1;
        if found == ORDER {
            return Some(lsp);
        }
        // The roots of the two polynomials alternate.
        at_low = polynomials.evaluate(found, low);
    }
    None
}

/// Where the line through two points crosses zero.
fn crossing(low: (i16, i16), high: (i16, i16)) -> i16 {
    let width = high.0.saturating_sub(low.0);
    let rise = high.1.saturating_sub(low.1);
    if rise == 0 {
        return low.0;
    }
    let magnitude = rise.saturating_abs();
    let shift = norm_s(magnitude);
    let inverse = div_s(16383, shl(magnitude, shift));
    let slope = extract_l(l_mult(width, inverse) >> (20 - shift));
    let signed = if rise < 0 { slope.saturating_neg() } else { slope };
    low.0.saturating_sub(extract_l(l_mult(low.1, signed) >> 11))
}

/// The sum and the difference polynomial without their roots at -1 and 1 (3.2.3).
struct Polynomials {
    coefficients: [[i16; ORDER / 2 + 1]; 2],
    /// Bits of fraction: 11, or 10 where a coefficient would not fit.
    fraction: i16,
}

impl Polynomials {
    fn new(predictor: &Predictor) -> Self {
        [11, 10]
            .into_iter()
            .map(|fraction| Self::with_fraction(predictor, fraction))
            .find_map(|(polynomials, fits)| (fits || polynomials.fraction == 10).then_some(polynomials))
            .unwrap_or_else(|| Self::with_fraction(predictor, 10).0)
    }

    /// The polynomials, and whether all coefficients fitted.
    fn with_fraction(predictor: &Predictor, fraction: i16) -> (Self, bool) {
        let scale = 1 << (fraction + 3);
        let mut coefficients = [[1 << fraction; ORDER / 2 + 1]; 2];
        let mut fits = true;
        for index in 0..ORDER / 2 {
            let (a, b) = (predictor[index + 1], predictor[ORDER - index]);
            let mut sum = Checked::new(l_mult(a, scale));
            let mut difference = sum;
            sum.add(l_mult(b, scale));
            difference.subtract(l_mult(b, scale));
            let (sum_half, difference_half) = (extract_h(sum.sum), extract_h(difference.sum));
            let (last_sum, last_difference) = (coefficients[0][index], coefficients[1][index]);
            coefficients[0][index + 1] = sum_half.saturating_sub(last_sum);
            coefficients[1][index + 1] = difference_half.saturating_add(last_difference);
            fits &= !sum.overflowed
                && !difference.overflowed
                && sum_half.checked_sub(last_sum).is_some()
                && difference_half.checked_add(last_difference).is_some();
        }
        (Self { coefficients, fraction }, fits)
    }

    /// The Chebyshev series at `x` of the polynomial in which root number `root` lies.
    fn evaluate(&self, root: usize, x: i16) -> i16 {
        let coefficients = &self.coefficients[root % 2];
        let mut before = Double::from(1 << (self.fraction + 13));
        let first = l_mac(l_mult(x, 1 << (self.fraction - 2)), coefficients[1], 4096);
        let mut last = Double::from(first);
        for coefficient in &coefficients[2..ORDER / 2] {
            let mut sum = l_shl(last.times_short(x), 1);
            sum = l_msu(l_mac(sum, before.high, i16::MIN), before.low, 1);
            sum = l_mac(sum, *coefficient, 4096);
            (before, last) = (last, sum.into());
        }
        let mut sum = last.times_short(x);
        sum = l_msu(l_mac(sum, before.high, i16::MIN), before.low, 1);
        sum = l_mac(sum, coefficients[ORDER / 2], 2048);
        extract_h(l_shl(sum, 17 - self.fraction))
    }
}
