"""The enumerations of the call-channel API.

Applications reach them through the class or object that owns them, for example
``channel.State.ANSWERED`` or ``channel.FilePlayer.Cause.BARGEIN`` (``GEN-4``). The numeric
values are unspecified (``GEN-5``).
"""

from __future__ import annotations

import enum

__all__ = [
    "CallFarEndType",
    "Cause",
    "DTMFDetectorCause",
    "DTMFPlayerCause",
    "FilePlayerCause",
    "FileRecorderCause",
    "LiveSpeakerDetectionSettings",
    "PlayerState",
    "RecorderState",
    "State",
    "TonePlayerCause",
    "TransferCause",
]


class State(enum.Enum):
    """The state of a call channel (``ST-1``)."""

    WAITING = enum.auto()
    """Waiting for an incoming call; an application never sees it."""
    CALL_INCOMING = enum.auto()
    """A caller is there; nothing but ``100 Trying`` has been sent back."""
    RING_INCOMING = enum.auto()
    """Ringing or early media has been signalled to the caller."""
    ANSWERING = enum.auto()
    """The answer is under way."""
    ANSWERED = enum.auto()
    """The call is answered, in either direction."""
    CALL_OUTGOING = enum.auto()
    """Dialling out; no ringing has been reported yet."""
    RING_OUTGOING = enum.auto()
    """The far end reports ringing."""
    HOLDING = enum.auto()
    """Hold is under way."""
    ON_HOLD = enum.auto()
    """The call is on hold."""
    TRANSFERRING = enum.auto()
    """A transfer is under way."""
    TRANSFERRED = enum.auto()
    """The transfer is complete."""
    RECONNECTING = enum.auto()
    """A transferred call is being retrieved."""
    ERROR = enum.auto()
    """The channel is in error; only ``hang_up`` leads out of it (``ST-7``)."""
    IDLE = enum.auto()
    """No call; after a call it means that the call has cleared."""


class Cause(enum.Enum):
    """Why a call cleared (``CAU-1``); it has a meaning once the state is ``IDLE`` (``CAU-2``)."""

    TIMEOUT = enum.auto()
    """Timed out waiting for a call event."""
    ERROR = enum.auto()
    """An error cleared the call."""
    NORMAL = enum.auto()
    """Normal clearing; the default."""
    BUSY = enum.auto()
    """The destination was reached but is in use."""
    NOANSWER = enum.auto()
    """The destination responded but did not complete the call in time."""
    UNOBTAINABLE = enum.auto()
    """The address cannot be obtained."""
    CHANGED = enum.auto()
    """The address is no longer assigned."""
    OUTOFORDER = enum.auto()
    """The interface to the destination is not working."""
    BARRED = enum.auto()
    """Incoming calls are barred at the destination."""
    REJECTED = enum.auto()
    """The destination could have taken the call but refused it."""
    NOCHANNELS = enum.auto()
    """There was no suitable circuit or channel."""
    CONGESTION = enum.auto()
    """The network is congested."""
    FAILED = enum.auto()
    """Failed; ``Details.raw_cause`` tells more."""
    OTHER = enum.auto()
    """Cleared for a reason not defined here; ``Details.raw_cause`` tells more."""


class TransferCause(enum.Enum):
    """How the last transfer ended (``XFER-12``)."""

    NONE = enum.auto()
    """No transfer yet, or one is under way."""
    NORMAL = enum.auto()
    """Transferred."""
    TIMEOUT = enum.auto()
    """The time for the transfer passed."""
    HANGUP = enum.auto()
    """The call being transferred cleared first."""
    TARGETREJECT = enum.auto()
    """The target refused the call."""
    TARGETHANGUP = enum.auto()
    """The target answered but cleared before completion."""
    FAIL = enum.auto()
    """Any other failure."""


class LiveSpeakerDetectionSettings(enum.Enum):
    """From when the time for live speaker detection runs (``LSD-1``)."""

    DEFAULT = enum.auto()
    """The same as ``TIMEOUT_FROM_NETWORK_CONNECT`` (``LSD-2``)."""
    TIMEOUT_FROM_NETWORK_CONNECT = enum.auto()
    """From the report that the call is connected."""
    TIMEOUT_FROM_ANSWER_DETECT = enum.auto()
    """From the moment at which the callee is judged to have answered (``LSD-3``)."""


