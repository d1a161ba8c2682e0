//! The algebraic codebook (3.8, 4.1.4): four pulses, each on its own track of every fifth position.

use super::adaptive_codebook::backward_filtered;
use super::arithmetic::{extract_h, l_mac, l_msu, l_mult, mult, norm_l, round, shl};
use super::{SUBFRAME, Subframe};

/// Tracks of positions: the last pulse has two of them.
const TRACKS: usize = 5;

/// Positions and signs of the four pulses, as they are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pulses {
    /// C: positions, 13 bits.
    pub(super) positions: u16,
    /// S: signs, 4 bits, 1 for positive.
    pub(super) signs: u16,
}

impl Pulses {
    /// The code vector, Q13.
    pub(super) fn code(self) -> Subframe {
        let mut code = [0; SUBFRAME];
        for (track, position) in self.places().into_iter().enumerate() {
            code[position] = if self.signs >> track & 1 == 1 { POSITIVE } else { NEGATIVE };
        }
        code
    }

    /// Where the four pulses are.
    fn places(self) -> [usize; 4] {
        let on = |track: usize, shift: u16| usize::from(self.positions >> shift & 7) * TRACKS + track;
        let last_track = 3 + usize::from(self.positions >> 9 & 1);
        [on(0, 0), on(1, 3), on(2, 6), on(last_track, 10)]
    }
}

/// What the search finds.
pub(super) struct Found {
    pub(super) pulses: Pulses,
    /// The code vector without pitch sharpening, Q13.
    pub(super) code: Subframe,
    /// The code vector filtered by the impulse response, Q12.
    pub(super) filtered: Subframe,
}

/// Repeats a vector at the pitch lag, `gain` in Q14 times as strong, where the lag is shorter than it (3.8).
pub(super) fn sharpen(vector: &mut Subframe, lag: i16, gain: i16) {
    let gain = shl(gain, 1);
    let lag = usize::from(lag.unsigned_abs());
    for index in lag..SUBFRAME {
        vector[index] = vector[index].saturating_add(mult(vector[index - lag], gain));
    }
}

/// Finds the pulses that, filtered by `impulse` (Q12, sharpened), are most like `target` (A.3.8).
pub(super) fn search(target: &Subframe, impulse: &Subframe) -> Found {
    let mut search = Search::new(target, impulse);
    // The last pulse on its first track, then on its second; each time two orders of the tracks.
    for track in [3, 4] {
        search.try_order([2, track, 0, 1]);
        search.try_order([track, 0, 1, 2]);
    }
    search.best(impulse)
}

struct Search {
    /// Magnitude of the correlation of each position with the target.
    correlation: Subframe,
    positive: [bool; SUBFRAME],
    energy: Energy,
    /// Square of the correlation, and energy, of the best so far.
    square: i16,
    power: i16,
    /// The best so far: one position on each of the tracks 0, 1, 2 and 3 or 4.
    places: [usize; 4],
}

impl Search {
    fn new(target: &Subframe, impulse: &Subframe) -> Self {
        let correlation = backward_filtered(target, impulse);
        let positive = correlation.map(|value| value >= 0);
        Self {
            correlation: correlation.map(i16::saturating_abs),
            positive,
            energy: Energy::new(impulse, &positive),
            square: -1,
            power: 1,
            places: [0, 1, 2, 3],
        }
    }

    /// Places pulses on the tracks in this order, two and two (A.3.8.1).
    fn try_order(&mut self, tracks: [usize; 4]) {
        let (first, sum, power) = self.first_pair(tracks[0], tracks[1]);
        let (second, square, power) = self.second_pair(first, sum, power, tracks[2], tracks[3]);
        if is_better((square, power), (self.square, self.power)) {
            (self.square, self.power) = (square, power);
            for place in first.into_iter().chain(second) {
                self.places[(place % TRACKS).min(3)] = place;
            }
        }
    }

    /// The best pair with one of the two strongest positions of the first track: places, correlation, energy.
    fn first_pair(&self, first: usize, second: usize) -> ([usize; 2], i16, i16) {
        let mut best = ([first, second], 0, -1, 1);
        let mut last = None;
        for _ in 0..2 {
            let mut strongest = (first, -1);
            for place in positions(first) {
                if self.correlation[place] > strongest.1 && last != Some(place) {
                    strongest = (place, self.correlation[place]);
                }
            }
            let place = strongest.0;
            last = Some(place);
            let power = l_mult(self.energy.of(place, place), QUARTER);
            for other in positions(second) {
                let sum = self.correlation[place].saturating_add(self.correlation[other]);
                let power = l_mac(power, self.energy.of(place, other), HALF);
                let power = round(l_mac(power, self.energy.of(other, other), QUARTER));
                let square = mult(sum, sum);
                if is_better((square, power), (best.2, best.3)) {
                    best = ([place, other], sum, square, power);
                }
            }
        }
        (best.0, best.1, best.3)
    }

