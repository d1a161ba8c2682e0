"""Two calls of an application: connecting, holding, transferring, conferring."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from offhook.uas import Error, Hangup, PlayableMedia, ToneManager, TonePlayer, UASCallChannel
from support.peer import ChannelPeer
from support.threads import Running

State = UASCallChannel.State
TransferCause = UASCallChannel.TransferCause


@pytest.fixture
def channel(peer: ChannelPeer) -> Any:
    """An answered inbound call with two extra channels."""
    return peer.make_channel(state="ANSWERED", extra_channels=["x-1", "x-2"])


def answer_extra(peer: ChannelPeer, channel: Any) -> Any:
    """The first extra channel, answered."""
    extra = channel.ExtraChannel[0]
    peer.server.send_state("ANSWERED", channel=extra._id, call_id="call-2")
    while extra.state() is not State.ANSWERED:
        pass
    return extra


# connect and disconnect


def test_connect_joins_two_answered_calls(peer: ChannelPeer, channel: Any) -> None:
    """CONN-1, CONN-4, ST-6: True, and each knows the other's id before the function returns."""
    extra = answer_extra(peer, channel)
    running = Running(channel.connect, extra)
    request = peer.server.expect("channel.connect")
    assert request["params"] == {"channel": channel._id, "other": extra._id}
    peer.server.send_state("ANSWERED", channel=channel._id, connected_id="call-2")
    peer.server.send_state("ANSWERED", channel=extra._id, connected_id="call-1")
    peer.server.respond(request, {"done": True})
    assert running.result() is True
    assert channel.Details.connected_id == extra.Details.call_id
    assert extra.Details.connected_id == channel.Details.call_id


def test_connect_to_a_call_that_is_not_answered_is_false(channel: Any) -> None:
    """CONN-2, GEN-3: nothing is raised."""
    assert channel.connect(channel.ExtraChannel[0]) is False


@pytest.mark.parametrize(("state", "kind"), [("IDLE", Hangup), ("RING_INCOMING", Error), ("ON_HOLD", Error)])
def test_connect_and_disconnect_need_an_answered_call(
    peer: ChannelPeer, channel: Any, state: str, kind: type[Exception]
) -> None:
    """CONN-2, CONN-8, GEN-6: Hangup in IDLE, Error in other states."""
    local = peer.make_channel(state=state, extra_channels=["x-9"])
    with pytest.raises(kind, match=rf"connect\(\) in state {state}; allowed in ANSWERED"):
        local.connect(local.ExtraChannel[0])
    with pytest.raises(kind, match=rf"disconnect\(\) in state {state}; allowed in ANSWERED"):
        local.disconnect()


def test_connect_wants_another_channel_of_the_instance(peer: ChannelPeer, channel: Any) -> None:
    """CONN-3, XFER-5, GEN-11: not itself, not one of another instance, not something else."""
    stranger = peer.make_channel(instance="i-2", state="ANSWERED")
    for function, further in ((channel.connect, ()), (channel.retrievable_transfer, ("100",))):
        with pytest.raises(Error, match="other_call is the channel itself"):
            function(channel, *further)
        with pytest.raises(Error, match="other_call belongs to another instance"):
            function(stranger, *further)
        with pytest.raises(Error, match="other_call is None; accepted: another channel"):
            function(None, *further)


def test_transmitters_are_refused_while_connected(peer: ChannelPeer) -> None:
    """CONN-5, MED-8, HOLD-1: players and hold; the message names the other call."""
    connected = peer.in_state("ANSWERED", connected_id="call-2")
    tone_player = TonePlayer(connected, ToneManager())
    for function in (
        lambda: connected.FilePlayer.play("a.wav"),
        lambda: tone_player.start("RINGBACK"),
        lambda: connected.DTMFPlayer.play("1"),
        connected.hold,
    ):
        with pytest.raises(Error, match="connected to call call-2; allowed after disconnect"):
            function()


@pytest.mark.parametrize("done", [True, False])
def test_disconnect_tells_whether_there_was_a_connection(peer: ChannelPeer, channel: Any, done: bool) -> None:
    """CONN-7, CONN-8: False if the call is not connected."""
    running = Running(channel.disconnect)
    request = peer.server.expect("channel.disconnect")
    peer.server.send_state("ANSWERED", channel=channel._id, connected_id=None)
    peer.server.respond(request, {"done": done})
    assert running.result() is done
    assert channel.Details.connected_id is None


