"""What the blocking and the async call channel have in common.

State, cause and details are what the server reported last: reading them never waits (``ST-8``, ``CAU-3``,
``DET-2``). The thread that reads from the server replaces them; everybody else only reads.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from offhook import _arguments, _later, enums
from offhook._extra import ExtraChannels, of_service
from offhook.conference import ConferenceLifetimeControl, ConferencePartyMediaSettings
from offhook.details import NO_CALL, Details
from offhook.enums import CallFarEndType, Cause, LiveSpeakerDetectionSettings, State, TransferCause
from offhook.errors import Error, Hangup, NotAvailable
from offhook.headers import SIP

if TYPE_CHECKING:
    from offhook._job import ChannelObject
    from offhook._request import Message
    from offhook._wire import Wire
    from offhook.tones import TonePlayerCore

_NO_TONE_PLAYER = "the channel has no tone player; it gets one by TonePlayer(channel, tone_manager)"

_STATS_SECONDS = 0.05
"""How long ``Details.media_stats`` waits for fresh values."""


class Channel:
    """A call channel without the functions that wait."""

    __slots__ = (
        "SIP",
        "__weakref__",
        "_details",
        "_extra_channels",
        "_guard",
        "_id",
        "_instance",
        "_objects",
        "_operation",
        "_places_calls",
        "_snapshot",
        "_tone_player",
        "_transfer_cause",
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

    _tone_player: TonePlayerCore | None

    def __init__(self, wire: Wire, start: Message, worker_stops: threading.Event) -> None:
        self._wire = wire
        self._id: str = start["channel"]
        self._instance: str = start["instance"]
        self._worker_stops = worker_stops
        self._places_calls: bool = start["direction"] == "outbound"
        """Whether it is a channel for outbound calls (``CALL-22``)."""
        self._details = Details({**NO_CALL, **start["details"]}, self._ask_details)
        # State and cause change together, in one assignment (CAU-8).
        self._snapshot = (State[start["state"]], Cause[start["cause"]])
        self._transfer_cause = TransferCause.NONE
        self._guard = threading.Lock()
        self._operation: str | None = None
        self._objects: dict[str, ChannelObject] = {each._name: each for each in self._make_objects()}
        self._tone_player = None
        self._extra_channels: ExtraChannels[Any] = ExtraChannels(
            start["service"],
            tuple(type(self)(wire, each, worker_stops) for each in of_service(start)),
        )
        self.SIP = SIP(start["headers"])

    def _make_objects(self) -> tuple[ChannelObject, ...]:
        """The players, the recorder and the detector that every channel has."""
        raise NotImplementedError

    def state(self) -> enums.State:
        """The current state of the call. It never blocks or raises (``ST-8``)."""
        return self._snapshot[0]

    def cause(self) -> enums.Cause:
        """Why the call cleared, ``NORMAL`` until it has (``CAU-2``). Never blocks or raises (``CAU-3``)."""
        return self._snapshot[1]

    def transfer_cause(self) -> enums.TransferCause:
        """How the last transfer ended; ``NONE`` before the first. It never blocks or raises (``XFER-14``)."""
        return self._transfer_cause

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
        details = params["details"]
        if details.get("call_id", self._details.call_id) != self._details.call_id:
            # A further call begins on the channel: nothing of the last one is left (GEN-19).
            details = {**NO_CALL, **details}
            self._forget_call()
        # Details first: who sees IDLE sees the final raw_cause too.
        self._details._update(details)
        if "transfer_cause" in params:
            self._transfer_cause = TransferCause[params["transfer_cause"]]
        self._snapshot = (State[params["state"]], Cause[params["cause"]])

    def _update_player(self, params: Message) -> None:
        name = params["object"]
        job = self._tone_player if name == "TonePlayer" else self._objects[name]
        if job is not None:
            job._update(params)

    def _forget_call(self) -> None:
        self.SIP._received = {}
        for job in self._objects.values():
            job._forget()
        if self._tone_player is not None:
            self._tone_player._forget()

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
            raise self._busy(function, running)

    def _finish(self) -> None:
        self._operation = None

    def _busy(self, function: str, running: str) -> Error:
        return Error(
            f"{self._site(function)} while {running}() runs on the channel; "
            "allowed meanwhile: hang_up, reject, wait_for_idle, state, cause, transfer_cause and every stop"
        )

    # States, checked before anything is sent (RING-6).

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

    def _turn(self, function: str, *allowed: enums.State) -> str:
        """The same for a blocking call-control function, which must wait for its turn (``GEN-21``)."""
        running = self._operation
        if running is not None:
            raise self._busy(function, running)
        return self._require(function, *allowed)

    def _outbound_turn(self, function: str, *allowed: enums.State) -> str:
        """The same for a function that the primary channel of an inbound application lacks (``CALL-22``)."""
        if not self._places_calls:
            raise Error(
                f"{self._site(function)}: the primary channel of an inbound application places no calls; "
                "allowed on channel.ExtraChannel and in outbound applications"
            )
        return self._turn(function, *allowed)

    def _transmitter_site(self, function: str) -> str:
        """Check that a transmitter may start (``MED-3``, ``MED-4``, ``MED-8``); the site for messages."""
        state = self._snapshot[0]
        where = f"{function}() in state {state._name_}"
        if not (state is State.ANSWERED or (state is State.RING_INCOMING and self._details.early_media)):
            kind = Hangup if state is State.IDLE else Error
            raise kind(f"{where}; allowed in ANSWERED, and in RING_INCOMING while early media is in force")
        self._require_unconnected(where)
        return where

    def _receiver_site(self, function: str) -> str:
        """Check that a receiver may start (``MED-3`` to ``MED-5``, ``MED-8``); the site for messages."""
        state = self._snapshot[0]
        where = f"{function}() in state {state._name_}"
        ringing = state is State.RING_INCOMING or state is State.RING_OUTGOING
        if state is State.ANSWERED or (ringing and self._details.early_media):
            return where
        kind = Hangup if state is State.IDLE else Error
        raise kind(
            f"{where}; allowed in ANSWERED, "
            "and in RING_INCOMING and RING_OUTGOING while early media is in force"
        )

    def _require_unconnected(self, where: str) -> None:
        other = self._details.connected_id
        if other is not None:
            raise Error(f"{where}: the channel is connected to call {other}; allowed after disconnect()")

    # Tones

    def _named_tone(self, where: str, argument: str, name: Any) -> Message:
        """A tone for the server, which the channel's tone player knows (``TONE-11``, ``TONE-15``)."""
        if self._tone_player is None:
            raise Error(
                f"{where}: {argument} is {_arguments.shown(name)}; "
                f"accepted: a tone name only with a tone player; {_NO_TONE_PLAYER}"
            )
        return self._tone_player._tone_manager._tone(where, argument, name)

    def _attach_tone_player(self, player: TonePlayerCore) -> None:
        present = self._tone_player
        if present is not None and present.state() is present.State.PLAYING:
            raise Error(
                f"{self._site('TonePlayer')} while the channel's tone player is PLAYING; "
                "allowed once it has stopped"
            )
        self._tone_player = player

    def _attached_tone_player(self) -> TonePlayerCore:
        if self._tone_player is None:
            raise NotAvailable(_NO_TONE_PLAYER)
        return self._tone_player

    # Details

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
