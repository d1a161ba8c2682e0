"""The call channel of blocking applications: ``UASCallChannel``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from offhook._core import IDLE, Channel, ICanRun
from offhook.enums import Cause, State
from offhook.headers import SIP
from offhook.media import PlayableMedia, UASCallFilePlayer
from offhook.tones import TonePlayer

if TYPE_CHECKING:
    from offhook._wire import Message, Wire

__all__ = ["SIP", "ICanRun", "UASCallChannel"]


class UASCallChannel(Channel):
    """One call leg; ``main`` is given its primary channel.

    Functions that wait let other threads run (``GEN-14``). A function that needs a live call raises
    ``Hangup`` when the state is ``IDLE`` and ``Error`` in any other state in which it is not allowed
    (``GEN-6``). A function that waits when the call clears does not raise but returns (``GEN-7``). One
    blocking call-control function at a time runs on a channel; ``hang_up``, ``reject``, ``wait_for_idle``,
    ``state``, ``cause`` and every ``stop`` are always allowed, from every thread (``GEN-21``).
    """

    __slots__ = ()

    _tone_player_type = TonePlayer

    def __init__(self, wire: Wire, start: Message, worker_stops: threading.Event) -> None:
        super().__init__(wire, start, worker_stops)
        self._file_player = UASCallFilePlayer(self)

    @property
    def FilePlayer(self) -> UASCallFilePlayer:
        """Plays files and speaks text (``FP-1``)."""
        return cast(UASCallFilePlayer, self._file_player)

    @property
    def TonePlayer(self) -> TonePlayer:
        """Plays tones, once a ``TonePlayer(channel, tone_manager)`` has been made (``TONE-12``).

        Raises:
            Error: if there is none; it is an ``AttributeError`` too.
        """
        return cast(TonePlayer, self._attached_tone_player())

    def ring(
        self,
        seconds_ringtime: float | None = 0,
        negotiate_early_media: bool = False,
        custom_ringtone: str | PlayableMedia | None = None,
        loop_ringtone: bool = False,
        codecs: str | None = None,
    ) -> State:
        """Signal ringing to the caller, or play a ringtone as early media (``RING-1`` to ``RING-54``).

        Allowed in ``CALL_INCOMING`` and, any number of times, in ``RING_INCOMING``.

        Args:
            seconds_ringtime: seconds to ring. 0 does not block: a ringtone goes on in the background until
                it ends. A greater number blocks so long and then stops the ringtone. ``None`` blocks for
                the duration of ``custom_ringtone``.
            negotiate_early_media: negotiate early media if it is available. Once negotiated it stays in
                force (``RING-32``); ``Details.early_media`` tells.
            custom_ringtone: what the caller hears under early media: a ``PlayableMedia``, the name of a
                tone that the channel's tone player knows, or ``None`` for nothing. It is ignored without
                early media.
            loop_ringtone: repeat the ringtone without a gap. It counts as ``False`` if ``seconds_ringtime``
                is ``None``.
            codecs: codecs for the call in order of priority, for example ``g711a;g711u``; ``None``: the
                default list.

        Returns:
            The state: ``RING_INCOMING``, or ``IDLE`` if the caller cleared meanwhile (``RING-4``).

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument or the ringtone forbids it; nothing has been sent and ``ring``
                can be called again.
        """
        self._begin("ring")
        try:
            params = self._ring_params(
                seconds_ringtime, negotiate_early_media, custom_ringtone, loop_ringtone, codecs
            )
            return State[self._wire.call("channel.ring", params, IDLE)["state"]]
        finally:
            self._finish()

    def answer(self, codecs: str | None = None) -> State:
        """Answer the call and block until the caller has acknowledged it (``ANS-1`` to ``ANS-14``).

        Allowed in ``CALL_INCOMING`` and ``RING_INCOMING``. The header fields in ``SIP.HeaderFieldsToSend``
        are sent.

        Args:
            codecs: codecs in order of priority, for example ``g711a;g711u``; ``None``: the list given to
                ``ring``, otherwise the default.

        Returns:
            ``ANSWERED``, or ``IDLE`` if the call cleared, for example because no ACK arrived in 32 s.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state or an argument forbids it, or there is no codec in common; then the call has
                been refused with 488.
        """
        self._begin("answer")
        try:
            params = self._answer_params(codecs)
            return State[self._wire.call("channel.answer", params, IDLE)["state"]]
        finally:
            self._finish()

    def reject(self, cause: Cause | None = None, raw_cause: str | int | None = None) -> State:
        """Refuse an incoming call or release a connected one (``REJ-1`` to ``REJ-9``).

        Blocks until the call is ``IDLE`` or for 60 s at most.

        Args:
            cause: one of the causes that ``CAU-1`` gives a code for; ``None`` is ``REJECTED``.
            raw_cause: a SIP code from 400 to 699 except 401 and 407, such as ``'486'``; it overrides
                ``cause``.

        Returns:
            The state; ``State.ERROR`` if ``raw_cause`` is not supported, with the call left in place.

        Raises:
            Error: if the state or an argument forbids it. In ``IDLE`` it does nothing.
        """
        params = self._reject_params(cause, raw_cause)
        if isinstance(params, State):
            return params
        return State[self._wire.call("channel.reject", params, IDLE)["state"]]

    def hang_up(self) -> State:
        """Release the call in any state (``HUP-1`` to ``HUP-9``).

        Blocks until the call is ``IDLE`` or for 60 s at most; if another state is returned,
        ``wait_for_idle`` waits on. In ``IDLE`` it does nothing. It never raises ``Hangup``. Another thread
        may call it while a function waits on the channel (``GEN-15``).
        """
        if self._snapshot[0] is State.IDLE:
            return State.IDLE
        return State[self._wire.call("channel.hang_up", {"channel": self._id}, IDLE)["state"]]

    def wait_for_idle(self, seconds_timeout: float | None = None) -> State:
        """Block until the call is ``IDLE`` without clearing it (``HUP-10``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit.

        Returns:
            The state when the wait ended.

        Raises:
            Error: if ``seconds_timeout`` is not acceptable.
        """
        params = self._wait_for_idle_params(seconds_timeout)
        if self._snapshot[0] is State.IDLE:
            return State.IDLE
        return State[self._wire.call("channel.wait_for_idle", params, IDLE)["state"]]