# hold and retrieve


@pytest.mark.parametrize(
    ("music", "sent"), [(None, None), (PlayableMedia(file_to_play="a.wav"), {"file": "a.wav"})]
)
def test_hold_and_retrieve(peer: ChannelPeer, channel: Any, music: Any, sent: Any) -> None:
    """HOLD-1, HOLD-2, HOLD-3, HOLD-4, ST-4: through HOLDING to ON_HOLD and back."""
    running = Running(channel.hold, music)
    request = peer.server.expect("channel.hold")
    assert request["params"] == {"channel": channel._id, "music": sent}
    peer.server.send_state("HOLDING", channel=channel._id)
    peer.server.send_state("ON_HOLD", channel=channel._id)
    peer.server.respond(request, {"state": "ON_HOLD"})
    assert running.result() is State.ON_HOLD
    with pytest.raises(Error, match="allowed in ANSWERED"):
        channel.FilePlayer.play("a.wav")
    running = Running(channel.retrieve)
    request = peer.server.expect("channel.retrieve")
    peer.server.send_state("ANSWERED", channel=channel._id)
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED


def test_hold_and_retrieve_in_wrong_states(peer: ChannelPeer, channel: Any) -> None:
    """HOLD-1, HOLD-4, HOLD-5: Hangup in IDLE, Error elsewhere, and for what is no music."""
    idle, held = peer.in_state("IDLE"), peer.in_state("ON_HOLD")
    for function in (idle.hold, idle.retrieve):
        with pytest.raises(Hangup):
            function()
    with pytest.raises(Error, match="allowed in ON_HOLD"):
        channel.retrieve()
    for function in (held.hold, held.disconnect, lambda: held.connect(channel)):
        with pytest.raises(Error, match="in state ON_HOLD; allowed in ANSWERED"):
            function()
    with pytest.raises(Error, match=r"music is 'a\.wav'; accepted: None, or a PlayableMedia"):
        channel.hold("a.wav")


# Transfers


def test_a_transfer_has_the_documented_defaults(peer: ChannelPeer, channel: Any) -> None:
    """XFER-1, XFER-8, XFER-10, XFER-11, XFER-12: the default ringback needs no tone player."""
    assert channel.transfer_cause() is TransferCause.NONE
    running = Running(channel.retrievable_transfer, channel.ExtraChannel[0], "100")
    request = peer.server.expect("channel.retrievable_transfer")
    assert request["params"] == {
        "channel": channel._id,
        "other": "x-1",
        "to": "100",
        "from": "",
        "ringback": {"tone": "RINGBACK"},
        "seconds": 120,
    }
    peer.server.send_state("TRANSFERRING", channel=channel._id)
    peer.server.send_transfer("TRANSFERRED", "NORMAL", channel._id)
    peer.server.respond(request, {"state": "TRANSFERRED"})
    assert running.result() is State.TRANSFERRED
    assert channel.transfer_cause() is TransferCause.NORMAL
    with pytest.raises(Error, match="in state TRANSFERRED; allowed in ANSWERED"):
        channel.FilePlayer.play("a.wav")


@pytest.mark.parametrize("cause", ["TIMEOUT", "TARGETREJECT", "TARGETHANGUP", "FAIL"])
def test_a_transfer_that_fails_leaves_the_call_answered(peer: ChannelPeer, channel: Any, cause: str) -> None:
    """XFER-2, XFER-12, XFER-13, XFER-14, GEN-8: no exception; the cause stays until the next transfer."""
    running = Running(
        channel.transfer_to_inbound_service, channel.ExtraChannel[1], "sales", seconds_timeout=None
    )
    request = peer.server.expect("channel.transfer_to_inbound_service")
    assert (request["params"]["to"], request["params"]["seconds"]) == ("sales", None)
    peer.server.send_transfer("ANSWERED", cause, channel._id)
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED
    assert channel.transfer_cause() is TransferCause[cause]


