"""Waits for what another process does; nothing in these tests waits for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds after which something that does not happen counts as missing."""


def wait_until(holds: Callable[[], bool], what: str, told: Callable[[], str]) -> None:
    """Polls until the condition holds; fails with what was told meanwhile."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen in {PATIENCE} s:\n{told()}"
        time.sleep(0.05)  # another process has no way to wake us
