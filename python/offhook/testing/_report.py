"""What is shown of the calls of a failed test."""

from __future__ import annotations

import os
import re
from pathlib import Path

from offhook.testing._rehearsal import Rehearsal
from offhook.testing._server import RehearsalError
from offhook.testing._telephone import Telephone

MOST_CALLS = 5
"""Of so many calls of a test files are kept: a failure in a test of a thousand calls fills no disk."""

MOST_LOG_LINES = 40


def report(rehearsal: Rehearsal, folder: Path) -> str:
    """Keep the calls as files below ``folder`` and put them into words; empty if there is none."""
    received = [(callee.address, call) for callee in rehearsal.callees for call in callee.calls]
    ends: list[tuple[str, Telephone]] = [
        *((f"call-{number}", call) for number, call in enumerate(rehearsal.calls, 1)),
        *((f"callee-{number}-{address}", call) for number, (address, call) in enumerate(received, 1)),
    ]
    if not ends:
        return ""
    parts = [_of_call(name, call, folder) for name, call in ends[:MOST_CALLS]]
    more = len(ends) - MOST_CALLS
    if more > 0:
        parts.append(f"and {more} more calls, of which nothing is kept")
    log = rehearsal.log.splitlines()
    parts.append("\n".join([f"log (the last {MOST_LOG_LINES} lines)", *log[-MOST_LOG_LINES:]]))
    parts.append(f"seed {rehearsal.seed}: the same seed gives the same run")
    return "\n\n".join(parts)


def _of_call(name: str, call: Telephone, folder: Path) -> str:
    lines = [name]
    try:
        lines[0] += f": {repr(call).strip('<>')}"
        files = call.keep(folder / re.sub(r"[^\w.\-]+", "-", name), f"{name} of {folder.name}")
        lines.append(call.ladder)
        for heard in call.listened:
            lines.append(str(heard))
        lines += [os.path.relpath(file) for file in files]
    except RehearsalError as error:
        lines.append(f"nothing could be kept: {error}")
    return "\n".join(lines)
