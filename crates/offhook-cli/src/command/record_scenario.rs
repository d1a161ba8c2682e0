//! `offhook record-scenario`: writes a test of a call that was captured.

use crate::cli::RecordScenario;
use crate::command::Ending;
use crate::scenario::{self, Wanted};
use crate::terminal::{line, span};

/// Reads the capture and writes the test.
pub(super) fn run(arguments: RecordScenario) -> anyhow::Result<Ending> {
    let wanted = Wanted {
        capture: arguments.capture,
        test: arguments.test,
        application: arguments.app,
        call_id: arguments.call_id,
        media_root: arguments.media_root,
        return_code: arguments.return_code,
    };
    let written = scenario::record(&wanted)?;
    line(&format!(
        "a call of {}: {} deeds of the caller, {} assertions",
        span(written.duration),
        written.deeds,
        written.assertions
    ));
    for file in &written.files {
        line(&format!("wrote {}", file.display()));
    }
    for remark in &written.remarks {
        line(&format!("note: {remark}"));
    }
    Ok(Ending::Done)
}
