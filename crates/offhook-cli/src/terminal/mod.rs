//! What a person sees in the terminal: colours where they are wanted, a line that shows progress, and output that does
//! not panic when the reader of a pipe has gone.

mod ladder;
mod progress;

pub(crate) use ladder::print_ladder;
pub(crate) use progress::Progress;

use std::io::{self, IsTerminal, Write};

/// The few colours that carry a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
    Yellow,
    Blue,
    Grey,
    Bold,
}

/// Colours `text` for standard output and standard error alike, unless one of them is not a terminal or `NO_COLOR`
/// is set.
pub(crate) fn paint(colour: Colour, text: &str) -> String {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && io::stdout().is_terminal()
        && io::stderr().is_terminal();
    if !wanted {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Red => "31;1",
        Colour::Green => "32",
        Colour::Yellow => "33",
        Colour::Blue => "34",
        Colour::Grey => "90",
        Colour::Bold => "1",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Writes everything to standard output. A reader that has gone (`offhook tones | head`) is not an error.
pub(crate) fn print_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints one line to standard output; a reader that has gone is ignored.
pub(crate) fn line(text: &str) {
    // The only failures left are those of a terminal that is gone, about which nobody could be told.
    let _ = print_all(format!("{text}\n").as_bytes());
}

/// A time span as people read it: `340 ms`, `2.51 s`, `3 min 20 s`.
pub(crate) fn span(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 120.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}