    /// The best pair to go with `pair`: places, square of the correlation, energy.
    fn second_pair(
        &self,
        pair: [usize; 2],
        sum: i16,
        power: i16,
        third: usize,
        fourth: usize,
    ) -> ([usize; 2], i16, i16) {
        let power = l_mult(power, QUARTER);
        let mut of_fourth = [0; SUBFRAME / TRACKS];
        for (entry, place) in of_fourth.iter_mut().zip(positions(fourth)) {
            let cross = l_mac(
                l_mult(self.energy.of(pair[0], place), QUARTER),
                self.energy.of(pair[1], place),
                QUARTER,
            );
            *entry = round(l_mac(cross, self.energy.of(place, place), EIGHTH));
        }
        let mut best = ([third, fourth], -1, 1);
        for place in positions(third) {
            let sum = sum.saturating_add(self.correlation[place]);
            let power = l_mac(power, self.energy.of(pair[0], place), EIGHTH);
            let power = l_mac(power, self.energy.of(pair[1], place), EIGHTH);
            let power = l_mac(power, self.energy.of(place, place), SIXTEENTH);
            for (other, own) in positions(fourth).zip(of_fourth) {
                let sum = sum.saturating_add(self.correlation[other]);
                let power = l_mac(power, self.energy.of(place, other), EIGHTH);
                let power = round(l_mac(power, own, HALF));
                let square = mult(sum, sum);
                if is_better((square, power), (best.1, best.2)) {
                    best = ([place, other], square, power);
                }
            }
        }
        best
    }

    fn best(&self, impulse: &Subframe) -> Found {
        let mut pulses = Pulses::default();
        let mut filtered = [0_i16; SUBFRAME];
        for (track, place) in self.places.into_iter().enumerate() {
            let row = (place / TRACKS) as u16;
            pulses.positions |= match track {
                3 => (row << 1 | u16::from(place % TRACKS == 4)) << 9,
                _ => row << (3 * track),
            };
            pulses.signs |= u16::from(self.positive[place]) << track;
            for (sum, value) in filtered[place..].iter_mut().zip(impulse) {
                *sum = if self.positive[place] {
                    sum.saturating_add(*value)
                } else {
                    sum.saturating_sub(*value)
                };
            }
        }
        Found { pulses, code: pulses.code(), filtered }
    }
}

/// Whether one square of a correlation over its energy is greater than another.
fn is_better((square, power): (i16, i16), (best_square, best_power): (i16, i16)) -> bool {
    l_msu(l_mult(best_power, square), best_square, power) > 0
}

fn positions(track: usize) -> impl Iterator<Item = usize> + Clone {
    (track..SUBFRAME).step_by(TRACKS)
}

/// Energy that pulses at two positions have in common after filtering, with the signs taken into account (3.8.1).
struct Energy([[i16; SUBFRAME]; SUBFRAME]);

impl Energy {
    fn new(impulse: &Subframe, positive: &[bool; SUBFRAME]) -> Self {
        let energy = impulse.iter().fold(0, |sum, value| l_mac(sum, *value, *value));
        let scaled = if extract_h(energy) > 32000 {
            impulse.map(|value| value >> 1)
        } else {
            let shift = norm_l(energy) >> 1;
            impulse.map(|value| shl(value, shift))
        };
        let mut matrix = [[0; SUBFRAME]; SUBFRAME];
        for distance in 0..SUBFRAME {
            // Two positions of one track never both have a pulse.
            if distance > 0 && distance % TRACKS == 0 {
                continue;
            }
            let mut sum = 0;
            for index in 0..SUBFRAME - distance {
                sum = l_mac(sum, scaled[index], scaled[index + distance]);
                let (high, low) = (SUBFRAME - 1 - index, SUBFRAME - 1 - index - distance);
                let value = extract_h(sum);
                let signed = match distance {
                    0 => value,
                    _ if positive[high] == positive[low] => mult(value, i16::MAX),
                    _ => mult(value, i16::MIN),
                };
                matrix[high][low] = signed;
                matrix[low][high] = signed;
            }
        }
        Self(matrix)
    }

    #[inline]
    fn of(&self, one: usize, other: usize) -> i16 {
        self.0[one][other]
    }
}

/// A pulse of each sign, Q13.
const POSITIVE: i16 = 8191;
const NEGATIVE: i16 = -8192;
const HALF: i16 = 1 << 14;
const QUARTER: i16 = 1 << 13;
const EIGHTH: i16 = 1 << 12;
const SIXTEENTH: i16 = 1 << 11;
