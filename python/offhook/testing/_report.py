"""What is shown of the calls of a failed test."""

from __future__ import annotations

import os
from pathlib import Path

from offhook.testing._call import Call
from offhook.testing._rehearsal import Rehearsal
from offhook.testing._server import RehearsalError

MOST_CALLS = 5
"""Of so many calls of a test files are kept: a failure in a test of a thousand calls fills no disk."""

MOST_LOG_LINES = 40


def report(rehearsal: Rehearsal, folder: Path) -> str:
    """Keep the calls as files below ``folder`` and put them into words; empty if there is none."""
    if not rehearsal.calls:
        return ""
    parts = [_of_call(number, call, folder) for number, call in enumerate(rehearsal.calls[:MOST_CALLS], 1)]
    more = len(rehearsal.calls) - MOST_CALLS
    if more > 0:
        parts.append(f"and {more} more calls, of which nothing is kept")
    log = rehearsal.log.splitlines()
    parts.append("\n".join([f"log (the last {MOST_LOG_LINES} lines)", *log[-MOST_LOG_LINES:]]))
    parts.append(f"seed {rehearsal.seed}: the same seed gives the same run")
    return "\n\n".join(parts)


def _of_call(number: int, call: Call, folder: Path) -> str:
    lines = [repr(call).strip("<>")]
    try:
        files = call.keep(folder / f"call-{number}", f"Call {number} of {folder.name}")
        lines.append(call.ladder)
        for heard in call.listened:
            lines.append(str(heard))
        lines += [os.path.relpath(file) for file in files]
    except RehearsalError as error:
        lines.append(f"nothing could be kept: {error}")
    return "\n".join(lines)
