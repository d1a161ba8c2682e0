//! What was measured, run by run, against the bars of the project.

use std::collections::BTreeMap;

use super::report::{Table, percentile};

/// A figure that has a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    SignallingRust,
    SignallingPython,
    CallsPerSecond,
    CallsUp,
    Gap99,
    PacketsLost,
    Gap999,
    Ringing99,
    FirstPacket99,
    MemoryRust,
    MemoryPython,
    Growth,
    Idle,
}

impl Figure {
    /// What it is, the bar, and whether less is better.
    fn bar(self) -> (&'static str, f64, bool) {
        match self {
            Self::SignallingRust => ("signalling only, Rust application, CPU s per 1000 calls", 0.05, true),
            Self::SignallingPython => {
                ("signalling only, Python application and worker, CPU s per 1000 calls", 0.8, true)
            }
            Self::CallsPerSecond => {
                ("calls a second on one core without a failed call, Rust", 10_000.0, false)
            }
            Self::CallsUp => ("early-media calls that one core carries, from the cores used", 4000.0, false),
            Self::Gap99 => ("packet gap p99 at the most calls, ms", 25.0, true),
            Self::PacketsLost => ("packets lost at the most calls", 0.0, true),
            Self::Gap999 => ("packet gap p99.9 at the most calls, ms", 22.0, true),
            Self::Ringing99 => ("INVITE to 183, p99, ms", 3.0, true),
            Self::FirstPacket99 => ("183 to first RTP packet, p99, ms", 10.0, true),
            Self::MemoryRust => ("memory of an early-media call, Rust application, KB", 20.0, true),
            Self::MemoryPython => {
                ("memory of an early-media call, Python application and worker, KB", 80.0, true)
            }
            Self::Growth => ("CPU of an early-media call at the most calls against the fewest", 1.15, true),
            Self::Idle => ("CPU of an idle server, % of a core", 0.2, true),
        }
    }
}

/// The values of all runs.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    values: BTreeMap<Figure, Vec<f64>>,
    /// What the machine itself charges for a figure.
    limits: BTreeMap<Figure, f64>,
}

impl Figures {
    /// Adds the value of one run.
    pub(crate) fn add(&mut self, figure: Figure, value: f64) {
        self.values.entry(figure).or_default().push(value);
    }

    /// Keeps the highest value of all.
    pub(crate) fn replace_if_more(&mut self, figure: Figure, value: f64) {
        let values = self.values.entry(figure).or_default();
        if values.first().is_none_or(|before| *before < value) {
            *values = vec![value];
        }
    }

    /// Notes what the machine itself charges.
    pub(crate) fn limit(&mut self, figure: Figure, limit: f64) {
        self.limits.insert(figure, limit);
    }

    /// The median of a figure, if it was measured.
    pub(crate) fn median(&self, figure: Figure) -> Option<f64> {
        let mut values = self.values.get(&figure)?.clone();
        values.sort_by(f64::total_cmp);
        Some(percentile(&values, 0.5))
    }

    /// The table: bar, median, minimum, maximum, and the ratio to the physical limit.
    pub(crate) fn render(&self) -> String {
        let mut table =
            Table::new(&["what", "bar", "median", "min", "max", "runs", "physical limit", "ratio to it", ""]);
        for (figure, values) in &self.values {
            let (name, bar, less) = figure.bar();
            let mut values = values.clone();
            values.sort_by(f64::total_cmp);
            let median = percentile(&values, 0.5);
            let held = if less { median <= bar } else { median >= bar };
            let limit = self.limits.get(figure);
            table.row(vec![
                name.to_owned(),
                short(bar),
                short(median),
                short(values[0]),
                short(values[values.len() - 1]),
                values.len().to_string(),
                limit.map_or_else(|| "-".to_owned(), |limit| short(*limit)),
                limit.map_or_else(|| "-".to_owned(), |limit| format!("{:.1}", median / limit)),
                if held { "held" } else { "missed" }.to_owned(),
            ]);
        }
        table.render()
    }

    /// The table of two programs side by side, as medians and their ratio.
    pub(crate) fn compare(&self, other: &Self, names: [&str; 2]) -> String {
        let mut table = Table::new(&["what", names[0], names[1], "ratio"]);
        for figure in self.values.keys() {
            let (Some(one), Some(two)) = (self.median(*figure), other.median(*figure)) else { continue };
            let ratio = if two == 0.0 { "-".to_owned() } else { format!("{:.2}", one / two) };
            table.row(vec![figure.bar().0.to_owned(), short(one), short(two), ratio]);
        }
        table.render()
    }
}

/// A figure with as many places as mean something.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
