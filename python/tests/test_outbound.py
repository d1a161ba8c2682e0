"""Placing calls: `call`, `start_call`, `wait_for_answer`, extra channels, and who has answered."""

from __future__ import annotations

from typing import Any

import pytest

from offhook.uas import Error, Hangup, SIPHeaderField, UASCallChannel
from support.peer import ChannelPeer
from support.protocol import Message
from support.threads import Running

State = UASCallChannel.State
Cause = UASCallChannel.Cause
Settings = UASCallChannel.LiveSpeakerDetectionSettings

WITHOUT_CALL: Message = {
    "direction": "outbound",
    "state": "IDLE",
    "details": {"call_id": "", "call_from": "", "call_to": "", "call_target": "", "start_time": 0},
}


@pytest.fixture
def channel(peer: ChannelPeer) -> Any:
    """The primary channel of an outbound application."""
    return peer.make_channel(**WITHOUT_CALL)


def test_an_outbound_channel_starts_without_a_call(channel: Any) -> None:
    """ST-3, DET-4, CAU-2: IDLE, with empty details."""
    assert channel.state() is State.IDLE
    assert channel.cause() is Cause.NORMAL
    assert channel.Details.call_id == ""
    assert channel.Details.far_end_type is UASCallChannel.CallFarEndType.UNKNOWN
    assert channel.Details.media_stats.packets_sent == 0


def test_call_sends_what_it_is_given_and_returns_the_state(peer: ChannelPeer, channel: Any) -> None:
    """CALL-1, CALL-3, CALL-5, CALL-7, SIP-1: the documented defaults go with it."""
    channel.SIP.HeaderFieldsToSend.append(SIPHeaderField("x-account", "4711"))
    running = Running(channel.call, "sip:100@192.0.2.9", "200", codecs="g711u")
    request = peer.server.expect("channel.call")
    assert request["params"] == {
        "channel": channel._id,
        "to": "sip:100@192.0.2.9",
        "from": "200",
        "seconds": 120,
        "codecs": "g711u",
        "live_speaker": None,
        "live_speaker_milliseconds": 7000,
        "headers": [["x-account", "4711"]],
    }
    peer.server.send_state("CALL_OUTGOING", channel=channel._id, call_id="call-9")
    peer.server.send_state("ANSWERED", channel=channel._id)
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED
    assert channel.Details.call_id == "call-9"


def test_a_call_that_fails_returns_idle_with_its_cause(peer: ChannelPeer, channel: Any) -> None:
    """CALL-3, CALL-21, GEN-8: no exception."""
    running = Running(channel.call, "404", "1", None)
    request = peer.server.expect("channel.call")
    assert request["params"]["seconds"] is None
    peer.server.send_state("IDLE", "UNOBTAINABLE", channel=channel._id, call_id="x", raw_cause="404")
    peer.server.respond(request, {"state": "IDLE"})
    assert running.result() is State.IDLE
    assert (channel.cause(), channel.Details.raw_cause) == (Cause.UNOBTAINABLE, "404")


def test_an_address_that_the_server_refuses_raises_error(peer: ChannelPeer, channel: Any) -> None:
    """CALL-20, CALL-6: Error with the server's words, and the state stays IDLE."""
    running = Running(channel.call, "webrtc:someone")
    peer.server.refuse(peer.server.expect("channel.call"), -32002, "call_to is 'webrtc:someone'", "IDLE")
    with pytest.raises(Error, match="webrtc:someone"):
        running.result()
    assert channel.state() is State.IDLE


@pytest.mark.parametrize("state", ["CALL_OUTGOING", "RING_OUTGOING", "ANSWERED", "ON_HOLD", "ERROR"])
def test_a_call_needs_an_idle_channel(peer: ChannelPeer, state: str) -> None:
    """CALL-2, CALL-16, CONF-5: Error, never Hangup."""
    busy = peer.make_channel(direction="outbound", state=state)
    for place in (busy.call, busy.start_call, busy.call_conference_room):
        with pytest.raises(Error, match=rf"in state {state}; allowed in IDLE"):
            place("100")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("call_to", ""),
        ("call_to", None),
        ("call_to", "sip:a\r\nb"),
        ("call_from", None),
        ("seconds_timeout", -1),
        ("codecs", "g7"),
        ("live_speaker_detect", "DEFAULT"),
        ("lsd_timeout_milliseconds", 499),
        ("lsd_timeout_milliseconds", 10001),
        ("lsd_timeout_milliseconds", 7000.0),
    ],
)
def test_bad_arguments_of_call_are_refused(channel: Any, argument: str, value: object) -> None:
    """GEN-10, GEN-11, CALL-8, LSD-5: before anything is sent."""
    arguments = {"call_to": "100", argument: value}
    with pytest.raises(Error, match=rf"call\(\) in state IDLE: {argument} is "):
        channel.call(**arguments)


