//! Where things are: the time axis and the rows of the picture.

use super::svg::{Svg, Text};
use super::{INK_FRAME, INK_SOFT};

/// Everything is drawn 1000 units wide, the width of a README.
pub(super) const WIDTH: f64 = 1000.0;
pub(super) const LEFT: f64 = 74.0;
pub(super) const RIGHT: f64 = WIDTH - 122.0;
pub(super) const STRIP: f64 = 22.0;
pub(super) const WAVEFORM: f64 = 96.0;
pub(super) const SPECTROGRAM: f64 = 176.0;
/// Between the two life lines.
pub(super) const LADDER: f64 = 66.0;

/// Seconds to units.
pub(super) struct Axis {
    seconds: f64,
}

impl Axis {
    pub(super) fn new(seconds: f64) -> Self {
        Self { seconds: if seconds > 0.1 { seconds } else { 0.1 } }
    }

    /// The place of a moment.
    pub(super) fn x(&self, at: f64) -> f64 {
        LEFT + (at / self.seconds).clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// Place and width of a stretch of time.
    pub(super) fn span(&self, from: f64, to: f64) -> (f64, f64) {
        let x = self.x(from);
        (x, (self.x(to) - x).max(0.5))
    }

    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The scale below everything.
    pub(super) fn draw(&self, svg: &mut Svg, layout: &Layout) {
        let y = layout.axis;
        let step = self.step();
        let digits = if step < 1.0 { 1 } else { 0 };
        let mut number = 0;
        while f64::from(number) * step <= self.seconds * 1.0001 {
            let at = f64::from(number) * step;
            let x = self.x(at);
            svg.line(x, y, x, y + 5.0, INK_SOFT, 1.0);
            svg.text(x, y + 18.0, &format!("{at:.digits$}"), Text::small().anchor_middle().fill(INK_SOFT));
            number += 1;
        }
        svg.line(LEFT, y, RIGHT, y, INK_FRAME, 1.0);
        svg.text(RIGHT + 12.0, y + 18.0, "seconds", Text::small().fill(INK_SOFT));
    }

    /// A round step that leaves room for the numbers.
    fn step(&self) -> f64 {
        let least = self.seconds / ((RIGHT - LEFT) / 48.0);
        let decade = 10f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0].into_iter().map(|m| m * decade).find(|step| *step >= least).unwrap_or(10.0 * decade)
    }
}

/// The upper edges of the rows.
pub(super) struct Layout {
    pub(super) title: f64,
    pub(super) subtitle: f64,
    pub(super) caller: f64,
    pub(super) called: f64,
    pub(super) strip: f64,
    pub(super) notes: f64,
    pub(super) waveform: f64,
    pub(super) spectrogram: f64,
    pub(super) axis: f64,
    pub(super) height: f64,
}

impl Layout {
    /// The labels over the ladder take `flags` units.
    pub(super) fn new(flags: f64) -> Self {
        let caller = 78.0 + flags;
        let called = caller + LADDER;
        let strip = called + 18.0;
        let notes = strip + STRIP + 32.0;
        let waveform = notes + 14.0;
        let spectrogram = waveform + WAVEFORM + 10.0;
        let axis = spectrogram + SPECTROGRAM + 4.0;
        Self {
            title: 34.0,
            subtitle: 54.0,
            caller,
            called,
            strip,
            notes,
            waveform,
            spectrogram,
            axis,
            height: axis + 34.0,
        }
    }
}
