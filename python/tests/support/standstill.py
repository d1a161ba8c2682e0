"""Tells when the machine stood still, so that a test of sound in real time is not judged by it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from types import TracebackType

#: A delay beyond two frames: the pacing thread may have left frames out, and nobody is to blame.
STOOD_STILL_SECONDS = 0.03


class StandstillWatch:
    """Watches each processor by a thread of its own, and what the host of a virtual machine takes away."""

    STEP_SECONDS = 0.005

    def __init__(self) -> None:
        self._longest: dict[int, float] = {}
        self._stolen_before = 0.0
        self._stolen = 0.0
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._look, args=[processor], daemon=True) for processor in processors()
        ]

    def __enter__(self) -> StandstillWatch:
        self._stolen_before = stolen_seconds()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._stolen = stolen_seconds() - self._stolen_before

    @property
    def machine_stood_still(self) -> bool:
        """Whether a thread may have come so late, anywhere, that frames had to be left out."""
        return max([self._stolen, *self._longest.values()]) >= STOOD_STILL_SECONDS

    def _look(self, processor: int) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.sched_setaffinity(threading.get_native_id(), {processor})
        before = time.monotonic()
        while not self._over.wait(self.STEP_SECONDS):
            now = time.monotonic()
            late = now - before - self.STEP_SECONDS
            self._longest[processor] = max(self._longest.get(processor, 0.0), late)
            before = now


def processors() -> set[int]:
    """Those that this process may use; one that stands for all where a system does not tell."""
    try:
        return os.sched_getaffinity(0)
    except AttributeError:
        return {0}


def stolen_seconds() -> float:
    """What the host of this virtual machine has taken so far; 0.0 where a system does not tell."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        return int(first.split()[8]) / float(os.sysconf("SC_CLK_TCK"))
    except (OSError, IndexError, ValueError):
        return 0.0
