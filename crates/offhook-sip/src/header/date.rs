//! Date: when a message was sent.

use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// A point of time in the only form that SIP knows, such as `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261 section
/// 20.17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// Three letters, `Mon` to `Sun`.
    pub weekday: Text,
    /// 1 to 31.
    pub day: u8,
    /// 1 to 12.
    pub month: u8,
    /// Four digits.
    pub year: u16,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60, for leap seconds.
    pub second: u8,
}

impl TypedHeader for Date {
    const NAME: HeaderName = HeaderName::Date;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        read(value).ok_or(ValueError::new("a date such as `Sat, 13 Nov 2010 23:29:00 GMT`"))
    }

    fn write(&self, out: &mut String) {
        let month = MONTHS.get(usize::from(self.month).wrapping_sub(1)).unwrap_or(&"Jan");
        out.push_str(&format!(
            "{}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
            self.weekday, self.day, self.year, self.hour, self.minute, self.second
        ));
    }
}

wire_form!(Date);

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn read(value: &Text) -> Option<Date> {
    let (weekday, rest) = value.split_once(", ")?;
    let mut words = rest.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next()?);
    if words.next().is_some() || zone != "GMT" || !WEEKDAYS.contains(&weekday) {
        return None;
    }
    let mut clock = time.split(':').map(|part| digits(part, 2));
    let date = Date {
        weekday: value.slice(weekday),
        day: u8::try_from(digits(day, 2)?).ok()?,
        month: u8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?,
        year: digits(year, 4)?,
        hour: u8::try_from(clock.next()??).ok()?,
        minute: u8::try_from(clock.next()??).ok()?,
        second: u8::try_from(clock.next()??).ok()?,
    };
    let sane = (1..=31).contains(&date.day) && date.hour < 24 && date.minute < 60 && date.second <= 60;
    (sane && clock.next().is_none()).then_some(date)
}

fn digits(text: &str, count: usize) -> Option<u16> {
    if text.len() != count || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