@pytest.mark.parametrize(("state", "kind"), [("IDLE", Hangup), ("RING_INCOMING", Error)])
def test_transfers_need_an_answered_call(peer: ChannelPeer, state: str, kind: type[Exception]) -> None:
    """XFER-4, XFER-18: and retrieval a transferred one."""
    local = peer.make_channel(state=state, extra_channels=["x-9"])
    extra = local.ExtraChannel[0]
    for function in (
        local.retrievable_transfer,
        local.transfer_to_inbound_service,
        local.transfer_to_conference_room,
    ):
        with pytest.raises(kind, match=rf"in state {state}; allowed in ANSWERED"):
            function(extra, "sales")
    with pytest.raises(kind, match=rf"in state {state}; allowed in TRANSFERRED"):
        local.retrieve_transferred_call()


def test_the_other_leg_must_be_an_idle_outbound_channel(peer: ChannelPeer, channel: Any) -> None:
    """XFER-5: Error for a channel with a call, and for the primary channel of an inbound call."""
    extra = answer_extra(peer, channel)
    with pytest.raises(Error, match="other_call is in state ANSWERED"):
        channel.retrievable_transfer(extra, "100")
    with pytest.raises(Error, match="other_call is the primary channel of an inbound call"):
        extra.retrievable_transfer(channel, "100")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("call_to", None),
        ("call_to", ""),
        ("call_from", 5),
        ("ringback_tone", "RINGBACK_UK"),
        ("seconds_timeout", -1),
    ],
)
def test_bad_arguments_of_a_transfer_are_refused(channel: Any, argument: str, value: Any) -> None:
    """XFER-6, TONE-15, GEN-11: the destination is required; a named ringback needs a tone player."""
    arguments = {"call_to": "100", argument: value}
    with pytest.raises(Error, match=rf"retrievable_transfer\(\) in state ANSWERED: {argument} is "):
        channel.retrievable_transfer(channel.ExtraChannel[0], **arguments)


def test_a_named_ringback_is_one_that_the_tone_player_knows(peer: ChannelPeer, channel: Any) -> None:
    """XFER-8, TONE-11, TONE-3: and the default is that of the tone manager."""
    TonePlayer(channel, ToneManager())
    running = Running(channel.retrievable_transfer, channel.ExtraChannel[0], "1", "2", "RINGBACK_UK")
    request = peer.server.expect("channel.retrievable_transfer")
    assert request["params"]["ringback"] == {"tone": "RINGBACK_UK"}
    peer.server.respond(request, {"state": "ANSWERED"})
    running.result()
    ToneManager.set_default("RINGBACK_EU")
    try:
        running = Running(channel.retrievable_transfer, channel.ExtraChannel[0], "1")
        request = peer.server.expect("channel.retrievable_transfer")
    finally:
        ToneManager.set_default("RINGBACK")
    assert request["params"]["ringback"] == {"tone": "RINGBACK_EU"}
    peer.server.respond(request, {"state": "ANSWERED"})
    running.result()


def test_a_transferred_call_is_retrieved(peer: ChannelPeer) -> None:
    """XFER-18, XFER-19: through RECONNECTING; the state tells whether it succeeded."""
    channel = peer.in_state("TRANSFERRED")
    for reached in ("TRANSFERRED", "ANSWERED"):
        running = Running(channel.retrieve_transferred_call)
        request = peer.server.expect("channel.retrieve_transferred_call")
        assert request["params"] == {"channel": channel._id, "seconds": 60}
        peer.server.send_state("RECONNECTING", channel=channel._id)
        peer.server.send_state(reached, channel=channel._id)
        peer.server.respond(request, {"state": reached})
        assert running.result() is State[reached]


# Conferences

DEFAULT_PARTY = {
    "ringback": {"tone": "RINGBACK"},
    "stopped_file": None,
    "beep_on_entry": True,
    "exit_digit": None,
    "two_party": False,
    "start_muted": False,
    "entry": None,
    "exit": None,
    "prefix": None,
    "mute_digit": None,
    "unmute_digit": None,
}


