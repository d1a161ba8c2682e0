"""Running a function that waits while the test plays its peer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from support.protocol import PATIENCE

T = TypeVar("T")


class Running(Generic[T]):
    """A function on a thread of its own."""

    def __init__(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> None:
        self._value: T | None = None
        self._error: BaseException | None = None

        def run() -> None:
            try:
                self._value = function(*args, **kwargs)
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def is_running(self) -> bool:
        """Whether the function has not returned."""
        return self._thread.is_alive()

    def result(self) -> T:
        """What the function returned; what it raised is raised."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the function does not return"
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
