"""Tells when the machine stood still, so that a test of sound in real time is not judged by it."""

from __future__ import annotations

import threading
import time
from types import TracebackType


class StandstillWatch:
    """Looks at the clock every few milliseconds; ``longest`` is the worst delay in seconds."""

    STEP_SECONDS = 0.005

    def __init__(self) -> None:
        self.longest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> StandstillWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        before = time.monotonic()
        while not self._over.wait(self.STEP_SECONDS):
            now = time.monotonic()
            self.longest = max(self.longest, now - before - self.STEP_SECONDS)
            before = now
