"""The async twins: what applications with ``async def main`` are given (``GEN-16``).

Same names, arguments, checks and results as ``offhook.uas``: both faces send the same requests. Functions
that can wait are coroutines; ``state()``, ``cause()``, ``transfer_cause()`` and attributes stay plain.
Cancelling a task that awaits a job of a player or recorder stops the job with cause ``ABORTED``; cancelling
one that awaits a call-control function leaves the call as it is (``GEN-17``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from offhook._clock import async_sleep as sleep
from offhook._core import Channel
from offhook._extra import ExtraChannels
from offhook._job import ChannelObject
from offhook._requests import incoming, joining, outgoing
from offhook.cipher import AESCBCCipher
from offhook.conference import ConferenceLifetimeControl, ConferencePartyMediaSettings
from offhook.digits import DTMFDetectorCore, DTMFPlayerCore
from offhook.enums import (
    Cause,
    DTMFPlayerCause,
    FilePlayerCause,
    FileRecorderCause,
    LiveSpeakerDetectionSettings,
    State,
    TonePlayerCause,
)
from offhook.media import FilePlayerCore, PlayableMedia
from offhook.recorder import FileRecorderCore
from offhook.tones import TonePlayerCore

if TYPE_CHECKING:
    from offhook._request import Known, Request

__all__ = [
    "TonePlayer",
    "UASCallChannel",
    "UASCallDTMFDetector",
    "UASCallDTMFPlayer",
    "UASCallFilePlayer",
    "UASCallFileRecorder",
    "sleep",
]

T = TypeVar("T")


class UASCallFilePlayer(FilePlayerCore):
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
        """Play a file and wait until the job ends (``FP-4``)."""
        params = self._file("play", file_to_play, barge_in, barge_in_digits, loop, seconds_timeout, cipher)
        return await self._channel._wire.perform_async(self._play(params))

    async def say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> FilePlayerCause:
        """Speak a text and wait until the job ends (``FP-5``)."""
        params = self._text("say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout)
        return await self._channel._wire.perform_async(self._play(params))

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
        params = self._file("start", file_to_play, barge_in, barge_in_digits, loop, seconds_timeout, cipher)
        return await self._channel._wire.perform_async(self._start(params))

    async def start_say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> bool:
        """Like ``say``, but return ``True`` as soon as the job runs (``FP-6``)."""
        params = self._text("start_say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout)
        return await self._channel._wire.perform_async(self._start(params))

    async def stop(self) -> FilePlayerCause:
        """End the running job with ``ABORTED`` and return its cause (``FP-7``)."""
        return await self._channel._wire.perform_async(self._stop())

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> FilePlayerCause:
        """Block until the running job ends and return its cause (``FP-8``, ``MED-13``)."""
        return await self._channel._wire.perform_async(self._wait(seconds_timeout))

    async def pause(self) -> bool:
        """Pause the running job; ``False`` without one (``FP-9``)."""
        return await self._channel._wire.perform_async(self._switch("pause"))

    async def resume(self) -> bool:
        """Go on with a paused job where it was paused; ``False`` without one (``FP-9``)."""
        return await self._channel._wire.perform_async(self._switch("resume"))

    async def seek(self, seconds: float) -> bool:
        """Go on from another place of the file; ``False`` without a job (``FP-9``, ``FP-10``)."""
        return await self._channel._wire.perform_async(self._seek(seconds))


class TonePlayer(TonePlayerCore):
    """The async twin of ``offhook.tones.TonePlayer``."""

    __slots__ = ()

    async def start(self, tone_name: str, loop: bool = True) -> bool:
        """Start to play a tone and return ``True`` at once (``TONE-13``)."""
        return await self._channel._wire.perform_async(self._start(tone_name, loop))

    async def play(self, tone_name: str, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Play a tone and wait until it ends (``TONE-13``)."""
        return await self._channel._wire.perform_async(self._play(tone_name, seconds_timeout))

    async def stop(self) -> TonePlayerCause:
        """End the running job with ``ABORTED`` and return its cause."""
        return await self._channel._wire.perform_async(self._stop())

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Block until the running job ends and return its cause (``MED-13``)."""
        return await self._channel._wire.perform_async(self._wait(seconds_timeout))


class UASCallFileRecorder(FileRecorderCore):
    """The async twin of ``offhook.recorder.UASCallFileRecorder``."""

    __slots__ = ()

    async def record(
        self,
        filename: str,
        milliseconds_max_duration: int | None = None,
        milliseconds_max_silence: int | None = None,
        milliseconds_initial_silence: int | None = None,
        barge_in_digits: str = "",
        beep_on_start: bool = False,
        seconds_timeout: float | None = None,
        channels: str = "mono",
        codec: str = "alaw",
        cipher: AESCBCCipher | None = None,
    ) -> FileRecorderCause:
        """Record to a file and wait until the recording ends (``REC-4``)."""
        return await self._channel._wire.perform_async(
            self._record(
                filename,
                milliseconds_max_duration,
                milliseconds_max_silence,
                milliseconds_initial_silence,
                barge_in_digits,
                beep_on_start,
                seconds_timeout,
                channels,
                codec,
                cipher,
            )
        )

    async def start(
        self,
        filename: str,
        milliseconds_max_duration: int | None = None,
        milliseconds_max_silence: int | None = None,
        milliseconds_initial_silence: int | None = None,
        barge_in_digits: str = "",
        beep_on_start: bool = False,
        seconds_timeout: float | None = None,
        channels: str = "mono",
        codec: str = "alaw",
        cipher: AESCBCCipher | None = None,
    ) -> bool:
        """Like ``record``, but return ``True`` as soon as the job runs (``REC-5``)."""
        return await self._channel._wire.perform_async(
            self._start(
                filename,
                milliseconds_max_duration,
                milliseconds_max_silence,
                milliseconds_initial_silence,
                barge_in_digits,
                beep_on_start,
                seconds_timeout,
                channels,
                codec,
                cipher,
            )
        )

    async def stop(self) -> FileRecorderCause:
        """End the recording with ``ABORTED``, keep the file, and return the cause (``REC-5``)."""
        return await self._channel._wire.perform_async(self._stop())

    async def wait_until_finished(self, seconds_timeout: float | None = None) -> FileRecorderCause:
        """Block until the recording ends and return its cause (``REC-5``, ``MED-13``)."""
        return await self._channel._wire.perform_async(self._wait(seconds_timeout))


class UASCallDTMFDetector(DTMFDetectorCore):
    """The async twin of ``offhook.digits.UASCallDTMFDetector``."""

    __slots__ = ()

    async def get_digits(
        self,
        clear: bool = False,
        count: int = 0,
        seconds_predigits_timeout: float | None = 0,
        seconds_interdigit_timeout: float | None = 5,
        end: str | None = None,
        seconds_timeout: float | None = None,
    ) -> str:
        """Collect digits, first those in the buffer and then live ones, and wait until that is over."""
        return await self._channel._wire.perform_async(
            self._collect(
                clear, count, seconds_predigits_timeout, seconds_interdigit_timeout, end, seconds_timeout
            )
        )

    async def clear_digits(self) -> None:
        """Empty the buffer (``DTMF-2``). It waits for the server to have done so, and never raises."""
        await self._channel._wire.perform_async(self._clear())


class UASCallDTMFPlayer(DTMFPlayerCore):
    """The async twin of ``offhook.digits.UASCallDTMFPlayer``."""

    __slots__ = ()

    async def play(self, digits: str) -> DTMFPlayerCause:
        """Send digits and wait until all are sent (``DTMF-14``)."""
        return await self._channel._wire.perform_async(self._send(digits))


class UASCallChannel(Channel):
    """The async twin of ``offhook.uas.UASCallChannel``; see there for arguments, results and errors."""

    __slots__ = ()

    _tone_player_type = TonePlayer

    def _make_objects(self) -> tuple[ChannelObject, ...]:
        return (
            UASCallFilePlayer(self),
            UASCallFileRecorder(self),
            UASCallDTMFDetector(self),
            UASCallDTMFPlayer(self),
        )

    async def _control(self, function: str, request: Request[T] | Known[T]) -> T:
        self._begin(function)
        try:
            return await self._wire.perform_async(request)
        finally:
            self._finish()

    @property
    def FilePlayer(self) -> UASCallFilePlayer:
        """Plays files and speaks text (``FP-1``)."""
        return cast(UASCallFilePlayer, self._objects["FilePlayer"])

    @property
    def FileRecorder(self) -> UASCallFileRecorder:
        """Records the far end's audio (``REC-1``)."""
        return cast(UASCallFileRecorder, self._objects["FileRecorder"])

    @property
    def DTMFDetector(self) -> UASCallDTMFDetector:
        """Collects the digits that the far end presses (``DTMF-3``)."""
        return cast(UASCallDTMFDetector, self._objects["DTMFDetector"])

    @property
    def DTMFPlayer(self) -> UASCallDTMFPlayer:
        """Sends digits to the far end (``DTMF-14``)."""
        return cast(UASCallDTMFPlayer, self._objects["DTMFPlayer"])

    @property
    def TonePlayer(self) -> TonePlayer:
        """Plays tones, once a ``TonePlayer(channel, tone_manager)`` has been made (``TONE-12``)."""
        return cast(TonePlayer, self._attached_tone_player())

    @property
    def ExtraChannel(self) -> ExtraChannels[UASCallChannel]:
        """The further channels for outbound calls that the service allows (``RUN-23``, ``RUN-24``)."""
        return self._extra_channels

    async def ring(
        self,
        seconds_ringtime: float | None = 0,
        negotiate_early_media: bool = False,
        custom_ringtone: str | PlayableMedia | None = None,
        loop_ringtone: bool = False,
        codecs: str | None = None,
    ) -> State:
        """Signal ringing to the caller, or play a ringtone as early media (``RING-1`` to ``RING-54``)."""
        request = incoming.ring(
            self, seconds_ringtime, negotiate_early_media, custom_ringtone, loop_ringtone, codecs
        )
        return await self._control("ring", request)

    async def answer(self, codecs: str | None = None) -> State:
        """Answer the call and wait until the caller has acknowledged it (``ANS-1`` to ``ANS-14``)."""
        return await self._control("answer", incoming.answer(self, codecs))

    async def reject(self, cause: Cause | None = None, raw_cause: str | int | None = None) -> State:
        """Refuse an incoming call or release a connected one (``REJ-1`` to ``REJ-9``)."""
        return await self._wire.perform_async(incoming.reject(self, cause, raw_cause))

    async def hang_up(self) -> State:
        """Release the call in any state (``HUP-1`` to ``HUP-9``)."""
        return await self._wire.perform_async(incoming.hang_up(self))

    async def wait_for_idle(self, seconds_timeout: float | None = None) -> State:
        """Block until the call is ``IDLE`` without clearing it (``HUP-10``)."""
        return await self._wire.perform_async(incoming.wait_for_idle(self, seconds_timeout))

    async def call(
        self,
        call_to: str,
        call_from: str = "",
        seconds_timeout: float | None = 120,
        codecs: str | None = None,
        live_speaker_detect: LiveSpeakerDetectionSettings | None = None,
        lsd_timeout_milliseconds: int = 7000,
    ) -> State:
        """Place a call and wait until it is answered, has failed, or the time is over (``CALL-1``)."""
        request = outgoing.call(
            self, call_to, call_from, seconds_timeout, codecs, live_speaker_detect, lsd_timeout_milliseconds
        )
        return await self._control("call", request)

    async def start_call(
        self,
        call_to: str,
        call_from: str = "",
        codecs: str | None = None,
        live_speaker_detect: LiveSpeakerDetectionSettings | None = None,
        lsd_timeout_milliseconds: int = 7000,
    ) -> State:
        """Place a call and return at once (``CALL-15``); ``wait_for_answer`` waits."""
        request = outgoing.start_call(
            self, call_to, call_from, codecs, live_speaker_detect, lsd_timeout_milliseconds
        )
        return await self._control("start_call", request)

    async def wait_for_answer(self, seconds_timeout: float | None = 120) -> State:
        """Block until the call is ``ANSWERED`` or ``IDLE`` (``CALL-17``, ``CALL-18``)."""
        return await self._control("wait_for_answer", outgoing.wait_for_answer(self, seconds_timeout))

    async def wait_for_answer_machine(
        self,
        milliseconds_min_beep_duration: int = 180,
        milliseconds_post_beep_silence: int = 1000,
        milliseconds_no_beep_silence: int = 4000,
        seconds_timeout: float | None = 10,
    ) -> bool:
        """Block until an answering machine seems ready to record (``LSD-7``, ``LSD-8``)."""
        request = outgoing.wait_for_answer_machine(
            self,
            milliseconds_min_beep_duration,
            milliseconds_post_beep_silence,
            milliseconds_no_beep_silence,
            seconds_timeout,
        )
        return await self._wire.perform_async(request)

    async def connect(self, other_call: UASCallChannel) -> bool:
        """Join the audio of two calls of this instance in both directions (``CONN-1``)."""
        return await self._control("connect", joining.connect(self, other_call))

    async def disconnect(self) -> bool:
        """Undo a connection; both calls stay ``ANSWERED`` (``CONN-7``)."""
        return await self._control("disconnect", joining.disconnect(self))

    async def hold(self, music: PlayableMedia | None = None) -> State:
        """Put the far end on hold and wait until it has replied (``HOLD-1``, ``HOLD-2``)."""
        return await self._control("hold", joining.hold(self, music))

    async def retrieve(self) -> State:
        """Take the far end off hold and wait until it has replied (``HOLD-4``)."""
        return await self._control("retrieve", joining.retrieve(self))

    async def retrievable_transfer(
        self,
        other_call: UASCallChannel,
        call_to: str | None = None,
        call_from: str = "",
        ringback_tone: str | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to another destination, from where it can be retrieved (``XFER-1``)."""
        request = joining.transfer(
            self, "retrievable_transfer", other_call, call_to, call_from, ringback_tone, seconds_timeout
        )
        return await self._control("retrievable_transfer", request)

    async def transfer_to_inbound_service(
        self,
        other_call: UASCallChannel,
        call_to: str,
        call_from: str = "",
        ringback_tone: str | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to an inbound service of this server (``XFER-2``)."""
        request = joining.transfer(
            self,
            "transfer_to_inbound_service",
            other_call,
            call_to,
            call_from,
            ringback_tone,
            seconds_timeout,
        )
        return await self._control("transfer_to_inbound_service", request)

    async def transfer_to_conference_room(
        self,
        other_call: UASCallChannel,
        conference_room_name: str,
        talker_and_listener: bool = True,
        conference_lifetime_control: ConferenceLifetimeControl | None = None,
        conference_party_media_settings: ConferencePartyMediaSettings | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to a conference room, from where it can be retrieved (``XFER-3``)."""
        request = joining.transfer_to_conference_room(
            self,
            other_call,
            conference_room_name,
            talker_and_listener,
            conference_lifetime_control,
            conference_party_media_settings,
            seconds_timeout,
        )
        return await self._control("transfer_to_conference_room", request)

    async def retrieve_transferred_call(self, seconds_timeout: float | None = 60) -> State:
        """Take a transferred call back (``XFER-18``); the other leg is hung up (``XFER-20``)."""
        request = joining.retrieve_transferred_call(self, seconds_timeout)
        return await self._control("retrieve_transferred_call", request)

    async def call_conference_room(
        self,
        conference_room_name: str,
        talker_and_listener: bool = True,
        conference_lifetime_control: ConferenceLifetimeControl | None = None,
        conference_party_media_settings: ConferencePartyMediaSettings | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Place this outbound channel into a conference room (``CONF-5``)."""
        request = joining.call_conference_room(
            self,
            conference_room_name,
            talker_and_listener,
            conference_lifetime_control,
            conference_party_media_settings,
            seconds_timeout,
        )
        return await self._control("call_conference_room", request)
