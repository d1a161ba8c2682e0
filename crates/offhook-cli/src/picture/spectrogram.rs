//! The spectrogram of what the caller heard, as an image inside the picture.

use offhook::media::Sound;
use offhook::media::measure::spectrogram;

use super::INK_SOFT;
use super::layout::{self, Axis, Layout};
use super::svg::{Svg, Text};

pub(super) fn draw(svg: &mut Svg, sound: &Sound, axis: &Axis, layout: &Layout) {
    let top = layout.spectrogram;
    let width = layout::RIGHT - layout::LEFT;
    let samples = on_axis(sound, axis);
    if let Some(image) = image(&samples, sound.rate_hz) {
        svg.png(layout::LEFT, top, width, layout::SPECTROGRAM, &image);
    }
    let highest_khz = sound.rate_hz / 2000;
    for khz in 0..=highest_khz {
        let y = top + layout::SPECTROGRAM * (1.0 - f64::from(khz) / f64::from(highest_khz.max(1)));
        svg.line(layout::LEFT - 5.0, y, layout::LEFT, y, INK_SOFT, 1.0);
        let label = if khz == highest_khz { format!("{khz} kHz") } else { khz.to_string() };
        svg.text(layout::LEFT - 9.0, y + 4.0, &label, Text::small().anchor_end().fill(INK_SOFT));
    }
    draw_scale(svg, layout);
}

/// The colours with their levels.
fn draw_scale(svg: &mut Svg, layout: &Layout) {
    let (x, top, height) = (layout::RIGHT + 14.0, layout.spectrogram, layout::SPECTROGRAM);
    const STEPS: u32 = 44;
    let step = height / f64::from(STEPS);
    for index in 0..STEPS {
        let [r, g, b] = colour(1.0 - (f64::from(index) + 0.5) / f64::from(STEPS));
        svg.rect(x, top + f64::from(index) * step, 10.0, step + 0.3, &format!("#{r:02x}{g:02x}{b:02x}"));
    }
    for (level, part) in
        [(LOUDEST_DBM0, 0.0), (f64::midpoint(LOUDEST_DBM0, QUIETEST_DBM0), 0.5), (QUIETEST_DBM0, 1.0)]
    {
        let label = format!("{level:.0} dBm0").replace('-', "\u{2212}");
        svg.text(x + 16.0, top + (height - 8.0) * part + 8.0, &label, Text::small().fill(INK_SOFT));
    }
}

/// The samples cut or filled with silence to the length of the axis.
fn on_axis(sound: &Sound, axis: &Axis) -> Vec<i16> {
    let count = (axis.seconds() * f64::from(sound.rate_hz)) as usize;
    let mut samples = sound.samples.clone();
    samples.resize(count, 0);
    samples
}

/// An indexed PNG, which is a third of the size of one with three bytes a pixel.
fn image(samples: &[i16], rate_hz: u32) -> Option<Vec<u8>> {
    let spectrogram = spectrogram(samples, rate_hz, COLUMNS, ROWS);
    let mut pixels = Vec::with_capacity(COLUMNS * ROWS);
    for row in (0..ROWS).rev() {
        for column in 0..COLUMNS {
            let level = spectrogram.level_dbm0(column, row).map_or(f64::NEG_INFINITY, f64::from);
            let part = ((level - QUIETEST_DBM0) / (LOUDEST_DBM0 - QUIETEST_DBM0)).clamp(0.0, 1.0);
            pixels.push((part * 255.0) as u8);
        }
    }
    let palette: Vec<u8> = (0..=255u8).flat_map(|index| colour(f64::from(index) / 255.0)).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, COLUMNS as u32, ROWS as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// From the dark of silence over violet and orange to a light yellow: rises evenly in lightness, so that it reads the
/// same in print and to the colour-blind.
fn colour(part: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 7] = [
        [13.0, 11.0, 33.0],
        [44.0, 20.0, 84.0],
        [101.0, 26.0, 110.0],
        [168.0, 46.0, 95.0],
        [226.0, 89.0, 52.0],
        [250.0, 165.0, 42.0],
        [252.0, 253.0, 191.0],
    ];
    let at = part.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (at as usize).min(STOPS.len() - 2);
    let rest = at - below as f64;
    std::array::from_fn(|channel| {
        let (from, to) = (STOPS[below][channel], STOPS[below + 1][channel]);
        (from + (to - from) * rest).round() as u8
    })
}

const COLUMNS: usize = 1206;
const ROWS: usize = 128;
const LOUDEST_DBM0: f64 = -15.0;
const QUIETEST_DBM0: f64 = -65.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_grow_lighter_from_quiet_to_loud() {
        let lightness = |index: i32| {
            let [r, g, b] = colour(f64::from(index) / 100.0).map(f64::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        assert!((1..=100).all(|index| lightness(index) >= lightness(index - 1)));
    }

    #[test]
    fn the_image_is_a_png_of_its_size() {
        let file = image(&[0; 8000], 8000).expect("drawn");
        let decoder = png::Decoder::new(std::io::Cursor::new(file));
        let reader = decoder.read_info().expect("a PNG");
        assert_eq!((reader.info().width, reader.info().height), (COLUMNS as u32, ROWS as u32));
    }
}
