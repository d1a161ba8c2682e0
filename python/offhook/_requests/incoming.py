"""Taking a call, refusing it, and letting go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offhook import _arguments
from offhook._request import Known, Message, Request, for_state
from offhook.enums import Cause, State
from offhook.errors import Error
from offhook.media import PlayableMedia

if TYPE_CHECKING:
    from offhook._core import Channel

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


def ring(
    channel: Channel,
    seconds_ringtime: float | None,
    negotiate_early_media: bool,
    custom_ringtone: str | PlayableMedia | None,
    loop_ringtone: bool,
    codecs: str | None,
) -> Request[State]:
    """``ring()``: RING-1 to RING-54."""
    where = channel._turn("ring", State.CALL_INCOMING, State.RING_INCOMING)
    seconds = _arguments.seconds(where, "seconds_ringtime", seconds_ringtime)
    negotiate = _arguments.flag(where, "negotiate_early_media", negotiate_early_media)
    loop = _arguments.flag(where, "loop_ringtone", loop_ringtone)
    params = {
        "channel": channel._id,
        "seconds": seconds,
        "early_media": negotiate,
        "ringtone": _ringtone(channel, where, custom_ringtone, negotiate),
        # Without a time the ringtone's own length decides, so it is not repeated (RING-12).
        "loop": loop and seconds is not None,
        "codecs": _arguments.codecs(where, codecs),
    }
    return for_state("channel.ring", params)


def _ringtone(channel: Channel, where: str, ringtone: Any, negotiate: bool) -> Message | None:
    """The ringtone for the server; ``None`` where it is ignored and not even checked (``RING-33``)."""
    in_force = channel._details.early_media
    if ringtone is None or not (negotiate or in_force):
        return None
    try:
        if isinstance(ringtone, PlayableMedia):
            return ringtone._source(where, channel)
        if not isinstance(ringtone, str):
            accepted = "None, a tone name, or a PlayableMedia"
            raise _arguments.refuse(where, "custom_ringtone", ringtone, accepted)
        return channel._named_tone(where, "custom_ringtone", ringtone)
    except Error as error:
        if in_force:
            raise
        # Whether it will be played, and so whether this matters, only the server knows.
        return {"error": str(error)}


def answer(channel: Channel, codecs: str | None) -> Request[State]:
    """``answer()``: ANS-1 to ANS-14."""
    where = channel._turn("answer", State.CALL_INCOMING, State.RING_INCOMING)
    params = {
        "channel": channel._id,
        "codecs": _arguments.codecs(where, codecs),
        "headers": channel.SIP._to_send(where),
    }
    return for_state("channel.answer", params)


def reject(
    channel: Channel, cause: Cause | None, raw_cause: str | int | None
) -> Request[State] | Known[State]:
    """``reject()``: REJ-1 to REJ-9."""
    state = channel._snapshot[0]
    if state is State.IDLE:
        return Known(state)
    where = channel._require(
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
            return Known(State.ERROR)
    name = None if cause is None else cause.name
    return for_state("channel.reject", {"channel": channel._id, "cause": name, "raw_cause": code})


def hang_up(channel: Channel) -> Request[State] | Known[State]:
    """``hang_up()``: HUP-1 to HUP-9."""
    if channel._snapshot[0] is State.IDLE:
        return Known(State.IDLE)
    return for_state("channel.hang_up", {"channel": channel._id})


def wait_for_idle(channel: Channel, seconds_timeout: float | None) -> Request[State] | Known[State]:
    """``wait_for_idle()``: HUP-10."""
    where = channel._site("wait_for_idle")
    seconds = _arguments.seconds(where, "seconds_timeout", seconds_timeout)
    if channel._snapshot[0] is State.IDLE:
        return Known(State.IDLE)
    return for_state("channel.wait_for_idle", {"channel": channel._id, "seconds": seconds})


def _is_final_refusal(code: str) -> bool:
    """Whether ``reject`` can send this code (``REJ-4``)."""
    return (
        len(code) == 3
        and code.isascii()
        and code.isdigit()
        and "400" <= code <= "699"
        and code not in ("401", "407")
    )