def test_a_call_into_a_room_has_the_documented_defaults(peer: ChannelPeer, channel: Any) -> None:
    """CONF-1, CONF-2, CONF-4, CONF-5: as if both settings had been made without arguments."""
    extra = channel.ExtraChannel[0]
    running = Running(extra.call_conference_room, "sales2026")
    request = peer.server.expect("channel.call_conference_room")
    assert request["params"] == {
        "channel": "x-1",
        "room": "sales2026",
        "talker": True,
        "lifetime": {"start_on_entry": True, "destroy_on_exit": False},
        "media": DEFAULT_PARTY,
        "seconds": 120,
    }
    peer.server.send_state("ANSWERED", channel="x-1", call_id="call-2")
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED


def test_a_transfer_into_a_room_sends_all_settings(peer: ChannelPeer, channel: Any) -> None:
    """XFER-3, CONF-2, CONF-3, CONF-4, CONF-9: what was set, and nothing for media without text and file."""
    lifetime = channel.ConferenceLifetimeControl(False, True)
    settings = channel.ConferencePartyMediaSettings(None, "wait.wav", False, "#", True, True)
    settings.OnEntryMedia.text_to_say("Hello.")
    settings.PrefixMedia.file_to_play("name.wav")
    settings.MuteOnDTMFDigits.set_digits()
    extra = channel.ExtraChannel[0]
    running = Running(channel.transfer_to_conference_room, extra, "r", False, lifetime, settings, None)
    params = peer.server.expect("channel.transfer_to_conference_room")["params"]
    assert params["lifetime"] == {"start_on_entry": False, "destroy_on_exit": True}
    assert (params["other"], params["room"], params["talker"], params["seconds"]) == ("x-1", "r", False, None)
    assert params["media"] == {
        "ringback": {"tone": "RINGBACK"},
        "stopped_file": "wait.wav",
        "beep_on_entry": False,
        "exit_digit": "#",
        "two_party": True,
        "start_muted": True,
        "entry": {"text": "Hello."},
        "exit": None,
        "prefix": {"file": "name.wav"},
        "mute_digit": "0",
        "unmute_digit": "1",
    }
    peer.lose_connection()
    assert running.result() is State.IDLE


@pytest.mark.parametrize("name", ["", "a b", "a-b", "ä", "x" * 48, None, 5])
def test_a_room_name_is_made_of_letters_and_digits(channel: Any, name: Any) -> None:
    """CONF-6: 1 to 47 ASCII letters and digits."""
    with pytest.raises(
        Error, match=r"conference_room_name is .*; accepted: 1 to 47 ASCII letters and digits"
    ):
        channel.ExtraChannel[0].call_conference_room(name)


def test_settings_of_another_kind_are_refused(channel: Any) -> None:
    """GEN-11, CONF-1, CONF-2, CONF-4: also what is assigned afterwards."""
    extra = channel.ExtraChannel[0]
    with pytest.raises(Error, match="conference_lifetime_control is True"):
        extra.call_conference_room("r", True, True)
    with pytest.raises(Error, match="conference_party_media_settings is 'x'"):
        extra.call_conference_room("r", True, None, "x")
    with pytest.raises(Error, match="exit_on_dtmf_digit is '12'"):
        channel.ConferencePartyMediaSettings(exit_on_dtmf_digit="12")
    settings = channel.ConferencePartyMediaSettings()
    settings.OnExitMedia = "bye.wav"
    with pytest.raises(Error, match=r"OnExitMedia is 'bye.wav'; accepted: a PlayableMedia"):
        extra.call_conference_room("r", True, None, settings)


# Both faces


def test_the_async_twin_joins_calls_too(peer: ChannelPeer) -> None:
    """GEN-16, GEN-21: the same requests, and one call-control function at a time."""
    channel = peer.make_async_channel(state="ANSWERED", extra_channels=["x-1"])

    async def main() -> tuple[object, object]:
        transfer = asyncio.create_task(channel.retrievable_transfer(channel.ExtraChannel[0], "100"))
        await asyncio.sleep(0)
        with pytest.raises(Error, match=r"hold\(\) in state ANSWERED while retrievable_transfer\(\) runs"):
            await channel.hold()
        return await transfer, await channel.hold()

    running = Running(lambda: asyncio.run(main()))
    peer.server.respond(peer.server.expect("channel.retrievable_transfer"), {"state": "ANSWERED"})
    peer.server.respond(peer.server.expect("channel.hold"), {"state": "ON_HOLD"})
    assert running.result() == (State.ANSWERED, State.ON_HOLD)
