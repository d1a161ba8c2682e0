//! From narrow band to wide band and back, frame by frame.

use offhook_dsp::StreamResampler;

/// Brings frames of one stream from one sampling rate to another, where each is
/// [`Codec::sampling_rate_hz`](crate::Codec::sampling_rate_hz) of some codec.
///
/// The first frame whose rate is to change takes memory, no later one does.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateConverter {
    converting: Option<(Direction, StreamResampler)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl RateConverter {
    /// Writes a frame at `from_hz` to one at `to_hz` that lasts as long.
    pub(crate) fn convert(&mut self, from_hz: u32, from: &[i16], to_hz: u32, to: &mut [i16]) {
        let direction = match to_hz.cmp(&from_hz) {
            std::cmp::Ordering::Equal => {
                let count = from.len().min(to.len());
                to[..count].copy_from_slice(&from[..count]);
                return;
            }
            std::cmp::Ordering::Greater => Direction::Up,
            std::cmp::Ordering::Less => Direction::Down,
        };
        if self.converting.as_ref().is_none_or(|(before, _)| *before != direction) {
            self.converting = Some((direction, StreamResampler::default()));
        }
        if let Some((_, resampler)) = &mut self.converting {
            match direction {
                Direction::Up => resampler.double(from, to),
                Direction::Down => resampler.halve(from, to),
            }
        }
    }
}
