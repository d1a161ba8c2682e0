"""What an application under test tells the test: lines that it prints, found in the server's log."""

from __future__ import annotations

import json
import time
from typing import Any

from support.server import ServerProcess


def told(server: ServerProcess, count: int = 1, seconds: float = 20.0) -> list[Any]:
    """Wait until that many values have been told; all that were, in order.

    Args:
        server: the program that runs the application.
        count: how many values there must be.
        seconds: how long to wait for them.
    """
    deadline = time.monotonic() + seconds
    decoder = json.JSONDecoder()
    while True:
        lines = [line.partition("INFO told ")[2] for line in server.log.splitlines()]
        values = [decoder.raw_decode(line)[0] for line in lines if line]
        if len(values) >= count:
            return values
        assert time.monotonic() < deadline, f"{len(values)} of {count} values were told:\n{server.log}"
        time.sleep(0.02)
