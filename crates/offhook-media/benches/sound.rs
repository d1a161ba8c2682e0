//! The hot paths of sound: what a call costs before and beside its packets.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_media::{Codec, Decoder, Encoder, measure, resample, tone, wav};

/// One packet of 20 ms, and a minute.
const FRAME: usize = 160;
const MINUTE: usize = 480_000;

fn speech_like(samples: usize) -> Vec<i16> {
    // A linear congruential generator: no branch predictor learns it, and every run gets the same.
    let mut state = 1_u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16 / 4
        })
        .collect()
}

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(FRAME as u64));
    for codec in Codec::ALL {
        let samples = speech_like(codec.sampling_rate_hz() as usize / 50);
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut bytes = [0; 2 * FRAME];
        let length = encoder.encode(&samples, &mut bytes);
        let encoded = bytes;
        group.bench_function(format!("encode {codec}"), |bencher| {
            bencher.iter(|| encoder.encode(black_box(&samples), black_box(&mut bytes)));
        });
        let mut decoded = [0; 2 * FRAME];
        group.bench_function(format!("decode {codec}"), |bencher| {
            bencher.iter(|| decoder.decode(black_box(&encoded[..length]), black_box(&mut decoded)));
        });
    }
    group.finish();
}

fn tones(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tone");
    for name in ["RINGBACK_UK", "RINGBACK", "ringback.jp"] {
        let sequence = tone::named(name).expect("a known name");
        group.throughput(Throughput::Elements(sequence.render(8000).len() as u64));
        group.bench_function(format!("render {name}"), |bencher| {
            bencher.iter(|| black_box(&sequence).render_loop(8000));
        });
    }
    group.finish();
}

fn resampling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample");
    group.sample_size(20);
    for from_hz in [16_000, 44_100, 48_000] {
        let samples = speech_like(from_hz as usize * 10);
        group.throughput(Throughput::Elements(samples.len() as u64));
        group.bench_function(format!("{from_hz} to 8000, 10 s"), |bencher| {
            bencher.iter(|| resample(black_box(&samples), from_hz, 8000));
        });
    }
    group.finish();
}

fn files(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wav");
    group.throughput(Throughput::Elements(MINUTE as u64));
    let file = wav::write(&offhook_media::Sound::new(8000, speech_like(MINUTE)));
    group.bench_function("read a minute of 16-bit PCM", |bencher| {
        bencher.iter(|| wav::read(black_box(&file)))
    });
    group.bench_function("probe", |bencher| bencher.iter(|| wav::probe(black_box(&file))));
    group.finish();
}

fn measurements(criterion: &mut Criterion) {
    let samples = tone::named("RINGBACK_UK").expect("a known name").render(8000);
    criterion.bench_function("measure/level of 0.4 s", |bencher| {
        bencher.iter(|| measure::level_dbm0(black_box(&samples[..3200]), 8000, 450.0));
    });
}

criterion_group!(benches, codec, tones, resampling, files, measurements);
criterion_main!(benches);
