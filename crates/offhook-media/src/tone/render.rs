//! From a definition to samples.

use super::{Combination, Segment};
use crate::measure::peak_of_dbm0;

/// One pass.
pub(super) fn once(segments: &[Segment], rate_hz: u32) -> Vec<i16> {
    if rate_hz == 0 {
        return Vec::new();
    }
    Renderer::new(rate_hz).passes(segments, 1, false)
}

/// Passes that can be repeated without a seam.
pub(super) fn repeatable(segments: &[Segment], rate_hz: u32) -> Vec<i16> {
    if rate_hz == 0 {
        return Vec::new();
    }
    let renderer = Renderer::new(rate_hz);
    let sounding: Vec<Segment> = segments.iter().copied().filter(|segment| segment.duration_ms > 0).collect();
    let (Some(first), Some(last)) = (sounding.first(), sounding.last()) else { return Vec::new() };
    if sounding.iter().all(|segment| same_sound(segment, first)) {
        // Each frequency is a whole number of hertz: after a second all are where they began.
        return renderer.passes(&[Segment { duration_ms: 1000, ..*first }], 1, true);
    }
    let seamless = first.is_silent() || last.is_silent() || !same_sound(first, last);
    let passes = if seamless { 1 } else { passes_until_phases_meet(&sounding) };
    renderer.passes(&sounding, passes, true)
}

/// The smallest number of passes after which every frequency that sounds across the seam is where it began.
fn passes_until_phases_meet(segments: &[Segment]) -> u32 {
    let pass_ms: u32 = segments.iter().map(|segment| u32::from(segment.duration_ms)).sum();
    let most = (LONGEST_LOOP_MS / pass_ms).max(1);
    let frequencies: Vec<u32> =
        [segments[0].a, segments[0].b].map(|partial| u32::from(partial.frequency_hz)).into();
    let met = |passes: &u32| {
        frequencies
            .iter()
            .all(|hz| (u64::from(*hz) * u64::from(pass_ms) * u64::from(*passes)).is_multiple_of(1000))
    };
    (1..=most).find(met).unwrap_or(1)
}

const LONGEST_LOOP_MS: u32 = 60_000;

/// Rounding of edges.
const EDGE_MS: u32 = 2;
/// An edge takes at most this part of its segment.
const EDGE_SHARE: usize = 16;

fn same_sound(first: &Segment, second: &Segment) -> bool {
    first.is_silent() && second.is_silent()
        || first.a == second.a && first.b == second.b && first.add == second.add
}

/// A sine of a whole number of hertz; the frequency may be negative.
#[derive(Clone, Copy)]
struct Component {
    frequency_hz: i32,
    peak: f64,
}

struct Renderer {
    rate_hz: u32,
    /// One turn in as many steps as there are samples in a second, so that a frequency in hertz is a step width and
    /// phases are exact for ever.
    sines: Vec<f64>,
}

impl Renderer {
    fn new(rate_hz: u32) -> Self {
        let turn = std::f64::consts::TAU / f64::from(rate_hz);
        Self { rate_hz, sines: (0..rate_hz).map(|step| (f64::from(step) * turn).sin()).collect() }
    }

    /// Whether the result will be `repeated` decides about the edges at its beginning and end.
    fn passes(&self, segments: &[Segment], passes: u32, repeated: bool) -> Vec<i16> {
        let order: Vec<&Segment> =
            (0..passes).flat_map(|_| segments).filter(|it| it.duration_ms > 0).collect();
        let mut samples = Vec::new();
        let mut end_ms = 0_u64;
        for (index, segment) in order.iter().enumerate() {
            end_ms += u64::from(segment.duration_ms);
            let end = usize::try_from(end_ms * u64::from(self.rate_hz) / 1000).unwrap_or(usize::MAX);
            let before = match index {
                0 if repeated => order.last().copied(),
                0 => None,
                _ => order.get(index - 1).copied(),
            };
            let after = order.get(index + 1).copied().or(order.first().copied().filter(|_| repeated));
            let edges = Edges {
                fade_in: before.is_none_or(|before| !same_sound(before, segment)),
                fade_out: after.is_none_or(|after| !same_sound(after, segment)),
            };
            self.segment(segment, end, edges, &mut samples);
        }
        samples
    }

    /// Extends `samples` to `end`. The index of a sample is its time: phases run on over boundaries.
    fn segment(&self, segment: &Segment, end: usize, edges: Edges, samples: &mut Vec<i16>) {
        let start = samples.len();
        if segment.is_silent() {
            samples.resize(end, 0);
            return;
        }
        let components = self.components(segment);
        let length = end - start;
        let edge = (self.rate_hz * EDGE_MS / 1000) as usize;
        let edge = edge.min(length / EDGE_SHARE);
        samples.extend((start..end).map(|time| {
            let value: f64 =
                components.iter().map(|component| component.peak * self.sine(*component, time)).sum();
            let from_start = time - start;
            let to_end = end - 1 - time;
            let mut gain = 1.0;
            if edges.fade_in && from_start < edge {
                gain *= rise(from_start, edge);
            }
            if edges.fade_out && to_end < edge {
                gain *= rise(to_end, edge);
            }
            // The cast saturates at full scale.
            (value * gain).round() as i16
        }));
    }

    /// The sines that make up a segment. Those that the rate cannot hold are left out.
    fn components(&self, segment: &Segment) -> Vec<Component> {
        let peak = |amplitude: u8| peak_of_dbm0(-f64::from(amplitude));
        let (a, b) = (segment.a, segment.b);
        let (a_hz, b_hz) = (i32::from(a.frequency_hz), i32::from(b.frequency_hz));
        let mut components = vec![Component { frequency_hz: a_hz, peak: peak(a.amplitude) }];
        match segment.add {
            Combination::Summation => {
                components.push(Component { frequency_hz: b_hz, peak: peak(b.amplitude) })
            }
            // sin(a)(1 - cos(b)) = sin(a) - sin(a + b)/2 - sin(a - b)/2
            Combination::Modulation if b_hz != 0 => {
                let side = -peak(a.amplitude) / 2.0;
                components.push(Component { frequency_hz: a_hz + b_hz, peak: side });
                components.push(Component { frequency_hz: a_hz - b_hz, peak: side });
            }
            Combination::Modulation => {}
        }
        components.retain(|component| 2 * component.frequency_hz.unsigned_abs() < self.rate_hz);
        components
    }

    fn sine(&self, component: Component, time: usize) -> f64 {
        let step = component.frequency_hz as i64 * time as i64;
        // The remainder lies within the table, which has `rate_hz` entries.
        self.sines[step.rem_euclid(i64::from(self.rate_hz)) as usize]
    }
}

#[derive(Clone, Copy)]
struct Edges {
    fade_in: bool,
    fade_out: bool,
}

/// Half a period of a raised cosine, never quite 0 or 1.
fn rise(at: usize, edge: usize) -> f64 {
    let part = (at as f64 + 0.5) / edge as f64;
    0.5 - 0.5 * (part * std::f64::consts::PI).cos()
}
