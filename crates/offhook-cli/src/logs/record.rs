//! The application data record: one line for each instance in `UAS_ADR.log` (ADR-1 to ADR-6).

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::clock::Moment;
use super::rolling::RollingFile;
use crate::config::LogSettings;

/// What is recorded about one run of an application.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) application: String,
    pub(crate) instance: String,
    pub(crate) start: SystemTime,
    pub(crate) duration: Duration,
    /// RUN-14.
    pub(crate) return_code: i64,
    pub(crate) application_parameters: String,
    pub(crate) reason: Reason,
}

/// Why an instance ran.
#[derive(Debug, Clone)]
pub(crate) enum Reason {
    /// A call came in from this address.
    Called { from: String },
    /// A request started it with these parameters (RUN-7).
    Started { parameters: String },
}

impl Record {
    /// The line of ADR-1 to ADR-4, with its line feed; `now` is the time at which the instance ended.
    fn line(&self, now: SystemTime) -> String {
        let (date, time) = Moment::of(now).record_parts();
        let (start_date, start_time) = Moment::of(self.start).record_parts();
        let bracketed = |text: &str| format!("[{}]", escaped(text, |c| c == ']'));
        let (direction, from, outbound) = match &self.reason {
            Reason::Called { from } => ("inbound", bracketed(from), "NA".to_owned()),
            Reason::Started { parameters } => ("outbound", "NA".to_owned(), bracketed(parameters)),
        };
        format!(
            "{date} {time}: {direction} {} {} {start_date}_{start_time} {:.1} {} {from} {} {outbound}\n",
            word(&self.application),
            word(&self.instance),
            self.duration.as_secs_f64(),
            self.return_code,
            bracketed(&self.application_parameters),
        )
    }
}

/// The file `UAS_ADR.log`.
pub(crate) struct Records(Mutex<RollingFile>);

impl Records {
    /// Opens the file in the log folder.
    pub(crate) fn open(settings: &LogSettings) -> anyhow::Result<Self> {
        Ok(Self(Mutex::new(super::open(&settings.root, "UAS_ADR.log", settings)?)))
    }

    /// Writes one record. When it returns, the operating system has the line. A record that cannot be written is
    /// logged instead, so that it is not lost.
    pub(crate) fn write(&self, record: &Record) {
        let line = record.line(SystemTime::now());
        let mut file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = file.write(line.as_bytes()) {
            tracing::error!(%error, record = line.trim_end(), "a data record could not be written");
        }
    }
}

/// ADR-4: what would break a bracketed field is written as `%` and two hexadecimal digits.
fn escaped(text: &str, breaks: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '%' || character.is_control() || breaks(character) {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(safe, "%{byte:02X}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// A field without brackets must not hold the separator, nor be empty.
fn word(text: &str) -> String {
    if text.is_empty() { "NA".to_owned() } else { escaped(text, |c| c == ' ') }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn record() -> Record {
        Record {
            application: "welcome".into(),
            instance: "i-7f3a".into(),
            start: UNIX_EPOCH + Duration::from_secs(1_795_386_240),
            duration: Duration::from_millis(5260),
            return_code: 0,
            application_parameters: "de;loud".into(),
            reason: Reason::Called { from: "sip:alice@192.0.2.1".into() },
        }
    }

    /// ADR-1, ADR-2, ADR-3: the fields in order, the time of 20 characters, the duration with one decimal.
    #[test]
    fn a_record_has_the_documented_fields() {
        let end = UNIX_EPOCH + Duration::from_secs(1_795_386_245);
        let line = record().line(end);
        assert_eq!(
            line,
            "2026-Nov-22 22:24:05: inbound welcome i-7f3a 2026-Nov-22_22:24:00 5.3 0 \
             [sip:alice@192.0.2.1] [de;loud] NA\n"
        );
        assert_eq!(line.split_at(20).1.split_at(2).0, ": ", "the time has 20 characters");
    }

    /// ADR-2: an outbound instance has no caller, and the parameters of its start request.
    #[test]
    fn an_outbound_record_has_the_parameters_of_its_start() {
        let record = Record { reason: Reason::Started { parameters: "a]b".into() }, ..record() };
        let line = record.line(UNIX_EPOCH);
        assert!(
            line.contains(": outbound welcome ") && line.ends_with(" 0 NA [de;loud] [a%5Db]\n"),
            "{line}"
        );
    }

    /// ADR-4: `]`, `%` and control characters in bracketed fields are escaped, so that the line can be split again.
    #[test]
    fn brackets_percent_signs_and_control_characters_are_escaped() {
        let record = Record { reason: Reason::Called { from: "a]b%c\nd ü".into() }, ..record() };
        assert!(record.line(UNIX_EPOCH).contains(" [a%5Db%25c%0Ad ü] "), "{}", record.line(UNIX_EPOCH));
    }

    /// ADR-5: negative return codes are written as they are.
    #[test]
    fn failures_keep_their_negative_code() {
        let record = Record { return_code: -4, duration: Duration::ZERO, ..record() };
        assert!(record.line(UNIX_EPOCH).contains(" 0.0 -4 ["), "{}", record.line(UNIX_EPOCH));
    }
}