class CallFarEndType(enum.Enum):
    """The result of live speaker detection (``LSD-4``)."""

    LIVE = enum.auto()
    """A person."""
    ANSWER_MACHINE = enum.auto()
    """An answering machine."""
    FAX_MACHINE = enum.auto()
    """A fax machine."""
    UNKNOWN = enum.auto()
    """Not classified; also the initial value."""


class PlayerState(enum.Enum):
    """The state of a file player, tone player or DTMF player (``FP-3``, ``TONE-14``, ``DTMF-13``)."""

    PLAYING = enum.auto()
    """A job runs."""
    IDLE = enum.auto()
    """No job runs."""
    ERROR = enum.auto()
    """The last job ended in an error; the next may still be started (``MED-11``)."""


class FilePlayerCause(enum.Enum):
    """Why the last job of a file player ended (``FP-2``)."""

    ERROR = enum.auto()
    """Stopped by an error."""
    NORMAL = enum.auto()
    """Reached its end."""
    BARGEIN = enum.auto()
    """Stopped by a digit."""
    ABORTED = enum.auto()
    """Stopped by ``stop()``."""
    HANGUP = enum.auto()
    """The call cleared."""
    TIMEOUT = enum.auto()
    """A timer expired."""
    NONE = enum.auto()
    """A job runs, or there has been none (``MED-1``)."""


class TonePlayerCause(enum.Enum):
    """Why the last job of a tone player ended (``TONE-14``)."""

    ERROR = enum.auto()
    """Stopped by an error."""
    NORMAL = enum.auto()
    """Played once to its end."""
    ABORTED = enum.auto()
    """Stopped by ``stop()``."""
    HANGUP = enum.auto()
    """The call cleared."""
    TIMEOUT = enum.auto()
    """The time given to ``play`` passed."""
    NONE = enum.auto()
    """A job runs, or there has been none (``MED-1``)."""


class RecorderState(enum.Enum):
    """The state of a file recorder (``REC-3``)."""

    RECORDING = enum.auto()
    """A job runs."""
    IDLE = enum.auto()
    """No job runs."""
    ERROR = enum.auto()
    """The last job ended in an error; the next may still be started (``MED-11``)."""


class FileRecorderCause(enum.Enum):
    """Why the last recording ended (``REC-2``); there is no ``NORMAL``."""

    ERROR = enum.auto()
    """Stopped by an error."""
    BARGEIN = enum.auto()
    """Stopped by a digit."""
    SILENCE = enum.auto()
    """The limit of silence was reached."""
    SIZE = enum.auto()
    """The largest file size was reached."""
    ABORTED = enum.auto()
    """Stopped by ``stop()``."""
    HANGUP = enum.auto()
    """The call cleared."""
    TIMEOUT = enum.auto()
    """A timer expired, or the recording had its longest duration (``REC-7``)."""
    NONE = enum.auto()
    """A job runs, or there has been none (``MED-1``)."""


class DTMFDetectorCause(enum.Enum):
    """Why the last collection of digits ended (``DTMF-1``)."""

    HANGUP = enum.auto()
    """The call cleared."""
    COUNT = enum.auto()
    """The wanted number of digits was received."""
    END = enum.auto()
    """An end digit was seen."""
    TIMEOUT = enum.auto()
    """One of the timers expired."""
    ERROR = enum.auto()
    """Stopped by an error."""
    NONE = enum.auto()
    """Digits are being collected, or there has been no collection."""


class DTMFPlayerCause(enum.Enum):
    """Why the last job of a DTMF player ended (``DTMF-13``)."""

    ERROR = enum.auto()
    """Stopped by an error."""
    NORMAL = enum.auto()
    """All digits were sent."""
    HANGUP = enum.auto()
    """The call cleared."""
    TIMEOUT = enum.auto()
    """A timer expired."""
    NONE = enum.auto()
    """A job runs, or there has been none (``MED-1``)."""
