"""What an application under test tells the test: lines that it prints, found in the server's log."""

from __future__ import annotations

import json
from typing import Any

from support.server import Server


def told(server: Server, count: int = 1, seconds: float = 20.0) -> list[Any]:
    """Wait until that many values have been told; all that were, in order.

    Args:
        server: the program that runs the application.
        count: how many values there must be.
        seconds: how long to wait for them.
    """
    decoder = json.JSONDecoder()

    def values() -> list[Any]:
        lines = [line.partition("INFO told ")[2] for line in server.log.splitlines()]
        return [decoder.raw_decode(line)[0] for line in lines if line]

    come = server.network.wait_for(lambda: len(values()) >= count, seconds)
    assert come, f"{len(values())} of {count} values were told:\n{server.log}"
    return values()
