"""What the blocking and the async call channel have in common.

State, cause and details are what the server reported last: reading them never waits (``ST-8``, ``CAU-3``,
``DET-2``). The thread that reads from the server replaces them; everybody else only reads.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from offhook import _arguments, _later, enums
from offhook.conference import ConferenceLifetimeControl, ConferencePartyMediaSettings
from offhook.details import NO_CALL, Details
from offhook.enums import CallFarEndType, Cause, LiveSpeakerDetectionSettings, State, TransferCause
from offhook.errors import Error, Hangup, NotAvailable
from offhook.headers import SIP
from offhook.media import FilePlayerBase, PlayableMedia

if TYPE_CHECKING:
    from offhook._wire import Message, Wire
    from offhook.tones import TonePlayerBase

IDLE: dict[str, Any] = {"state": "IDLE"}
"""The result of a call-control function if the connection to the server is lost while it waits."""

_REJECT_CAUSES = (
    Cause.BUSY,
    Cause.NOANSWER,
    Cause.UNOBTAINABLE,
    Cause.CHANGED,
    Cause.OUTOFORDER,
    Cause.BARRED,
    Cause.REJECTED,
    Cause.NOCHANNELS,
    Cause.CONGESTION,
)

_NO_TONE_PLAYER = "the channel has no tone player; it gets one by TonePlayer(channel, tone_manager)"

_STATS_SECONDS = 0.05
"""How long ``Details.media_stats`` waits for fresh values."""


class Channel:
    """A call channel without the functions that wait."""

    __slots__ = (
        "SIP",
        "__weakref__",
        "_details",
        "_file_player",
        "_guard",
        "_id",
        "_operation",
        "_snapshot",
        "_tone_player",
        "_wire",
        "_worker_stops",
    )

    State = State
    Cause = Cause
    TransferCause = TransferCause
    LiveSpeakerDetectionSettings = LiveSpeakerDetectionSettings
    CallFarEndType = CallFarEndType
    ConferenceLifetimeControl = ConferenceLifetimeControl
    ConferencePartyMediaSettings = ConferencePartyMediaSettings

    SIP: SIP
    """Custom SIP header fields (``SIP-1`` to ``SIP-8``)."""

    _file_player: FilePlayerBase
    _tone_player: TonePlayerBase | None

    def __init__(self, wire: Wire, start: Message, worker_stops: threading.Event) -> None:
        self._wire = wire
        self._id: str = start["channel"]
        self._worker_stops = worker_stops
        self._details = Details({**NO_CALL, **start["details"]}, self._ask_details)
        # State and cause change together, in one assignment (CAU-8).
        self._snapshot = (State[start["state"]], Cause[start["cause"]])
        self._guard = threading.Lock()
        self._operation: str | None = None
        self._tone_player = None
        self.SIP = SIP(start["headers"])

    def state(self) -> enums.State:
        """The current state of the call. It never blocks or raises (``ST-8``)."""
        return self._snapshot[0]

    def cause(self) -> enums.Cause:
        """Why the call cleared, ``NORMAL`` until it has (``CAU-2``). Never blocks or raises (``CAU-3``)."""
        return self._snapshot[1]

    def transfer_cause(self) -> enums.TransferCause:
        """How the last transfer ended; ``NONE`` before the first. It never blocks or raises (``XFER-14``)."""
        return TransferCause.NONE

    @property
    def Details(self) -> Details:
        """What is known of the call (``DET-1`` to ``DET-4``)."""
        return self._details

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id} {self._snapshot[0].name}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "TonePlayer":
                # Python comes here when the property of that name has raised its AttributeError.
                raise NotAvailable(_NO_TONE_PLAYER)
            raise _later.missing("UASCallChannel", name, _later.CHANNEL)

    # What the server reports; the reading thread calls these.

    def _update(self, params: Message) -> None:
        # Details first: who sees IDLE sees the final raw_cause too.
        self._details._update(params["details"])
        self._snapshot = (State[params["state"]], Cause[params["cause"]])

    def _update_player(self, params: Message) -> None:
        player = self._file_player if params["object"] == "FilePlayer" else self._tone_player
        if player is not None:
            player._update(params["state"], params["cause"])

    def _lose(self) -> None:
        """The server is gone, and the call with it (``RUN-32``)."""
        if self._snapshot[0] is not State.IDLE:
            self._snapshot = (State.IDLE, Cause.ERROR)

    # One blocking call-control function at a time (GEN-21, RING-5).

    def _begin(self, function: str) -> None:
        with self._guard:
            running = self._operation
            if running is None:
                self._operation = function
        if running is not None:
            raise Error(
                f"{self._site(function)} while {running}() runs on the channel; "
                "allowed meanwhile: hang_up, reject, wait_for_idle, state, cause and every stop"
            )

    def _finish(self) -> None:
        self._operation = None

    # Arguments and states, checked before anything is sent (RING-6).

    def _site(self, function: str) -> str:
        """The function and the state, for messages (``EXC-3``)."""
        return f"{function}() in state {self._snapshot[0]._name_}"

    def _require(self, function: str, *allowed: enums.State) -> str:
        """Check the state by the exception rule (``GEN-6``); the site for further messages."""
        state = self._snapshot[0]
        where = f"{function}() in state {state._name_}"
        if state in allowed:
            return where
        kind = Hangup if state is State.IDLE else Error
        raise kind(f"{where}; allowed in {', '.join(each.name for each in allowed)}")

    def _media_site(self, function: str) -> str:
        """Check that a transmitter may start (``MED-3``, ``MED-4``); the site for further messages."""
        state = self._snapshot[0]
        where = f"{function}() in state {state._name_}"
        if state is State.ANSWERED or (state is State.RING_INCOMING and self._details.early_media):
            return where
        kind = Hangup if state is State.IDLE else Error
        raise kind(f"{where}; allowed in ANSWERED, and in RING_INCOMING while early media is in force")

    def _ring_params(
        self,
        seconds_ringtime: float | None,
        negotiate_early_media: bool,
        custom_ringtone: str | PlayableMedia | None,
        loop_ringtone: bool,
        codecs: str | None,
    ) -> Message:
        where = self._require("ring", State.CALL_INCOMING, State.RING_INCOMING)
        seconds = _arguments.seconds(where, "seconds_ringtime", seconds_ringtime)
        negotiate = _arguments.flag(where, "negotiate_early_media", negotiate_early_media)
        loop = _arguments.flag(where, "loop_ringtone", loop_ringtone)
        return {
            "channel": self._id,
            "seconds": seconds,
            "early_media": negotiate,
            "ringtone": self._ringtone(where, custom_ringtone, negotiate),
            # Without a time the ringtone's own length decides, so it is not repeated (RING-12).
            "loop": loop and seconds is not None,
            "codecs": _arguments.codecs(where, codecs),
        }

    def _ringtone(self, where: str, ringtone: Any, negotiate: bool) -> Message | None:
        """The ringtone for the server; ``None`` where it is ignored and not even checked (``RING-33``)."""
        in_force = self._details.early_media
        if ringtone is None or not (negotiate or in_force):
            return None
        try:
            return self._usable_ringtone(where, ringtone)
        except Error as error:
            if in_force:
                raise
            # Whether it will be played, and so whether this matters, only the server knows.
            return {"error": str(error)}

    def _usable_ringtone(self, where: str, ringtone: Any) -> Message:
        if isinstance(ringtone, PlayableMedia):
            return ringtone._source(where, self)
        if not isinstance(ringtone, str):
            accepted = "None, a tone name, or a PlayableMedia"
            raise _arguments.refuse(where, "custom_ringtone", ringtone, accepted)
        if self._tone_player is None:
            raise Error(
                f"{where}: custom_ringtone is {_arguments.shown(ringtone)}; "
                f"accepted: a tone name only with a tone player; {_NO_TONE_PLAYER}"
            )
        return self._tone_player._tone_manager._tone(where, "custom_ringtone", ringtone)

    def _answer_params(self, codecs: str | None) -> Message:
        where = self._require("answer", State.CALL_INCOMING, State.RING_INCOMING)
        return {
            "channel": self._id,
            "codecs": _arguments.codecs(where, codecs),
            "headers": self.SIP._to_send(where),
        }

    def _reject_params(self, cause: enums.Cause | None, raw_cause: str | int | None) -> Message | enums.State:
        """What to send, or the state to return at once (``REJ-5``, ``REJ-7``)."""
        state = self._snapshot[0]
        if state is State.IDLE:
            return state
        where = self._require(
            "reject",
            State.CALL_INCOMING,
            State.RING_INCOMING,
            State.ANSWERED,
            State.ON_HOLD,
            State.TRANSFERRED,
        )
        if cause is not None and cause not in _REJECT_CAUSES:
            raise _arguments.refuse(where, "cause", cause, ", ".join(each.name for each in _REJECT_CAUSES))
        code: str | None = None
        if raw_cause is not None:
            if not isinstance(raw_cause, (str, int)) or isinstance(raw_cause, bool):
                raise _arguments.refuse(where, "raw_cause", raw_cause, "None, or a SIP code such as '486'")
            code = str(raw_cause)
            if not _is_final_refusal(code):
                return State.ERROR
        return {"channel": self._id, "cause": None if cause is None else cause.name, "raw_cause": code}

    def _wait_for_idle_params(self, seconds_timeout: float | None) -> Message:
        where = self._site("wait_for_idle")
        return {
            "channel": self._id,
            "seconds": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
        }

    def _attach_tone_player(self, player: TonePlayerBase) -> None:
        present = self._tone_player
        if present is not None and present.state() is present.State.PLAYING:
            raise Error(
                f"{self._site('TonePlayer')} while the channel's tone player is PLAYING; "
                "allowed once it has stopped"
            )
        self._tone_player = player

    def _attached_tone_player(self) -> TonePlayerBase:
        if self._tone_player is None:
            raise NotAvailable(
                "the channel has no tone player; accepted: TonePlayer(channel, tone_manager) first"
            )
        return self._tone_player

    def _ask_details(self) -> None:
        self._wire.ask("channel.details", {"channel": self._id}, self._take_details, _STATS_SECONDS)

    def _take_details(self, result: Message) -> None:
        self._details._update(result["details"])


class ICanRun:
    """A condition for loops: true while the channel's call is not ``IDLE`` (``RUN-29``).

    It becomes false, too, when the worker has been told to stop. It never blocks.

    Example::

        i_can_run = ICanRun(channel)
        while i_can_run:
            channel.FilePlayer.play("music.wav")
    """

    __slots__ = ("_channel",)

    def __init__(self, channel: Channel) -> None:
        if not isinstance(channel, Channel):
            raise _arguments.refuse("ICanRun()", "channel", channel, "a call channel")
        self._channel = channel

    def __bool__(self) -> bool:
        return self._channel._snapshot[0] is not State.IDLE and not self._channel._worker_stops.is_set()


def _is_final_refusal(code: str) -> bool:
    """Whether ``reject`` can send this code (``REJ-4``)."""
    return (
        len(code) == 3
        and code.isascii()
        and code.isdigit()
        and "400" <= code <= "699"
        and code not in ("401", "407")
    )
