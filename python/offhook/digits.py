"""Digits of the far end and digits for it: ``channel.DTMFDetector`` and ``channel.DTMFPlayer``."""

from __future__ import annotations

from offhook import _arguments
from offhook._job import ChannelObject, Job
from offhook._request import Known, Message, Request
from offhook.enums import DTMFDetectorCause, DTMFPlayerCause, PlayerState, State
from offhook.errors import Error

__all__ = ["UASCallDTMFDetector", "UASCallDTMFPlayer"]

_LARGEST_COUNT = 1_000_000

LONGEST_PLAY = 32
"""Characters that one ``play`` takes, commas included (``DTMF-15``, ``DTMF-16``)."""

_PLAYABLE = _arguments.DIGITS | {","}


class DTMFDetectorCore(ChannelObject):
    """What the blocking and the async detector have in common."""

    __slots__ = ("_cause",)

    Cause = DTMFDetectorCause

    _name = "DTMFDetector"

    def cause(self) -> DTMFDetectorCause:
        """Why the last collection ended; ``NONE`` while one runs or before the first. It never blocks."""
        return self._cause

    def _forget(self) -> None:
        self._cause = DTMFDetectorCause.NONE

    def _collect(
        self,
        clear: bool,
        count: int,
        seconds_predigits_timeout: float | None,
        seconds_interdigit_timeout: float | None,
        end: str | None,
        seconds_timeout: float | None,
    ) -> Request[str]:
        where = self._channel._receiver_site("DTMFDetector.get_digits")
        params = {
            "channel": self._channel._id,
            "clear": _arguments.flag(where, "clear", clear),
            "count": _arguments.whole(where, "count", count, 0, _LARGEST_COUNT),
            "first_digit_seconds": _arguments.seconds(
                where, "seconds_predigits_timeout", seconds_predigits_timeout
            ),
            "next_digit_seconds": _arguments.seconds(
                where, "seconds_interdigit_timeout", seconds_interdigit_timeout
            ),
            "end": _arguments.digits(where, "end", end) or "",
            "seconds_timeout": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
        }
        self._cause = DTMFDetectorCause.NONE
        return Request("dtmf_detector.get_digits", params, self._collected, {"digits": "", "cause": "HANGUP"})

    def _collected(self, result: Message) -> str:
        self._cause = DTMFDetectorCause[result["cause"]]
        return str(result["digits"])

    def _clear(self) -> Request[None] | Known[None]:
        if self._channel._snapshot[0] is State.IDLE:
            # The buffer is emptied between two calls anyway (DTMF-2).
            return Known(None)
        params = {"channel": self._channel._id}
        return Request("dtmf_detector.clear_digits", params, lambda _: None, {})


class UASCallDTMFDetector(DTMFDetectorCore):
    """Collects the digits that the far end presses: ``channel.DTMFDetector`` (``DTMF-1`` to ``DTMF-12``).

    It works in ``ANSWERED``, also while the channel is connected to another (``DTMF-9``), and while early
    media is in force in ``RING_INCOMING`` and ``RING_OUTGOING`` (``MED-4``, ``MED-5``).
    """

    __slots__ = ()

    def get_digits(
        self,
        clear: bool = False,
        count: int = 0,
        seconds_predigits_timeout: float | None = 0,
        seconds_interdigit_timeout: float | None = 5,
        end: str | None = None,
        seconds_timeout: float | None = None,
    ) -> str:
        """Collect digits, first those in the buffer and then live ones, and block until that is over.

        Args:
            clear: empty the buffer first (``DTMF-4``).
            count: the wanted number of digits, 0 for no limit.
            seconds_predigits_timeout: the longest wait for the first digit; 0: return at once with what is
                buffered; ``None``: no limit (``DTMF-5``).
            seconds_interdigit_timeout: the longest wait between two digits; ``None``: no limit.
            end: digits of which each ends the collection; it is neither counted nor returned (``DTMF-7``).
            seconds_timeout: limit for the whole collection (``DTMF-6``).

        Returns:
            The digits so far, however the collection ended; ``cause()`` tells how (``GEN-8``, ``DTMF-8``).

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument or a collection that runs forbids it.
        """
        return self._channel._wire.perform(
            self._collect(
                clear, count, seconds_predigits_timeout, seconds_interdigit_timeout, end, seconds_timeout
            )
        )

    def clear_digits(self) -> None:
        """Empty the buffer (``DTMF-2``). It waits for the server to have done so, and never raises."""
        self._channel._wire.perform(self._clear())


class DTMFPlayerCore(Job[PlayerState, DTMFPlayerCause]):
    """What the blocking and the async DTMF player have in common."""

    __slots__ = ()

    Cause = DTMFPlayerCause
    State = PlayerState

    _name = "DTMFPlayer"
    _prefix = "dtmf_player"
    _states = PlayerState
    _causes = DTMFPlayerCause

    def _send(self, digits: str) -> Request[DTMFPlayerCause]:
        where = self._channel._require("DTMFPlayer.play", State.ANSWERED)
        self._channel._require_unconnected(where)
        if self.state() is PlayerState.PLAYING:
            raise Error(f"{where} while the DTMF player is PLAYING; allowed once it has finished")
        if not (
            isinstance(digits, str) and 1 <= len(digits) <= LONGEST_PLAY and _PLAYABLE.issuperset(digits)
        ):
            accepted = f"1 to {LONGEST_PLAY} characters out of 0123456789ABCD*# and comma"
            raise _arguments.refuse(where, "digits", digits, accepted)
        return self._until_over("play", {"channel": self._channel._id, "digits": digits})


class UASCallDTMFPlayer(DTMFPlayerCore):
    """Sends digits to the far end: ``channel.DTMFPlayer`` (``DTMF-13`` to ``DTMF-17``)."""

    __slots__ = ()

    def play(self, digits: str) -> DTMFPlayerCause:
        """Send digits and block until all are sent (``DTMF-14``).

        Args:
            digits: 1 to 32 characters out of ``0123456789ABCD*#`` and comma; each comma delays what follows
                by 0.5 s. A digit lasts 100 ms and is followed by a gap of 100 ms (``DTMF-17``).

        Returns:
            ``NORMAL``, or ``HANGUP``, ``TIMEOUT``, ``ERROR``.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any state but ``ANSWERED``, while the channel is connected to another or a player of it
                runs, and for other digits (``DTMF-15``).
        """
        return self._channel._wire.perform(self._send(digits))