@pytest.mark.parametrize("milliseconds", [500, 10000])
@pytest.mark.parametrize("setting", list(Settings))
def test_live_speaker_detection_is_asked_for_by_name(
    peer: ChannelPeer, channel: Any, setting: Any, milliseconds: int
) -> None:
    """CALL-8, LSD-1, LSD-5: with its time, for both functions."""
    for place, method in ((channel.call, "channel.call"), (channel.start_call, "channel.start_call")):
        options = {"live_speaker_detect": setting, "lsd_timeout_milliseconds": milliseconds}
        running = Running(place, "100", **options)
        request = peer.server.expect(method)
        assert request["params"]["live_speaker"] == setting.name
        assert request["params"]["live_speaker_milliseconds"] == milliseconds
        peer.server.respond(request, {"state": "IDLE"})
        running.result()


def test_start_call_does_not_wait_and_wait_for_answer_does(peer: ChannelPeer, channel: Any) -> None:
    """CALL-15, CALL-16, CALL-17: the state of the moment; after its time the call goes on."""
    starting = Running(channel.start_call, "100", "200")
    request = peer.server.expect("channel.start_call")
    assert "seconds" not in request["params"]
    peer.server.send_state("CALL_OUTGOING", channel=channel._id, call_id="call-9")
    peer.server.respond(request, {"state": "CALL_OUTGOING"})
    assert starting.result() is State.CALL_OUTGOING
    waiting = Running(channel.wait_for_answer, 0.5)
    request = peer.server.expect("channel.wait_for_answer")
    assert request["params"]["seconds"] == 0.5
    peer.server.send_state("RING_OUTGOING", channel=channel._id)
    peer.server.respond(request, {"state": "RING_OUTGOING"})
    assert waiting.result() is State.RING_OUTGOING


def test_wait_for_answer_waits_for_the_classification(peer: ChannelPeer, channel: Any) -> None:
    """LSD-6: in ANSWERED it asks the server, which replies once it is known who answered."""
    peer.server.send_state("ANSWERED", channel=channel._id, call_id="call-9")
    _await(channel, State.ANSWERED)
    waiting = Running(channel.wait_for_answer)
    request = peer.server.expect("channel.wait_for_answer")
    peer.server.send_state("ANSWERED", channel=channel._id, far_end_type="LIVE")
    peer.server.respond(request, {"state": "ANSWERED"})
    assert waiting.result() is State.ANSWERED
    assert channel.Details.far_end_type is UASCallChannel.CallFarEndType.LIVE


def test_wait_for_answer_without_a_call_returns_at_once(peer: ChannelPeer, channel: Any) -> None:
    """CALL-18: it never raises Hangup; in other states Error."""
    assert channel.wait_for_answer() is State.IDLE
    held = peer.make_channel(direction="outbound", state="ON_HOLD")
    with pytest.raises(Error, match="allowed in CALL_OUTGOING, RING_OUTGOING, ANSWERED, IDLE"):
        held.wait_for_answer()


@pytest.mark.parametrize("state", ["CALL_INCOMING", "ANSWERED", "IDLE"])
def test_the_primary_channel_of_an_inbound_application_places_no_calls(peer: ChannelPeer, state: str) -> None:
    """CALL-22: Error in every state, and the message says where calls can be placed."""
    inbound = peer.in_state(state)
    for place in (inbound.call, inbound.start_call, inbound.call_conference_room):
        with pytest.raises(Error, match=r"places no calls; allowed on channel\.ExtraChannel"):
            place("100")
    with pytest.raises(Error, match="places no calls"):
        inbound.wait_for_answer()


