"""What all players have in common: a job that runs in the server (``MED-1`` to ``MED-15``)."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar

from offhook import _arguments
from offhook.enums import PlayerState, State

if TYPE_CHECKING:
    from offhook._core import Channel


class Job:
    """The state of a player as the server reported it last."""

    __slots__ = ("_channel", "_snapshot")

    _name: ClassVar[str]
    """The attribute of the channel, and the object's name in messages."""
    _causes: ClassVar[type[enum.Enum]]

    _lost: ClassVar[dict[str, Any]] = {"cause": "HANGUP"}
    """The result if the connection to the server is lost while a function waits."""
    _not_started: ClassVar[dict[str, Any]] = {"started": False}

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        # Both in one tuple, replaced in one assignment: readers need no lock.
        self._snapshot: tuple[PlayerState, Any] = (PlayerState.IDLE, self._causes["NONE"])

    def state(self) -> PlayerState:
        """The state of the player. It never blocks or raises (``MED-2``)."""
        return self._snapshot[0]

    def _update(self, state: str, cause: str) -> None:
        self._snapshot = (PlayerState[state], self._causes[cause])

    def _may_run(self) -> bool:
        """Whether a job can be running at all; without a call there is none (``MED-10``)."""
        return self._channel._snapshot[0] is not State.IDLE

    def _stop_params(self) -> dict[str, Any]:
        return {"channel": self._channel._id}

    def _wait_params(self, function: str, seconds_timeout: float | None) -> dict[str, Any]:
        where = self._channel._site(function)
        return {
            "channel": self._channel._id,
            "seconds": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
        }
