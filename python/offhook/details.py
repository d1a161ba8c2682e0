"""What is known of a call: ``channel.Details`` (``DET-1`` to ``DET-4``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from offhook import _clock
from offhook.enums import CallFarEndType

__all__ = ["Details", "MediaStats"]


class MediaStats(NamedTuple):
    """Counters of a call's audio (``DET-3``)."""

    packets_sent: int = 0
    """RTP packets sent."""
    packets_received: int = 0
    """RTP packets received."""
    packets_lost: int = 0
    """RTP packets that the far end sent and that did not arrive."""
    jitter_milliseconds: float = 0.0
    """Interarrival jitter of the received packets (RFC 3550 section 6.4.1), in milliseconds."""
    mos: float | None = None
    """Estimated quality from 1.0 to 4.5, or ``None`` before 5 s of received audio."""


class Details:
    """A read-only view of the channel's call; assignment raises ``AttributeError`` (``DET-1``).

    Every attribute may be read in every state (``DET-2``). The values come from what the server reported
    last, except ``duration``, which runs, and ``media_stats``, which is asked for. After the call the
    values stay.
    """

    __slots__ = ("_ask", "_snapshot")

    _snapshot: tuple[dict[str, Any], float]

    def __init__(self, values: dict[str, Any], ask: Callable[[], None]) -> None:
        # Values and the time of their arrival change together, in one assignment, so that no reader needs a
        # lock.
        self._snapshot = (values, _clock.now())
        self._ask = ask

    @property
    def call_id(self) -> str:
        """The unique id of this call."""
        return str(self._snapshot[0]["call_id"])

    @property
    def call_from(self) -> str:
        """The caller's number or SIP address."""
        return str(self._snapshot[0]["call_from"])

    @property
    def call_to(self) -> str:
        """The final destination."""
        return str(self._snapshot[0]["call_to"])

    @property
    def call_target(self) -> str:
        """The destination as first dialled."""
        return str(self._snapshot[0]["call_target"])

    @property
    def call_divert(self) -> str | None:
        """The original destination if the call was diverted."""
        return _text(self._snapshot[0]["call_divert"])

    @property
    def attestation(self) -> str | None:
        """The attestation level of an inbound SIP call: ``'A'``, ``'B'``, ``'C'`` or ``None``."""
        return _text(self._snapshot[0]["attestation"])

    @property
    def authenticated_user(self) -> str | None:
        """The user whose password the caller had; ``None`` where nobody asked.

        What ``call_from`` says is the caller's own word.
        """
        return _text(self._snapshot[0]["authenticated_user"])

    @property
    def codec(self) -> str | None:
        """The codec in use, in the notation of ``ANS-8`` such as ``g711a``; ``None`` before it is known."""
        return _text(self._snapshot[0]["codec"])

    @property
    def direction(self) -> str:
        """``'inbound'`` or ``'outbound'``."""
        return str(self._snapshot[0]["direction"])

    @property
    def raw_cause(self) -> str:
        """The protocol's own reason for the end of the call, such as ``'486'``; ``''`` before (``CAU-4``)."""
        return str(self._snapshot[0]["raw_cause"])

    @property
    def connected_id(self) -> str | None:
        """The ``call_id`` of the call that this one is connected to."""
        return _text(self._snapshot[0]["connected_id"])

    @property
    def far_end_type(self) -> CallFarEndType:
        """The result of live speaker detection."""
        return CallFarEndType[self._snapshot[0]["far_end_type"]]

    @property
    def remote_address(self) -> str | None:
        """The far end's signalling address as ``ip:port``, IPv6 in brackets."""
        return _text(self._snapshot[0]["remote_address"])

    @property
    def start_time(self) -> float:
        """When the call began, in seconds since 1970-01-01 UTC."""
        return float(self._snapshot[0]["start_time"])

    @property
    def answer_time(self) -> float | None:
        """When the state became ``ANSWERED``, in seconds since 1970-01-01 UTC; ``None`` before."""
        value = self._snapshot[0]["answer_time"]
        return None if value is None else float(value)

    @property
    def duration(self) -> float:
        """Seconds since the answer, up to now or to the end, to one decimal; 0.0 if never answered."""
        values, received = self._snapshot
        seconds = float(values["duration"])
        # `raw_cause` is set together with the end of the call (CAU-8); until then the clock runs.
        if values["answer_time"] is not None and not values["raw_cause"]:
            seconds += _clock.now() - received
        return round(seconds, 1)

    @property
    def early_media(self) -> bool:
        """Whether early media is, or before the answer was, in force."""
        return bool(self._snapshot[0]["early_media"])

    @property
    def media_stats(self) -> MediaStats:
        """The counters of the call's audio (``DET-3``).

        During the call they are asked for. The answer takes well below a millisecond; if it does not come
        within 50 ms, the values known last are given, so that reading never waits for the call (``DET-2``).
        After the end they are the final values.
        """
        if not self._snapshot[0]["raw_cause"]:
            self._ask()
        stats = self._snapshot[0]["media_stats"]
        return MediaStats(
            stats["packets_sent"],
            stats["packets_received"],
            stats["packets_lost"],
            float(stats["jitter_milliseconds"]),
            stats["mos"],
        )

    def _update(self, changes: dict[str, Any]) -> None:
        """Take over what the server reported; called by the one thread that reads from the server."""
        self._snapshot = ({**self._snapshot[0], **changes}, _clock.now())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


NO_CALL: dict[str, Any] = {
    "call_id": "",
    "call_from": "",
    "call_to": "",
    "call_target": "",
    "call_divert": None,
    "attestation": None,
    "authenticated_user": None,
    "codec": None,
    "direction": "inbound",
    "raw_cause": "",
    "connected_id": None,
    "far_end_type": "UNKNOWN",
    "remote_address": None,
    "start_time": 0.0,
    "answer_time": None,
    "duration": 0.0,
    "early_media": False,
    "media_stats": MediaStats()._asdict(),
}
"""The values before the first call (``DET-4``)."""
