"""The async twins: what applications with ``async def main`` are given (``GEN-16``).

Same names, arguments and results as ``offhook.uas``. Functions that can wait are coroutines; ``state()``,
``cause()`` and attributes stay plain. Cancelling a task that awaits a job of a player stops the job with
cause ``ABORTED``; cancelling one that awaits a call-control function leaves the call as it is (``GEN-17``).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from offhook._core import IDLE, Channel
from offhook.cipher import AESCBCCipher
from offhook.enums import Cause, FilePlayerCause, State, TonePlayerCause
from offhook.media import FilePlayerBase, PlayableMedia
from offhook.tones import TonePlayerBase

if TYPE_CHECKING:
    from offhook._wire import Message, Wire

__all__ = ["TonePlayer", "UASCallChannel", "UASCallFilePlayer"]


class UASCallFilePlayer(FilePlayerBase):
    """The async twin of ``offhook.media.UASCallFilePlayer``."""

    __slots__ = ()

    async def play(
        self,
        file_to_play: str | PlayableMedia,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
        cipher: AESCBCCipher | None = None,
    ) -> FilePlayerCause:
        """Play a file until the job ends (``FP-4``)."""
        params = self._file_params(
            "FilePlayer.play", file_to_play, barge_in, barge_in_digits, loop, seconds_timeout, cipher, True
        )
        return FilePlayerCause[
            (await self._channel._wire.call_async("file_player.play", params, self._lost))["cause"]
        ]

    async def say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> FilePlayerCause:
        """Speak a text until the job ends (``FP-5``)."""
        params = self._text_params(
            "FilePlayer.say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout, True
        )
        return FilePlayerCause[
            (await self._channel._wire.call_async("file_player.play", params, self._lost))["cause"]
        ]

    async def start(
        self,
        file_to_play: str | PlayableMedia,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
        cipher: AESCBCCipher | None = None,
    ) -> bool:
        """Like ``play``, but return ``True`` as soon as the job runs (``FP-6``)."""
        params = self._file_params(
            "FilePlayer.start", file_to_play, barge_in, barge_in_digits, loop, seconds_timeout, cipher, False
        )
        return bool(
            (await self._channel._wire.call_async("file_player.play", params, self._not_started))["started"]
        )

    async def start_say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> bool:
        """Like ``say``, but return ``True`` as soon as the job runs (``FP-6``)."""
        params = self._text_params(
            "FilePlayer.start_say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout, False
        )
        return bool(
            (await self._channel._wire.call_async("file_player.play", params, self._not_started))["started"]
        )

    async def stop(self) -> FilePlayerCause:
        """End the running job with ``ABORTED`` and return its cause (``FP-7``, ``MED-12``)."""
        if not self._may_run():
            return self.cause()
        return FilePlayerCause[
            (await self._channel._wire.call_async("file_player.stop", self._stop_params(), self._lost))[
                "cause"
            ]
        ]

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> FilePlayerCause:
        """Wait until the running job ends and return its cause (``FP-8``, ``MED-13``)."""
        params = self._wait_params("FilePlayer.wait_until_finished", seconds_timeout)
        if not self._may_run():
            return self.cause()
        return FilePlayerCause[
            (await self._channel._wire.call_async("file_player.wait", params, self._lost))["cause"]
        ]


class TonePlayer(TonePlayerBase):
    """The async twin of ``offhook.tones.TonePlayer``."""

    __slots__ = ()

    async def start(self, tone_name: str, loop: bool = True) -> bool:
        """Start to play a tone (``TONE-13``)."""
        params = self._params("TonePlayer.start", tone_name, loop, None, False)
        return bool(
            (await self._channel._wire.call_async("tone_player.play", params, self._not_started))["started"]
        )

    async def play(self, tone_name: str, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Play a tone until it ends: for so many seconds, or once with ``None`` (``TONE-13``)."""
        params = self._params(
            "TonePlayer.play", tone_name, seconds_timeout is not None, seconds_timeout, True
        )
        return TonePlayerCause[
            (await self._channel._wire.call_async("tone_player.play", params, self._lost))["cause"]
        ]

    async def stop(self) -> TonePlayerCause:
        """End the running job with ``ABORTED`` and return its cause (``MED-12``)."""
        if not self._may_run():
            return self.cause()
        return TonePlayerCause[
            (await self._channel._wire.call_async("tone_player.stop", self._stop_params(), self._lost))[
                "cause"
            ]
        ]

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Wait until the running job ends and return its cause (``MED-13``)."""
        params = self._wait_params("TonePlayer.wait_until_finished", seconds_timeout)
        if not self._may_run():
            return self.cause()
        return TonePlayerCause[
            (await self._channel._wire.call_async("tone_player.wait", params, self._lost))["cause"]
        ]


class UASCallChannel(Channel):
    """The async twin of ``offhook.uas.UASCallChannel``; see there for arguments, results and errors."""

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
        """Plays tones, once a ``TonePlayer(channel, tone_manager)`` has been made (``TONE-12``)."""
        return cast(TonePlayer, self._attached_tone_player())

    async def ring(
        self,
        seconds_ringtime: float | None = 0,
        negotiate_early_media: bool = False,
        custom_ringtone: str | PlayableMedia | None = None,
        loop_ringtone: bool = False,
        codecs: str | None = None,
    ) -> State:
        """Signal ringing to the caller, or play a ringtone as early media (``RING-1`` to ``RING-54``)."""
        self._begin("ring")
        try:
            params = self._ring_params(
                seconds_ringtime, negotiate_early_media, custom_ringtone, loop_ringtone, codecs
            )
            return State[(await self._wire.call_async("channel.ring", params, IDLE))["state"]]
        finally:
            self._finish()

    async def answer(self, codecs: str | None = None) -> State:
        """Answer the call and wait until the caller has acknowledged it (``ANS-1`` to ``ANS-14``)."""
        self._begin("answer")
        try:
            params = self._answer_params(codecs)
            return State[(await self._wire.call_async("channel.answer", params, IDLE))["state"]]
        finally:
            self._finish()

    async def reject(self, cause: Cause | None = None, raw_cause: str | int | None = None) -> State:
        """Refuse an incoming call or release a connected one (``REJ-1`` to ``REJ-9``)."""
        params = self._reject_params(cause, raw_cause)
        if isinstance(params, State):
            return params
        return State[(await self._wire.call_async("channel.reject", params, IDLE))["state"]]

    async def hang_up(self) -> State:
        """Release the call in any state (``HUP-1`` to ``HUP-9``)."""
        if self._snapshot[0] is State.IDLE:
            return State.IDLE
        return State[(await self._wire.call_async("channel.hang_up", {"channel": self._id}, IDLE))["state"]]

    async def wait_for_idle(self, seconds_timeout: float | None = None) -> State:
        """Wait until the call is ``IDLE`` without clearing it (``HUP-10``)."""
        params = self._wait_for_idle_params(seconds_timeout)
        if self._snapshot[0] is State.IDLE:
            return State.IDLE
        return State[(await self._wire.call_async("channel.wait_for_idle", params, IDLE))["state"]]
