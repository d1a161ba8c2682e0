"""Placing calls and judging who has answered (CALL, LSD)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offhook import _arguments
from offhook._request import Known, Message, Request, for_state, for_success
from offhook.enums import LiveSpeakerDetectionSettings, State

if TYPE_CHECKING:
    from offhook._core import Channel

_LONGEST_SOUND = 3_600_000
"""The longest beep or silence that can be waited for, in milliseconds."""


def call(
    channel: Channel,
    call_to: str,
    call_from: str,
    seconds_timeout: float | None,
    codecs: str | None,
    live_speaker_detect: LiveSpeakerDetectionSettings | None,
    lsd_timeout_milliseconds: int,
) -> Request[State]:
    """``call()``: CALL-1 to CALL-14."""
    where = channel._outbound_turn("call", State.IDLE)
    params = _dial(channel, where, call_to, call_from, codecs, live_speaker_detect, lsd_timeout_milliseconds)
    params["seconds"] = _arguments.seconds(where, "seconds_timeout", seconds_timeout)
    return for_state("channel.call", params)


def start_call(
    channel: Channel,
    call_to: str,
    call_from: str,
    codecs: str | None,
    live_speaker_detect: LiveSpeakerDetectionSettings | None,
    lsd_timeout_milliseconds: int,
) -> Request[State]:
    """``start_call()``: CALL-15, CALL-16."""
    where = channel._outbound_turn("start_call", State.IDLE)
    params = _dial(channel, where, call_to, call_from, codecs, live_speaker_detect, lsd_timeout_milliseconds)
    return for_state("channel.start_call", params)


def _dial(
    channel: Channel,
    where: str,
    call_to: str,
    call_from: str,
    codecs: str | None,
    live_speaker_detect: LiveSpeakerDetectionSettings | None,
    lsd_timeout_milliseconds: int,
) -> Message:
    if not _arguments.address(where, "call_to", call_to):
        raise _arguments.refuse(
            where, "call_to", call_to, "an address by CALL-19, such as 'sip:100@example.org'"
        )
    if live_speaker_detect is not None and not isinstance(live_speaker_detect, LiveSpeakerDetectionSettings):
        accepted = "None, or a member of LiveSpeakerDetectionSettings"
        raise _arguments.refuse(where, "live_speaker_detect", live_speaker_detect, accepted)
    limit = _arguments.whole(where, "lsd_timeout_milliseconds", lsd_timeout_milliseconds, 500, 10000)
    return {
        "channel": channel._id,
        "to": call_to,
        "from": _arguments.address(where, "call_from", call_from),
        "codecs": _arguments.codecs(where, codecs),
        "live_speaker": None if live_speaker_detect is None else live_speaker_detect.name,
        "live_speaker_milliseconds": limit,
        "headers": channel.SIP._to_send(where),
    }


def wait_for_answer(channel: Channel, seconds_timeout: float | None) -> Request[State] | Known[State]:
    """``wait_for_answer()``: CALL-17, CALL-18."""
    where = channel._outbound_turn(
        "wait_for_answer", State.CALL_OUTGOING, State.RING_OUTGOING, State.ANSWERED, State.IDLE
    )
    seconds = _arguments.seconds(where, "seconds_timeout", seconds_timeout)
    if channel._snapshot[0] is State.IDLE:
        return Known(State.IDLE)
    # Asked in ANSWERED too: with live speaker detection the wait goes on until it is over (LSD-6).
    return for_state("channel.wait_for_answer", {"channel": channel._id, "seconds": seconds})


def wait_for_answer_machine(
    channel: Channel,
    milliseconds_min_beep_duration: int,
    milliseconds_post_beep_silence: int,
    milliseconds_no_beep_silence: int,
    seconds_timeout: float | None,
) -> Request[bool]:
    """``wait_for_answer_machine()``: LSD-7 to LSD-9."""
    where = channel._require("wait_for_answer_machine", State.ANSWERED)
    beep, after, without = (
        _arguments.whole(where, name, value, 0, _LONGEST_SOUND)
        for name, value in (
            ("milliseconds_min_beep_duration", milliseconds_min_beep_duration),
            ("milliseconds_post_beep_silence", milliseconds_post_beep_silence),
            ("milliseconds_no_beep_silence", milliseconds_no_beep_silence),
        )
    )
    params = {
        "channel": channel._id,
        "beep_milliseconds": beep,
        "silence_after_beep_milliseconds": after,
        "silence_without_beep_milliseconds": without,
        "seconds": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
    }
    return for_success("channel.wait_for_answer_machine", params)
