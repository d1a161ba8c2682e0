"""Who is at a telephone: what is heard of them by itself as soon as a call is answered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Union


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody who says something 300 ms after the answer, or nothing.

    Attributes:
        says: a text, or the :class:`~pathlib.Path` of a WAV file; ``None`` for nothing.
    """

    says: str | Path | None = None

    def _described(self) -> dict[str, Any]:
        return {"kind": "person", "says": None if self.says is None else _said(self.says)}


@dataclasses.dataclass(frozen=True)
class AnsweringMachine:
    """An answering machine: its greeting 300 ms after the answer, half a second of nothing, and its beep.

    What it records is what the test finds by ``hears_speech`` and the like.

    Attributes:
        greeting: a text, or the :class:`~pathlib.Path` of a WAV file.
        beep_hz: the frequency of the beep, 300 to 3400 Hz.
        beep_seconds: how long it lasts, 0.05 to 5 seconds.
    """

    greeting: str | Path = (
        "You have reached the answering machine of the Miller family. We cannot take your call now. "
        "Please leave a message after the tone."
    )
    beep_hz: float = 1000.0
    beep_seconds: float = 0.4

    def _described(self) -> dict[str, Any]:
        return {
            "kind": "answering_machine",
            "greeting": _said(self.greeting),
            "beep_hz": self.beep_hz,
            "beep_seconds": self.beep_seconds,
        }


@dataclasses.dataclass(frozen=True)
class Fax:
    """A fax machine (ITU-T T.30 section 4); it transfers no page.

    Called, it sends 2100 Hz for three seconds, 1.8 s after the answer; calling, 1100 Hz for half a second
    every three and a half seconds.
    """

    def _described(self) -> dict[str, Any]:
        return {"kind": "fax"}


AnyPerson = Union[Person, AnsweringMachine, Fax]
"""Whoever can be at a telephone."""


def _said(says: str | Path) -> dict[str, str]:
    if isinstance(says, Path):
        return {"file": str(says.resolve())}
    return {"text": says}
