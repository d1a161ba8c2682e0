"""What can be played, and the player of files and speech: ``PlayableMedia`` and ``channel.FilePlayer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offhook import _arguments
from offhook import cipher as _cipher
from offhook._job import Job
from offhook._request import Known, Message, Request, for_success
from offhook.cipher import AESCBCCipher
from offhook.enums import FilePlayerCause, PlayerState
from offhook.errors import Error
from offhook.files import check_name

if TYPE_CHECKING:
    from offhook._core import Channel

__all__ = ["PlayableMedia", "UASCallFilePlayer"]


class PlayableMedia:
    """A file to play or a text to say (``PM-1`` to ``PM-6``).

    Args:
        text_to_say: words to be spoken.
        file_to_play: the name of a WAV file below the media root.
        channel: the channel that it is for; optional (``PM-4``).
        cipher: the credentials of an encrypted file.

    The four are also methods of the same names that set the value later. Setting text
    clears the file and the reverse (``PM-3``). Exactly one of the two must be set when the object is used;
    whether the file exists is found out then too (``PM-6``). One object can be used any number of times
    (``PM-5``).

    >>> greeting = PlayableMedia(text_to_say="Thank you for calling.")
    >>> greeting.file_to_play("greeting.wav")
    >>> greeting
    PlayableMedia(file_to_play='greeting.wav')
    """

    __slots__ = ("_channel", "_cipher", "_file", "_text")

    def __init__(
        self,
        text_to_say: str | None = None,
        file_to_play: str | None = None,
        channel: Channel | None = None,
        cipher: AESCBCCipher | None = None,
    ) -> None:
        self._text = text_to_say
        self._file = file_to_play
        self._channel = channel
        self._cipher = cipher

    def text_to_say(self, text_to_say: str | None) -> None:
        """Set the words to be spoken and clear the file."""
        self._text = text_to_say
        self._file = None

    def file_to_play(self, file_to_play: str | None) -> None:
        """Set the name of the file and clear the words."""
        self._file = file_to_play
        self._text = None

    def channel(self, channel: Channel | None) -> None:
        """Set the channel that it is for; ``None``: any."""
        self._channel = channel

    def cipher(self, cipher: AESCBCCipher | None) -> None:
        """Set the credentials of an encrypted file."""
        self._cipher = cipher

    def __repr__(self) -> str:
        parts = (("text_to_say", self._text), ("file_to_play", self._file))
        return (
            f"PlayableMedia({', '.join(f'{name}={value!r}' for name, value in parts if value is not None)})"
        )

    def _is_set(self) -> bool:
        return self._text is not None or self._file is not None

    def _source(self, where: str, channel: Channel) -> Message:
        """What the server is to play, checked for use on this channel (``PM-3``, ``PM-4``)."""
        if self._channel is not None and self._channel is not channel:
            raise Error(
                f"{where}: the PlayableMedia belongs to another channel; accepted: this channel, or None"
            )
        if (self._text is None) == (self._file is None):
            found = "neither" if self._text is None else "both"
            raise Error(
                f"{where}: the PlayableMedia has {found} of text_to_say and file_to_play; "
                "accepted: exactly one"
            )
        if self._file is None:
            return text_source(where, "text_to_say", self._text)
        return file_source(where, self._file, self._cipher)


def file_source(where: str, name: Any, cipher: AESCBCCipher | None) -> Message:
    """A file for the server, its name and cipher checked (``FILE-4``, ``FP-17``)."""
    check_name(where, "file_to_play", name)
    return {"file": name, **_cipher.parameter(where, cipher)}


def text_source(where: str, argument: str, text: Any) -> Message:
    """Words for the server's speech engine."""
    return {"text": _arguments.text(where, argument, text)}


class FilePlayerCore(Job[PlayerState, FilePlayerCause]):
    """What the blocking and the async file player have in common."""

    __slots__ = ()

    Cause = FilePlayerCause
    State = PlayerState

    _name = "FilePlayer"
    _prefix = "file_player"
    _states = PlayerState
    _causes = FilePlayerCause

    def _file(
        self,
        function: str,
        file_to_play: str | PlayableMedia,
        barge_in: bool,
        barge_in_digits: str | None,
        loop: bool,
        seconds_timeout: float | None,
        cipher: AESCBCCipher | None,
    ) -> Message:
        """The parameters for playing a file, but ``wait``."""
        where = self._channel._transmitter_site(f"FilePlayer.{function}")
        if isinstance(file_to_play, PlayableMedia):
            if cipher is not None:
                raise _arguments.refuse(
                    where, "cipher", cipher, "None beside a PlayableMedia, which has its own"
                )
            media = file_to_play._source(where, self._channel)
        else:
            media = file_source(where, file_to_play, cipher)
        return self._options(where, media, barge_in, barge_in_digits, loop, seconds_timeout)

    def _text(
        self,
        function: str,
        text_to_say: str,
        barge_in: bool,
        barge_in_digits: str | None,
        loop: bool,
        seconds_timeout: float | None,
    ) -> Message:
        """The parameters for speaking a text, but ``wait``."""
        where = self._channel._transmitter_site(f"FilePlayer.{function}")
        media = text_source(where, "text_to_say", text_to_say)
        return self._options(where, media, barge_in, barge_in_digits, loop, seconds_timeout)

    def _options(
        self,
        where: str,
        media: dict[str, str],
        barge_in: bool,
        barge_in_digits: str | None,
        loop: bool,
        seconds_timeout: float | None,
    ) -> Message:
        return {
            "channel": self._channel._id,
            "media": media,
            "barge_in": _arguments.flag(where, "barge_in", barge_in),
            "barge_in_digits": _arguments.digits(where, "barge_in_digits", barge_in_digits),
            "loop": _arguments.flag(where, "loop", loop),
            "seconds_timeout": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
        }

    def _play(self, params: Message) -> Request[FilePlayerCause]:
        return self._until_over("play", {**params, "wait": True})

    def _start(self, params: Message) -> Request[bool]:
        return self._until_started("play", {**params, "wait": False})

    def _switch(self, function: str) -> Request[bool] | Known[bool]:
        """``pause`` or ``resume`` of the running job; ``False`` without one (``FP-9``)."""
        if not self._may_run():
            return Known(False)
        return for_success(f"file_player.{function}", {"channel": self._channel._id})

    def _seek(self, seconds: float) -> Request[bool] | Known[bool]:
        where = self._channel._site("FilePlayer.seek")
        position = _arguments.seconds(where, "seconds", seconds)
        if position is None:
            raise _arguments.refuse(where, "seconds", seconds, "a finite number of seconds of at least 0")
        if not self._may_run():
            return Known(False)
        return for_success("file_player.seek", {"channel": self._channel._id, "seconds": position})


