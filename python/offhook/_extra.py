"""The extra channels of an instance: ``channel.ExtraChannel`` (``RUN-23``, ``RUN-24``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from offhook._arguments import shown
from offhook.errors import Error

if TYPE_CHECKING:
    from offhook._request import Message

C = TypeVar("C")


class NoSuchChannel(Error, IndexError):
    """More extra channels are used than the service allows; an ``IndexError`` too, as of any sequence."""


class ExtraChannels(Generic[C]):
    """The extra channels that the service allows, 0 to 3 of them, by index from 0.

    They place calls and cannot wait for one (``RUN-23``). ``len`` is the number allowed.

    Raises:
        Error: for an index beyond them; the message names the service and its number (``RUN-24``).
    """

    __slots__ = ("_channels", "_service")

    def __init__(self, service: str, channels: tuple[C, ...]) -> None:
        self._service = service
        self._channels = channels

    def __len__(self) -> int:
        return len(self._channels)

    def __iter__(self) -> Iterator[C]:
        return iter(self._channels)

    def __getitem__(self, index: int) -> C:
        allowed = len(self._channels)
        if isinstance(index, int) and -allowed <= index < allowed:
            return self._channels[index]
        accepted = f"0 to {allowed - 1}" if allowed else "none"
        raise NoSuchChannel(
            f"ExtraChannel[{shown(index)}]: service {self._service!r} has {allowed} extra channels; "
            f"accepted: {accepted}; the setting is extra_channels"
        )

    def __repr__(self) -> str:
        return f"ExtraChannel({list(self._channels)!r})"


def of_service(start: Message) -> list[Message]:
    """What each extra channel of an instance begins with: no call (``ST-3``, ``DET-4``)."""
    without_call = {
        "direction": "outbound",
        "state": "IDLE",
        "cause": "NORMAL",
        "details": {"direction": "outbound"},
        "headers": [],
        "extra_channels": [],
    }
    return [{**start, **without_call, "channel": channel} for channel in start["extra_channels"]]
