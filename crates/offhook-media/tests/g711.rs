//! G.711 against the definition of the Recommendation, which is computed here on its own.

use offhook_media::Law;
use proptest::prelude::*;

/// The positive side of a law, from the construction of its tables: segments of sixteen intervals, whose size doubles
/// from one segment to the next. Returns each interval's lower decision value and its quantised value, in units in
/// which the tables of the Recommendation are written (4096 for A-law, 8159 for mu-law).
fn intervals(law: Law) -> Vec<(f64, f64)> {
    let mut lower = 0.0;
    let mut intervals = Vec::new();
    for number in 0..128_u32 {
        let segment = number / 16;
        let size = match law {
            // A-law: the first two segments have the same interval size, 2.
            Law::A => f64::from(2_u32 << segment.saturating_sub(1)),
            // mu-law: the first interval is half as large as the others of its segment.
            _ if number == 0 => 1.0,
            _ => f64::from(2_u32 << segment),
        };
        let quantised = if law == Law::Mu && number == 0 { 0.0 } else { lower + size / 2.0 };
        intervals.push((lower, quantised));
        lower += size;
    }
    // The decision value x129, the virtual one.
    assert_eq!(lower, if law == Law::A { 4096.0 } else { 8159.0 });
    intervals
}

/// What a unit of the tables is in a 16-bit sample.
fn scale(law: Law) -> f64 {
    if law == Law::A { 8.0 } else { 4.0 }
}

/// The character signal of interval `number` (0 to 127) as sent: A-law with the even bits inverted, mu-law with all
/// bits of the magnitude inverted.
fn character(law: Law, negative: bool, number: u8) -> u8 {
    let sign = if negative { 0 } else { 0x80 };
    match law {
        Law::A => (sign | number) ^ 0x55,
        _ => sign | (0x7F - number),
    }
}

/// FILE-10: every one of the 256 characters decodes to the value of the Recommendation's tables.
#[test]
fn all_characters_decode_to_the_values_of_the_recommendation() {
    for law in Law::ALL {
        for (number, (_, quantised)) in intervals(law).into_iter().enumerate() {
            let value = (quantised * scale(law)) as i16;
            for negative in [false, true] {
                let code = character(law, negative, number as u8);
                let expected = if negative { -value } else { value };
                assert_eq!(law.decode(&[code]), [expected], "{law} {code:#04x}");
            }
        }
    }
}

/// FILE-10: every one of the 65,536 samples is encoded as the interval it lies in, both laws.
#[test]
fn all_samples_are_encoded_as_the_interval_they_lie_in() {
    for law in Law::ALL {
        let intervals = intervals(law);
        for sample in i16::MIN..=i16::MAX {
            let negative = sample < 0;
            // Negative samples mirror the positive ones: -1 lies where 0 lies.
            let magnitude = f64::from(if negative { !sample } else { sample }) / scale(law);
            // Mu-law's samples have fractions of a unit, which belong to the unit below.
            let magnitude = if law == Law::Mu { magnitude.floor() } else { magnitude };
            let number = intervals.iter().rposition(|(lower, _)| *lower <= magnitude).unwrap_or(0);
            assert_eq!(law.encode(&[sample]), [character(law, negative, number as u8)], "{law} {sample}");
        }
    }
}

/// FILE-10: encoding what was decoded gives the same character; mu-law's negative zero becomes the positive one.
#[test]
fn decoded_characters_encode_to_themselves() {
    for law in Law::ALL {
        for code in 0..=255 {
            let again = law.encode(&law.decode(&[code]))[0];
            let expected = if law == Law::Mu && code == 0x7F { 0xFF } else { code };
            assert_eq!(again, expected, "{law}");
        }
    }
}

/// RING-37: the silence byte is the encoding of nothing, and decodes to next to nothing.
#[test]
fn the_silence_byte_is_the_encoding_of_zero() {
    for law in Law::ALL {
        assert_eq!(law.encode(&[0]), [law.silence_byte()]);
        assert!(law.decode(&[law.silence_byte()])[0].abs() <= 8);
    }
}

/// FILE-10: encoding and decoding into buffers stops at the shorter one.
#[test]
fn buffers_of_different_length_are_filled_as_far_as_they_go() {
    let mut bytes = [1; 3];
    assert_eq!(Law::A.encode_into(&[0, 0], &mut bytes), 2);
    assert_eq!(bytes, [0xD5, 0xD5, 1]);
    let mut samples = [7; 1];
    assert_eq!(Law::Mu.decode_into(&[0xFF, 0xFF], &mut samples), 1);
    assert_eq!(samples, [0]);
}

proptest! {
    /// FILE-10: no sample below the overload point moves by more than half the largest interval near it.
    #[test]
    fn the_error_of_a_sample_is_at_most_half_its_interval(sample in -32_000_i16..=32_000) {
        for law in Law::ALL {
            let heard = law.decode(&law.encode(&[sample]))[0];
            let error = (i32::from(heard) - i32::from(sample)).abs();
            // Sixteen intervals a segment: the interval is at most a sixteenth of the magnitude and the bias.
            let half_interval = (i32::from(sample).abs() + 132) / 32 + 9;
            prop_assert!(error <= half_interval, "{law} {sample} {heard}");
        }
    }
}
