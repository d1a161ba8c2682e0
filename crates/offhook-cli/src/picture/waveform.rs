//! The waveform of what the caller heard.

use offhook::media::Sound;
use offhook::media::measure::peaks;

use super::INK_FRAME;
use super::layout::{self, Axis, Layout};
use super::svg::{Svg, Text};

pub(super) fn draw(svg: &mut Svg, sound: &Sound, axis: &Axis, layout: &Layout) {
    let middle = layout.waveform + layout::WAVEFORM / 2.0;
    svg.line(layout::LEFT, middle, layout::RIGHT, middle, INK_FRAME, 1.0);
    svg.text(layout::LEFT - 14.0, middle + 4.0, "heard", Text::body().bold().anchor_end());

    let (x, width) = axis.span(0.0, sound.duration().as_secs_f64().min(axis.seconds()));
    let columns = (width * COLUMNS_PER_UNIT).ceil() as usize;
    let outline = peaks(&sound.samples, columns);
    let loudest =
        outline.iter().map(|(low, high)| high.unsigned_abs().max(low.unsigned_abs())).max().unwrap_or(0);
    if loudest == 0 {
        return;
    }
    let scale = (layout::WAVEFORM / 2.0 - 3.0) / f64::from(loudest.max(QUIETEST_FULL));
    let at = |index: usize| x + (index as f64 + 0.5) / COLUMNS_PER_UNIT;
    let upper =
        outline.iter().enumerate().map(|(i, (_, high))| (at(i), middle - f64::from(*high) * scale - 0.4));
    let lower =
        outline.iter().enumerate().rev().map(|(i, (low, _))| (at(i), middle - f64::from(*low) * scale + 0.4));
    svg.polygon(&upper.chain(lower).collect::<Vec<_>>(), "#334155");
}

const COLUMNS_PER_UNIT: f64 = 1.25;
/// Quieter sounds are not blown up to the full height.
const QUIETEST_FULL: u16 = 2000;