class UASCallFilePlayer(FilePlayerCore):
    """Plays a WAV file of the media store or speaks text: ``channel.FilePlayer`` (``FP-1`` to ``FP-21``).

    It works in ``ANSWERED`` and, while early media is in force, in ``RING_INCOMING`` (``MED-4``). A channel
    has one running transmitter: starting a job while any player of the channel runs raises ``Error``
    (``MED-6``).
    """

    __slots__ = ()

    def play(
        self,
        file_to_play: str | PlayableMedia,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
        cipher: AESCBCCipher | None = None,
    ) -> FilePlayerCause:
        """Play a file and block until the job ends (``FP-4``).

        Args:
            file_to_play: a name by ``FILE-4`` below the media root, or a ``PlayableMedia``.
            barge_in: any digit stops the job (``FP-12``).
            barge_in_digits: these digits stop the job; a non-empty string switches barge-in on.
            loop: repeat without a gap until stopped (``FP-15``).
            seconds_timeout: limit for the job as a whole, ``None`` for no limit (``FP-16``).
            cipher: credentials of an encrypted file, which ``file_man.validate`` has accepted (``FP-17``).

        Returns:
            Why the job ended: ``NORMAL``, ``BARGEIN``, ``ABORTED``, ``TIMEOUT``, ``HANGUP`` or ``ERROR``.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument, the file or a running transmitter forbids it; nothing is played.
        """
        params = self._file("play", file_to_play, barge_in, barge_in_digits, loop, seconds_timeout, cipher)
        return self._channel._wire.perform(self._play(params))

    def say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> FilePlayerCause:
        """Speak a text and block until the job ends (``FP-5``).

        The arguments, results and errors are those of ``play``; ``text_to_say`` is plain text or SSML
        (``FP-18``).
        """
        params = self._text("say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout)
        return self._channel._wire.perform(self._play(params))

    def start(
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
        return self._channel._wire.perform(self._start(params))

    def start_say(
        self,
        text_to_say: str,
        barge_in: bool = False,
        barge_in_digits: str | None = None,
        loop: bool = False,
        seconds_timeout: float | None = None,
    ) -> bool:
        """Like ``say``, but return ``True`` as soon as the job runs (``FP-6``)."""
        params = self._text("start_say", text_to_say, barge_in, barge_in_digits, loop, seconds_timeout)
        return self._channel._wire.perform(self._start(params))

    def stop(self) -> FilePlayerCause:
        """End the running job with ``ABORTED`` and return its cause (``FP-7``).

        Without a job it returns the last cause. It never raises, also when the call is ``IDLE`` (``MED-12``).
        """
        return self._channel._wire.perform(self._stop())

    def wait_until_finished(self, seconds_timeout: float | None = None) -> FilePlayerCause:
        """Block until the running job ends and return its cause (``FP-8``, ``MED-13``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit. If it comes first, the result is
                ``NONE`` and the job goes on.

        Without a job it returns the last cause at once.

        Raises:
            Error: if ``seconds_timeout`` is not acceptable.
        """
        return self._channel._wire.perform(self._wait(seconds_timeout))

    def pause(self) -> bool:
        """Pause the running job; ``False`` without one (``FP-9``).

        While it is paused the state stays ``PLAYING`` and silence is sent.
        """
        return self._channel._wire.perform(self._switch("pause"))

    def resume(self) -> bool:
        """Go on with a paused job where it was paused; ``False`` without one (``FP-9``)."""
        return self._channel._wire.perform(self._switch("resume"))

    def seek(self, seconds: float) -> bool:
        """Go on from another place of the file; ``False`` without a job (``FP-9``, ``FP-10``).

        Args:
            seconds: the place, counted from the start of the file. One past its end ends the job with
                ``NORMAL``, or starts it again if it is repeated.

        Raises:
            Error: if ``seconds`` is not acceptable, or the job speaks a text.
        """
        return self._channel._wire.perform(self._seek(seconds))
