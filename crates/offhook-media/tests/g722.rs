//! G.722: what is heard of what was said.

use std::f64::consts::TAU;

use offhook_media::{Codec, Concealed, DecodeError, Decoder, Encoder, measure};
use proptest::prelude::*;

const RATE_HZ: u32 = 16_000;

fn tone(hz: f64, level_dbm0: f64, samples: usize) -> Vec<i16> {
    let peak = measure::peak_of_dbm0(level_dbm0);
    (0..samples).map(|at| (peak * (TAU * hz * at as f64 / f64::from(RATE_HZ)).sin()).round() as i16).collect()
}

/// Through an encoder and a decoder in packets of 20 ms.
fn through(samples: &[i16]) -> Vec<i16> {
    let (mut encoder, mut decoder) = (Encoder::new(Codec::G722), Decoder::new(Codec::G722));
    let mut heard = Vec::new();
    for packet in samples.chunks(320) {
        let (mut payload, mut decoded) = ([0; 160], [0; 320]);
        let length = encoder.encode(packet, &mut payload);
        let count = decoder.decode(&payload[..length], &mut decoded).expect("it was just encoded");
        heard.extend_from_slice(&decoded[..count]);
    }
    heard
}

/// RING-47: tones of both bands keep their level and frequency.
#[test]
fn tones_keep_level_and_frequency() {
    for hz in [300.0, 1000.0, 3400.0, 5000.0, 6500.0] {
        let heard = through(&tone(hz, -10.0, 16_000));
        let level = measure::level_dbm0(&heard[4000..], RATE_HZ, hz);
        assert!((level + 10.0).abs() < 0.5, "{hz} Hz at {level} dBm0");
        let frequency = measure::dominant_frequency(&heard[4000..], RATE_HZ).expect("a tone is heard");
        assert!((frequency - hz).abs() < hz / 200.0, "{hz} Hz heard as {frequency} Hz");
    }
}

/// RING-47: what is added to a tone of the lower band is far below it.
#[test]
fn the_noise_of_the_codec_is_low() {
    let said = tone(1000.0, -10.0, 16_000);
    let heard = through(&said);
    // The two filters delay by 22 samples.
    let (mut signal, mut noise) = (0.0, 0.0);
    for (said, heard) in said[4000..12_000].iter().zip(&heard[4022..]) {
        signal += f64::from(*said).powi(2);
        noise += (f64::from(*said) - f64::from(*heard)).powi(2);
    }
    let ratio = 10.0 * (signal / noise).log10();
    assert!(ratio > 35.0, "{ratio} dB");
}

#[test]
fn silence_stays_silent() {
    assert!(through(&[0; 3200]).iter().all(|sample| sample.abs() < 20));
}

/// RFC 3551 section 4.5.2: a byte for two samples, whatever the RTP clock says.
#[test]
fn a_packet_of_20_ms_has_160_bytes() {
    assert_eq!(Codec::G722.clock_rate_hz(), 8000);
    assert_eq!(Codec::G722.sampling_rate_hz(), 16_000);
    assert_eq!(Codec::G722.static_payload_type(), Some(9));
    assert_eq!(Encoder::new(Codec::G722).encode(&[0; 320], &mut [0; 500]), 160);
    assert_eq!(Codec::G722.packet_samples(&[0; 160]), Some(320));
}

#[test]
fn an_empty_payload_is_no_packet() {
    let refused = Decoder::new(Codec::G722).decode(&[], &mut [0; 320]).unwrap_err();
    assert_eq!(refused, DecodeError { codec: Codec::G722, bytes: 0 });
    assert_eq!(refused.to_string(), "payload of 0 bytes is no packet of g722");
}

/// RFC 3389: after a packet of comfort noise there is noise of its level, until audio comes again.
#[test]
fn comfort_noise_lasts_until_audio_comes() {
    let mut decoder = Decoder::new(Codec::G722);
    let mut samples = [0; 160];
    assert_eq!(decoder.conceal(&mut samples), Concealed::Unable);
    decoder.take_comfort_noise(&[50]);
    assert_eq!(decoder.conceal(&mut samples), Concealed::Pause);
    let level = measure::rms_dbm0(&samples);
    // 0 dBov is 3 dB above a sine of full scale, which has 3.14 dBm0.
    assert!((level - (-50.0 + 6.15)).abs() < 1.5, "{level} dBm0");
    decoder.decode(&[0xff; 160], &mut [0; 320]).expect("any bytes are G.722");
    assert_eq!(decoder.conceal(&mut samples), Concealed::Unable);
}

proptest! {
    /// UR-41: no payload panics, and none leaves the decoder unable to decode what follows.
    #[test]
    fn any_bytes_can_be_decoded(payload in prop::collection::vec(any::<u8>(), 1..2000)) {
        let mut decoder = Decoder::new(Codec::G722);
        let mut samples = vec![0; Codec::MOST_PACKET_SAMPLES];
        if let Some(expected) = Codec::G722.packet_samples(&payload) {
            prop_assert_eq!(decoder.decode(&payload, &mut samples), Ok(expected));
        }
        for _ in 0..50 {
            prop_assert_eq!(decoder.decode(&[0xfb; 160], &mut samples), Ok(320));
        }
    }

    /// UR-41: no sound panics the encoder.
    #[test]
    fn any_samples_can_be_encoded(samples in prop::collection::vec(any::<i16>(), 0..2000)) {
        let mut encoder = Encoder::new(Codec::G722);
        let mut payload = [0; 1000];
        prop_assert_eq!(encoder.encode(&samples, &mut payload), samples.len() / 2);
    }
}
