"""Threads that run the instances of blocking applications, reused and limited in number (``RUN-22``)."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]


class Full(Exception):
    """There is no thread for a further task."""


class ThreadPool:
    """Runs tasks on at most ``limit`` threads; a thread is made only when all others are busy."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0
        self._threads = 0

    def start(self, task: Task) -> None:
        """Run a task. It must call ``release`` just before its last act, so that the next start finds room.

        Raises:
            Full: if ``limit`` tasks run, or the machine has no thread left.
        """
        with self._lock:
            if self._busy >= self._limit:
                raise Full
            self._busy += 1
            # A thread that has released its task takes the next one in a moment: no need for a further
            # thread.
            grow = self._busy > self._threads
            if grow:
                self._threads += 1
                number = self._threads
        if grow:
            try:
                threading.Thread(target=self._run, name=f"offhook-instance-{number}", daemon=True).start()
            except RuntimeError as error:  # The machine has no thread left.
                with self._lock:
                    self._busy -= 1
                    self._threads -= 1
                raise Full from error
        self._tasks.put(task)

    def release(self) -> None:
        """The calling task is all but over."""
        with self._lock:
            self._busy -= 1

    def close(self) -> None:
        """Let every thread end once it has nothing to do."""
        for _ in range(self._threads):
            self._tasks.put(None)

    @property
    def threads(self) -> int:
        """The number of threads that the pool keeps."""
        return self._threads

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            # What an application leaves in context variables must not be seen by the next instance.
            contextvars.Context().run(task)
            del task
