"""Whether something was heard, and what was heard instead."""

from __future__ import annotations

from typing import Any


class Heard:
    """The outcome of listening: true if it was heard; its text shows expected against heard on a time line.

    Attributes:
        expected: what was listened for, in words.
        at: when it began, in seconds since the INVITE; ``None`` if it was not heard.
        until: when it had been recognised.
    """

    def __init__(self, expected: str, outcome: dict[str, Any]) -> None:
        self.expected = expected
        self.at: float | None = outcome.get("at")
        self.until: float | None = outcome.get("until")
        self._outcome = outcome

    def __bool__(self) -> bool:
        return bool(self._outcome["heard"])

    def __str__(self) -> str:
        if self:
            return f"{self.expected}: heard from {self.at:.3f} s to {self.until:.3f} s"
        begin, end = self._outcome["from"], self._outcome["to"]
        lines = [f"expected  {begin:8.3f} … {end:8.3f} s  {self.expected}"]
        passages = self._outcome["passages"]
        lines += [f"heard     {line}" for line in time_line(passages)] or ["heard     nothing but silence"]
        if self._outcome.get("nearest"):
            lines.append(f"nearest   {self._outcome['nearest']}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self!s}>" if self else f"<not heard\n{self}\n>"


def time_line(passages: list[tuple[float, float, str, float]]) -> list[str]:
    """What was heard, one line for each passage: when, what, how loud."""
    return [f"{begin:8.3f} … {end:8.3f} s  {name}, {level:.0f} dBm0" for begin, end, name, level in passages]
