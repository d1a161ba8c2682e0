//! One line on standard error that says what is being waited for.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shows that something is under way; the line goes when the value is dropped. On anything but a terminal nothing is
/// shown, so that logs and scripts stay clean.
pub(crate) struct Progress {
    done: Arc<AtomicBool>,
    what: Arc<Mutex<String>>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show `what`. Things that are over within [`PATIENCE`] never appear.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let what = Arc::new(Mutex::new(what.into()));
        if !io::stderr().is_terminal() {
            return Self { done, what, painter: None };
        }
        let (shown, seen) = (Arc::clone(&what), Arc::clone(&done));
        let painter = thread::spawn(move || draw(&shown, &seen));
        Self { done, what, painter: Some(painter) }
    }

    /// Shows something else from now on.
    pub(crate) fn tell(&self, what: impl Into<String>) {
        *text(&self.what) = what.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        if let Some(painter) = self.painter.take() {
            painter.thread().unpark();
            // A painter that panicked has nothing left to draw.
            let _ = painter.join();
        }
    }
}

fn text(what: &Mutex<String>) -> MutexGuard<'_, String> {
    // A text is replaced as a whole.
    what.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn draw(what: &Mutex<String>, done: &AtomicBool) {
    let begun = Instant::now();
    let mut shown = false;
    let mut turn = 0;
    while !done.load(Ordering::Acquire) {
        if begun.elapsed() >= PATIENCE {
            shown = true;
            let mut out = io::stderr().lock();
            let _ = write!(
                out,
                "\r\x1b[2K{} {} ({:.0} s)",
                FRAMES[turn % FRAMES.len()],
                text(what),
                begun.elapsed().as_secs_f32()
            );
            let _ = out.flush();
            turn += 1;
        }
        thread::park_timeout(STEP);
    }
    if shown {
        let mut out = io::stderr().lock();
        let _ = write!(out, "\r\x1b[2K");
        let _ = out.flush();
    }
}

const FRAMES: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠋"];
const PATIENCE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);
