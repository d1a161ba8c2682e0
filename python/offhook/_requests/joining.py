"""Two calls of an application: connecting, holding, transferring, conferring (CONN, HOLD, XFER, CONF)."""

from __future__ import annotations

from typing import Any

from offhook import _arguments
from offhook._core import Channel
from offhook._request import Known, Message, Request, for_state, for_success
from offhook.conference import ConferenceLifetimeControl, ConferencePartyMediaSettings, room_name
from offhook.enums import State
from offhook.errors import Error
from offhook.media import PlayableMedia
from offhook.tones import ToneManager


def connect(channel: Channel, other_call: Any) -> Request[bool] | Known[bool]:
    """``connect()``: CONN-1 to CONN-6."""
    where = channel._turn("connect", State.ANSWERED)
    other = _other(channel, where, other_call)
    if other._snapshot[0] is not State.ANSWERED:
        return Known(False)
    return for_success("channel.connect", {"channel": channel._id, "other": other._id})


def disconnect(channel: Channel) -> Request[bool]:
    """``disconnect()``: CONN-7, CONN-8."""
    channel._turn("disconnect", State.ANSWERED)
    return for_success("channel.disconnect", {"channel": channel._id})


def hold(channel: Channel, music: PlayableMedia | None) -> Request[State]:
    """``hold()``: HOLD-1 to HOLD-3."""
    where = channel._turn("hold", State.ANSWERED)
    channel._require_unconnected(where)
    if music is not None and not isinstance(music, PlayableMedia):
        raise _arguments.refuse(where, "music", music, "None, or a PlayableMedia")
    media = None if music is None else music._source(where, channel)
    return for_state("channel.hold", {"channel": channel._id, "music": media})


def retrieve(channel: Channel) -> Request[State]:
    """``retrieve()``: HOLD-4."""
    channel._turn("retrieve", State.ON_HOLD)
    return for_state("channel.retrieve", {"channel": channel._id})


def transfer(
    channel: Channel,
    function: str,
    other_call: Any,
    call_to: str | None,
    call_from: str,
    ringback_tone: str | None,
    seconds_timeout: float | None,
) -> Request[State]:
    """``retrievable_transfer()`` and ``transfer_to_inbound_service()``: XFER-1, XFER-2, XFER-4 to XFER-9."""
    where = channel._turn(function, State.ANSWERED)
    leg = _leg(channel, where, other_call)
    if call_to is None or not _arguments.address(where, "call_to", call_to):
        raise _arguments.refuse(where, "call_to", call_to, "an address that is not empty")
    params = {
        "channel": channel._id,
        "other": leg._id,
        "to": call_to,
        "from": _arguments.address(where, "call_from", call_from),
        "ringback": _ringback(channel, where, ringback_tone),
        "seconds": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
    }
    return for_state(f"channel.{function}", params)


def retrieve_transferred_call(channel: Channel, seconds_timeout: float | None) -> Request[State]:
    """``retrieve_transferred_call()``: XFER-18 to XFER-20."""
    where = channel._turn("retrieve_transferred_call", State.TRANSFERRED)
    seconds = _arguments.seconds(where, "seconds_timeout", seconds_timeout)
    return for_state("channel.retrieve_transferred_call", {"channel": channel._id, "seconds": seconds})


def transfer_to_conference_room(
    channel: Channel,
    other_call: Any,
    conference_room_name: str,
    talker_and_listener: bool,
    conference_lifetime_control: ConferenceLifetimeControl | None,
    conference_party_media_settings: ConferencePartyMediaSettings | None,
    seconds_timeout: float | None,
) -> Request[State]:
    """``transfer_to_conference_room()``: XFER-3, CONF-1 to CONF-9."""
    where = channel._turn("transfer_to_conference_room", State.ANSWERED)
    params = _party(
        channel,
        where,
        conference_room_name,
        talker_and_listener,
        conference_lifetime_control,
        conference_party_media_settings,
        seconds_timeout,
    )
    params["other"] = _leg(channel, where, other_call)._id
    return for_state("channel.transfer_to_conference_room", params)


def call_conference_room(
    channel: Channel,
    conference_room_name: str,
    talker_and_listener: bool,
    conference_lifetime_control: ConferenceLifetimeControl | None,
    conference_party_media_settings: ConferencePartyMediaSettings | None,
    seconds_timeout: float | None,
) -> Request[State]:
    """``call_conference_room()``: CONF-5, CONF-16."""
    where = channel._outbound_turn("call_conference_room", State.IDLE)
    params = _party(
        channel,
        where,
        conference_room_name,
        talker_and_listener,
        conference_lifetime_control,
        conference_party_media_settings,
        seconds_timeout,
    )
    return for_state("channel.call_conference_room", params)


def _party(
    channel: Channel,
    where: str,
    name: str,
    talker_and_listener: bool,
    lifetime: ConferenceLifetimeControl | None,
    settings: ConferencePartyMediaSettings | None,
    seconds_timeout: float | None,
) -> Message:
    if lifetime is None:
        lifetime = ConferenceLifetimeControl()
    elif not isinstance(lifetime, ConferenceLifetimeControl):
        accepted = "None, or a ConferenceLifetimeControl"
        raise _arguments.refuse(where, "conference_lifetime_control", lifetime, accepted)
    if settings is None:
        settings = ConferencePartyMediaSettings()
    elif not isinstance(settings, ConferencePartyMediaSettings):
        accepted = "None, or a ConferencePartyMediaSettings"
        raise _arguments.refuse(where, "conference_party_media_settings", settings, accepted)
    return {
        "channel": channel._id,
        "room": room_name(where, "conference_room_name", name),
        "talker": _arguments.flag(where, "talker_and_listener", talker_and_listener),
        "lifetime": lifetime._params(where),
        "media": {
            **settings._params(where, channel),
            "ringback": _ringback(channel, where, settings.ringback_tone),
        },
        "seconds": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
    }


def _other(channel: Channel, where: str, other_call: Any) -> Channel:
    """Another channel of the same instance (``CONN-3``, ``XFER-5``)."""
    accepted = "another channel of this instance"
    if not isinstance(other_call, Channel):
        raise _arguments.refuse(where, "other_call", other_call, accepted)
    if other_call is channel:
        raise Error(f"{where}: other_call is the channel itself; accepted: {accepted}")
    if other_call._wire is not channel._wire or other_call._instance != channel._instance:
        raise Error(f"{where}: other_call belongs to another instance; accepted: {accepted}")
    return other_call


def _leg(channel: Channel, where: str, other_call: Any) -> Channel:
    """A channel without a call, which becomes the outbound leg of a transfer (``XFER-5``)."""
    other = _other(channel, where, other_call)
    state = other._snapshot[0]
    if state is not State.IDLE or not other._places_calls:
        found = f"in state {state.name}" if other._places_calls else "the primary channel of an inbound call"
        raise Error(f"{where}: other_call is {found}; accepted: a channel for outbound calls in state IDLE")
    return other


def _ringback(channel: Channel, where: str, ringback_tone: str | None) -> Message:
    """What the waiting party hears; the default ringback needs no tone player (``XFER-8``, ``TONE-15``)."""
    if ringback_tone is None:
        return {"tone": ToneManager.default()}
    return channel._named_tone(where, "ringback_tone", ringback_tone)
