"""The recorder of a channel: ``channel.FileRecorder`` (``REC-1`` to ``REC-19``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offhook import _arguments
from offhook import cipher as _cipher
from offhook._job import Job
from offhook.cipher import AESCBCCipher
from offhook.enums import FileRecorderCause, RecorderState
from offhook.files import check_wav_name

if TYPE_CHECKING:
    from offhook._request import Message, Request

__all__ = ["UASCallFileRecorder"]

_CHANNELS = ("mono", "stereo")
_CODECS = ("alaw", "ulaw", "pcm16")


class FileRecorderCore(Job[RecorderState, FileRecorderCause]):
    """What the blocking and the async recorder have in common."""

    __slots__ = ("_audio_detected",)

    Cause = FileRecorderCause
    State = RecorderState

    _name = "FileRecorder"
    _prefix = "file_recorder"
    _states = RecorderState
    _causes = FileRecorderCause

    def audio_detected_in_recording(self) -> bool | None:
        """Whether audio was heard in the last recording (``REC-6``). It never blocks or raises.

        Returns:
            ``None`` before the first recording and during one; afterwards ``True`` if audio was heard and
            ``False`` if the recording is only silence.
        """
        return self._audio_detected

    def _update(self, params: Message) -> None:
        self._audio_detected: bool | None = params.get("audio_detected")
        super()._update(params)

    def _may_run(self) -> bool:
        # The file is closed a moment after the call has cleared (REC-15).
        return super()._may_run() or self.state() is RecorderState.RECORDING

    def _record(self, *arguments: Any) -> Request[FileRecorderCause]:
        return self._until_over("record", {**self._params("record", *arguments), "wait": True})

    def _start(self, *arguments: Any) -> Request[bool]:
        return self._until_started("record", {**self._params("start", *arguments), "wait": False})

    def _params(
        self,
        function: str,
        filename: str,
        milliseconds_max_duration: int | None,
        milliseconds_max_silence: int | None,
        milliseconds_initial_silence: int | None,
        barge_in_digits: str,
        beep_on_start: bool,
        seconds_timeout: float | None,
        channels: str,
        codec: str,
        cipher: AESCBCCipher | None,
    ) -> Message:
        where = self._channel._receiver_site(f"FileRecorder.{function}")
        check_wav_name(where, "filename", filename)
        encryption = _cipher.parameter(where, cipher)
        if _arguments.flag(where, "beep_on_start", beep_on_start):
            # The beep is transmitted (REC-11).
            self._channel._require_unconnected(where)
        return {
            "channel": self._channel._id,
            "file": filename,
            "max_duration_milliseconds": _arguments.milliseconds(
                where, "milliseconds_max_duration", milliseconds_max_duration, 1
            ),
            "max_silence_milliseconds": _arguments.milliseconds(
                where, "milliseconds_max_silence", milliseconds_max_silence, 1
            ),
            "initial_silence_milliseconds": _arguments.milliseconds(
                where, "milliseconds_initial_silence", milliseconds_initial_silence
            ),
            "barge_in_digits": _arguments.digits(where, "barge_in_digits", barge_in_digits) or "",
            "beep": beep_on_start,
            "seconds_timeout": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
            "channels": _arguments.choice(where, "channels", channels, _CHANNELS),
            "codec": _arguments.choice(where, "codec", codec, _CODECS),
            **encryption,
        }


class UASCallFileRecorder(FileRecorderCore):
    """Records the far end's audio to a WAV file: ``channel.FileRecorder`` (``REC-1`` to ``REC-19``).

    It works in ``ANSWERED``, also while the channel is connected to another (``REC-18``), and while early
    media is in force in ``RING_INCOMING`` and ``RING_OUTGOING`` (``MED-4``, ``MED-5``). When the call clears
    or ``main`` ends, the file holds everything received up to that moment and is closed (``REC-15``).
    """

    __slots__ = ()

    def record(
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
        """Record to a file and block until the recording ends (``REC-4``).

        Args:
            filename: a name by ``FILE-4`` below the media root; a file of that name is replaced (``REC-17``).
            milliseconds_max_duration: recorded audio after which it ends with ``TIMEOUT`` (``REC-7``).
            milliseconds_max_silence: unbroken silence after which it ends with ``SILENCE`` (``REC-8``).
            milliseconds_initial_silence: the same until audio is first heard; ``None`` or 0: use
                ``milliseconds_max_silence``.
            barge_in_digits: the digits that end it with ``BARGEIN``; empty: none (``REC-10``).
            beep_on_start: play a beep of 400 ms first, which is not in the file (``REC-11``).
            seconds_timeout: limit for the function as a whole, beep included; it ends with ``TIMEOUT``.
            channels: ``'mono'``: the far end; ``'stereo'``: it left, what we send right (``REC-12``).
            codec: ``'alaw'``, ``'ulaw'`` or ``'pcm16'``, 8000 Hz.
            cipher: credentials with which the file is encrypted; it is readable once it is closed
                (``REC-14``).

        Returns:
            Why: ``TIMEOUT``, ``SILENCE``, ``BARGEIN``, ``SIZE``, ``ABORTED``, ``HANGUP`` or ``ERROR``.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument, the file or a recording that runs forbids it; no file is
                touched.
        """
        return self._channel._wire.perform(
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

    def start(
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
        return self._channel._wire.perform(
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

    def stop(self) -> FileRecorderCause:
        """End the recording with ``ABORTED``, keep the file, and return the cause (``REC-5``).

        Without a recording it returns the last cause. It never raises, also when the call is ``IDLE``
        (``MED-12``).
        """
        return self._channel._wire.perform(self._stop())

    def wait_until_finished(self, seconds_timeout: float | None = None) -> FileRecorderCause:
        """Block until the recording ends and return its cause (``REC-5``, ``MED-13``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit. If it comes first, the result is
                ``NONE`` and the recording goes on.

        Raises:
            Error: if ``seconds_timeout`` is not acceptable.
        """
        return self._channel._wire.perform(self._wait(seconds_timeout))
