"""The logger that applications are handed as ``my_log`` (``LOG-1`` to ``LOG-4``)."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook._wire import Wire

__all__ = ["LEVELS", "Log"]

LEVELS = ("debug", "trace", "info", "report", "warning", "error")
"""From most to least verbose (``LOG-2``)."""

_LONGEST_TEXT = 65536


class Log:
    """Writes lines to the server's log, one method per level (``LOG-3``).

    Each line gets the time, the level, the application's name and the instance id; a line feed in the text
    cannot forge a second line (``LOG-4``). No method blocks or raises, whatever object it is given to log;
    lines below the server's level cost next to nothing.
    """

    __slots__ = ("_instance", "_least", "_wire")

    def __init__(self, wire: Wire, instance: str | None, least: str) -> None:
        self._wire = wire
        self._instance = instance
        self._least = LEVELS.index(least) if least in LEVELS else 0

    def debug(self, text: object) -> None:
        """Log at ``debug``: everything."""
        self._write(0, text)

    def trace(self, text: object) -> None:
        """Log at ``trace``: events such as state changes."""
        self._write(1, text)

    def info(self, text: object) -> None:
        """Log at ``info``: channel start and stop."""
        self._write(2, text)

    def report(self, text: object) -> None:
        """Log at ``report``: essentials such as the end of an application."""
        self._write(3, text)

    def warning(self, text: object) -> None:
        """Log at ``warning``."""
        self._write(4, text)

    def error(self, text: object) -> None:
        """Log at ``error``."""
        self._write(5, text)

    def exception(self, text: object) -> None:
        """Log at ``error`` and add the traceback of the exception that is being handled."""
        self._write(5, f"{_words(text)}\n{traceback.format_exc().rstrip()}")

    def _write(self, level: int, text: object) -> None:
        if level >= self._least:
            self._wire.log(self._instance, LEVELS[level], _words(text)[:_LONGEST_TEXT])


def _words(text: object) -> str:
    try:
        return str(text)
    except Exception as error:  # Logging must not break an application, so a broken __str__ is shown instead.
        return f"<{type(text).__name__} whose __str__ raised {type(error).__name__}>"
