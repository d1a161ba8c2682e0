"""What all players and recorders have in common: a job that runs in the server (``MED-1`` to ``MED-15``)."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from offhook import _arguments
from offhook._request import Known, Message, Request, for_start
from offhook.enums import State

if TYPE_CHECKING:
    from offhook._core import Channel

S = TypeVar("S", bound=enum.Enum)
C = TypeVar("C", bound=enum.Enum)


class ChannelObject:
    """A player, recorder or detector of a channel."""

    __slots__ = ("_channel",)

    _name: ClassVar[str]
    """The attribute of the channel, and the object's name in messages and in the protocol."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._forget()

    def _update(self, params: Message) -> None:
        """Take over what the server reported; the reading thread calls it."""

    def _forget(self) -> None:
        """A further call begins on the channel (``GEN-19``); the reading thread calls it."""


class Job(ChannelObject, Generic[S, C]):
    """The state and cause of a player or recorder as the server reported them last."""

    __slots__ = ("_snapshot",)

    _prefix: ClassVar[str]
    """What its methods of the protocol begin with."""
    _states: ClassVar[type[enum.Enum]]
    _causes: ClassVar[type[enum.Enum]]

    def state(self) -> S:
        """The state of the object. It never blocks or raises (``MED-2``)."""
        return self._snapshot[0]

    def cause(self) -> C:
        """Why the last job ended; ``NONE`` while one runs or before the first (``MED-1``). Never blocks."""
        return self._snapshot[1]

    def _update(self, params: Message) -> None:
        # Both in one tuple, replaced in one assignment: readers need no lock.
        self._snapshot: tuple[S, C] = (self._state_of(params), self._cause_of(params))

    def _forget(self) -> None:
        self._update({"state": "IDLE", "cause": "NONE"})

    # Requests

    def _state_of(self, message: Message) -> S:
        return self._states[message["state"]]  # type: ignore[return-value]

    def _cause_of(self, message: Message) -> C:
        return self._causes[message["cause"]]  # type: ignore[return-value]

    def _until_over(self, function: str, params: Message) -> Request[C]:
        """A request that is answered with the job's cause; ``HANGUP`` if the connection is lost."""
        return Request(f"{self._prefix}.{function}", params, self._cause_of, {"cause": "HANGUP"})

    def _until_started(self, function: str, params: Message) -> Request[bool]:
        return for_start(f"{self._prefix}.{function}", params)

    def _stop(self) -> Request[C] | Known[C]:
        if not self._may_run():
            return Known(self.cause())
        return self._until_over("stop", {"channel": self._channel._id})

    def _wait(self, seconds_timeout: float | None) -> Request[C] | Known[C]:
        where = self._channel._site(f"{self._name}.wait_until_finished")
        seconds = _arguments.seconds(where, "seconds_timeout", seconds_timeout)
        if not self._may_run():
            return Known(self.cause())
        return self._until_over("wait", {"channel": self._channel._id, "seconds": seconds})

    def _may_run(self) -> bool:
        """Whether a job can be running at all; without a call there is none (``MED-10``)."""
        return self._channel._snapshot[0] is not State.IDLE
