//! Writes docs/reference/live-speaker-detection.md: the confusion table over the synthetic answers of the tests.
//!
//! `cargo run -p offhook-media --example speaker_table > docs/reference/live-speaker-detection.md`

#[path = "../tests/answers/mod.rs"]
mod answers;

use std::collections::BTreeMap;

use offhook_media::speaker::FarEnd;

const COLUMNS: [FarEnd; 4] = [FarEnd::Live, FarEnd::AnswerMachine, FarEnd::FaxMachine, FarEnd::Unknown];

fn main() {
    let answers = answers::answers();
    let mut kinds: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let mut waits: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut right = 0;
    for answer in &answers {
        if !kinds.contains(&answer.kind) {
            kinds.push(answer.kind);
        }
        let found = answer.found();
        let far_end = found.map_or(FarEnd::Unknown, |found| found.far_end);
        let column = COLUMNS.iter().position(|known| *known == far_end).unwrap_or(3);
        *counts.entry((answer.kind, column)).or_default() += 1;
        right += usize::from(far_end == answer.truth);
        if let Some(found) = found.filter(|found| found.far_end == answer.truth) {
            waits.entry(answer.kind).or_default().push((found.greeting + found.silence).as_secs_f64());
        }
    }

    println!("# Live speaker detection, measured\n");
    println!("<!-- Written by `cargo run -p offhook-media --example speaker_table`; do not edit. -->\n");
    println!(
        "{} synthetic answers: speech of six voices, beeps, fax tones and national ringing tones, 12 dB quieter to 3 dB\n\
         louder, with line noise of -70 to -48 dBm0, through A-law or mu-law. The detection runs `TIMEOUT_FROM_ANSWER_DETECT`\n\
         with 7000 ms. Rows are what answered, columns what was found (LSD-4). The seconds are the median of greeting and\n\
         silence by which it was judged, where the judgement was right.\n",
        answers.len()
    );
    println!("| what answered | `LIVE` | `ANSWER_MACHINE` | `FAX_MACHINE` | `UNKNOWN` | seconds |");
    println!("|---|---:|---:|---:|---:|---:|");
    for kind in &kinds {
        let cells: Vec<String> =
            (0..4).map(|column| counts.get(&(*kind, column)).copied().unwrap_or(0).to_string()).collect();
        let mut waits = waits.remove(kind).unwrap_or_default();
        waits.sort_by(f64::total_cmp);
        let median = waits.get(waits.len() / 2).map_or("-".to_owned(), |median| format!("{median:.1}"));
        println!("| {kind} | {} | {median} |", cells.join(" | "));
    }
    println!(
        "\n{right} of {} are right: {:.1} %.\n",
        answers.len(),
        100.0 * right as f64 / answers.len() as f64
    );
    println!(
        "People who answer with a long sentence are the ones taken for machines, and machines with a short greeting and a\n\
         long pause before the beep the ones taken for people: by the sound alone the two differ in nothing else."
    );
}
