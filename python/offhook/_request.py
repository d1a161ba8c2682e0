"""A function of the API as the server is asked to perform it.

What a function checks, sends and returns is put into words once, as one of these two; the blocking face of
the API waits for it with ``Wire.perform``, the async face with ``Wire.perform_async``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from offhook.enums import State

T = TypeVar("T")

Message = dict[str, Any]


class Request(Generic[T]):
    """A request to the server.

    Args:
        method: the method of the protocol.
        params: its parameters, the channel included.
        outcome: makes the function's result of the server's.
        lost: what counts as the server's result if the connection is or gets lost: as if the call had cleared
            (``GEN-7``).
    """

    __slots__ = ("lost", "method", "outcome", "params")

    def __init__(self, method: str, params: Message, outcome: Callable[[Message], T], lost: Message) -> None:
        self.method = method
        self.params = params
        self.outcome = outcome
        self.lost = lost


class Known(Generic[T]):
    """A result that is known without asking the server."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value


def for_state(method: str, params: Message) -> Request[State]:
    """A request that is answered with the state of the channel; ``IDLE`` if the connection is lost."""
    return Request(method, params, _state, {"state": "IDLE"})


def for_success(method: str, params: Message) -> Request[bool]:
    """A request that is answered with whether it succeeded; ``False`` if the connection is lost."""
    return Request(method, params, _done, {"done": False})


def for_start(method: str, params: Message) -> Request[bool]:
    """A request to start a job that is answered once the job runs."""
    return Request(method, params, _started, {"started": False})


def _state(result: Message) -> State:
    return State[result["state"]]


def _done(result: Message) -> bool:
    return bool(result["done"])


def _started(result: Message) -> bool:
    return bool(result["started"])