def test_a_further_call_begins_with_nothing_of_the_last(peer: ChannelPeer, channel: Any) -> None:
    """GEN-19, DET-2, SIP-8: fresh details, causes NONE; until then the old values stay."""
    player, detector = channel.FilePlayer, channel.DTMFDetector
    peer.server.send_state("ANSWERED", channel=channel._id, call_id="call-1", codec="g711a")
    peer.server.send_player("IDLE", "NORMAL", channel=channel._id)
    _await(channel, State.ANSWERED)
    collecting = Running(detector.get_digits, count=1)
    request = peer.server.expect("dtmf_detector.get_digits")
    peer.server.respond(request, {"digits": "1", "cause": "COUNT"})
    assert collecting.result() == "1"
    peer.server.send_state("IDLE", "BUSY", channel=channel._id, raw_cause="486")
    _await(channel, State.IDLE)
    assert (channel.Details.call_id, channel.Details.codec) == ("call-1", "g711a")
    assert (player.cause(), detector.cause()) == (player.Cause.NORMAL, detector.Cause.COUNT)
    peer.server.send_state("CALL_OUTGOING", channel=channel._id, call_id="call-2", direction="outbound")
    _await(channel, State.CALL_OUTGOING)
    details = channel.Details
    assert (details.call_id, details.codec, details.raw_cause) == ("call-2", None, "")
    assert channel.cause() is Cause.NORMAL
    assert (player.cause(), detector.cause()) == (player.Cause.NONE, detector.Cause.NONE)


def _await(channel: Any, state: Any) -> None:
    while channel.state() is not state:
        pass


# Extra channels


def test_extra_channels_are_counted_and_place_calls(peer: ChannelPeer) -> None:
    """RUN-23, RUN-24, ST-3: on the primary channel of an inbound application."""
    inbound = peer.make_channel(extra_channels=["x-1", "x-2"], state="ANSWERED")
    assert len(inbound.ExtraChannel) == 2
    assert list(inbound.ExtraChannel) == [inbound.ExtraChannel[0], inbound.ExtraChannel[1]]
    extra = inbound.ExtraChannel[1]
    assert isinstance(extra, UASCallChannel)
    assert extra.state() is State.IDLE
    assert extra.Details.direction == "outbound"
    running = Running(extra.call, "100", "200")
    request = peer.server.expect("channel.call")
    assert request["params"]["channel"] == "x-2"
    peer.server.send_state("ANSWERED", channel="x-2", call_id="call-9")
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED
    assert inbound.Details.call_id == "call-1"


@pytest.mark.parametrize(("names", "index"), [([], 0), (["x-1"], 1), (["x-1"], -2), (["x-1"], "0")])
def test_more_extra_channels_than_allowed_are_an_error(
    peer: ChannelPeer, names: list[str], index: Any
) -> None:
    """RUN-24: it names the service and its number."""
    inbound = peer.make_channel(extra_channels=names, service="reception")
    with pytest.raises(Error, match=rf"service 'reception' has {len(names)} extra channels"):
        inbound.ExtraChannel[index]


# The machine that answers


def test_wait_for_answer_machine_has_the_documented_defaults(peer: ChannelPeer) -> None:
    """LSD-7, LSD-8: and returns what was found."""
    channel = peer.make_channel(direction="outbound", state="ANSWERED")
    for found in (True, False):
        running = Running(channel.wait_for_answer_machine)
        request = peer.server.expect("channel.wait_for_answer_machine")
        assert request["params"] == {
            "channel": channel._id,
            "beep_milliseconds": 180,
            "silence_after_beep_milliseconds": 1000,
            "silence_without_beep_milliseconds": 4000,
            "seconds": 10,
        }
        peer.server.respond(request, {"done": found})
        assert running.result() is found


def test_wait_for_answer_machine_needs_an_answered_call(peer: ChannelPeer, channel: Any) -> None:
    """LSD-9, GEN-11: Hangup in IDLE, Error elsewhere and for a bad time."""
    with pytest.raises(Hangup):
        channel.wait_for_answer_machine()
    with pytest.raises(Error, match="allowed in ANSWERED"):
        peer.make_channel(direction="outbound", state="RING_OUTGOING").wait_for_answer_machine()
    with pytest.raises(Error, match=r"milliseconds_min_beep_duration is 1\.5"):
        peer.in_state("ANSWERED").wait_for_answer_machine(1.5)
