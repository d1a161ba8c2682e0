"""Digits: the detector and the player of digits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from offhook.uas import Error, Hangup
from support.peer import ChannelPeer
from support.threads import Running


@pytest.fixture
def channel(peer: ChannelPeer) -> Any:
    """A channel in ANSWERED."""
    return peer.in_state("ANSWERED")


def test_get_digits_has_the_documented_defaults(peer: ChannelPeer, channel: Any) -> None:
    """DTMF-3: and returns what the server collected."""
    running = Running(channel.DTMFDetector.get_digits)
    request = peer.server.expect("dtmf_detector.get_digits")
    assert request["params"] == {
        "channel": channel._id,
        "clear": False,
        "count": 0,
        "first_digit_seconds": 0,
        "next_digit_seconds": 5,
        "end": "",
        "seconds_timeout": None,
    }
    peer.server.respond(request, {"digits": "12", "cause": "TIMEOUT"})
    assert running.result() == "12"
    assert channel.DTMFDetector.cause() is channel.DTMFDetector.Cause.TIMEOUT


@pytest.mark.parametrize("cause", ["COUNT", "END", "TIMEOUT", "HANGUP", "ERROR"])
def test_the_cause_tells_how_the_collection_ended(peer: ChannelPeer, channel: Any, cause: str) -> None:
    """DTMF-1, DTMF-2, DTMF-8, GEN-8: NONE while it runs, then why it ended; no exception."""
    detector = channel.DTMFDetector
    assert detector.cause() is detector.Cause.NONE
    running = Running(detector.get_digits, True, 4, None, 2.5, "#*", 30)
    request = peer.server.expect("dtmf_detector.get_digits")
    assert request["params"]["first_digit_seconds"] is None
    assert (request["params"]["clear"], request["params"]["count"], request["params"]["end"]) == (
        True,
        4,
        "#*",
    )
    assert detector.cause() is detector.Cause.NONE
    peer.server.respond(request, {"digits": "", "cause": cause})
    assert running.result() == ""
    assert detector.cause() is detector.Cause[cause]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("clear", 1),
        ("count", -1),
        ("count", 1.0),
        ("count", True),
        ("seconds_predigits_timeout", -1),
        ("seconds_interdigit_timeout", "5"),
        ("seconds_timeout", float("inf")),
        ("end", "x"),
        ("end", 5),
    ],
)
def test_bad_arguments_of_get_digits_are_refused(channel: Any, argument: str, value: Any) -> None:
    """GEN-9, GEN-11, DTMF-7: before anything is sent."""
    with pytest.raises(Error, match=rf"DTMFDetector\.get_digits\(\) in state ANSWERED: {argument} is "):
        channel.DTMFDetector.get_digits(**{argument: value})


def test_digits_are_collected_under_early_media_and_on_a_connected_channel(peer: ChannelPeer) -> None:
    """MED-4, MED-5, DTMF-9, MED-8: receivers work where transmitters do not."""
    for state, details in (
        ("RING_INCOMING", {"early_media": True}),
        ("RING_OUTGOING", {"early_media": True}),
        ("ANSWERED", {"connected_id": "call-2"}),
    ):
        channel = peer.in_state(state, **details)
        running = Running(channel.DTMFDetector.get_digits)
        peer.server.respond(
            peer.server.expect("dtmf_detector.get_digits"), {"digits": "5", "cause": "TIMEOUT"}
        )
        assert running.result() == "5"


@pytest.mark.parametrize("state", ["RING_INCOMING", "RING_OUTGOING", "ON_HOLD", "TRANSFERRED"])
def test_digits_are_refused_in_other_states(peer: ChannelPeer, state: str) -> None:
    """MED-3, MED-4, MED-5, HOLD-5, XFER-15, DTMF-8: Error, and Hangup in IDLE."""
    with pytest.raises(Error, match="allowed in ANSWERED, and in RING_INCOMING and RING_OUTGOING"):
        peer.in_state(state).DTMFDetector.get_digits()
    with pytest.raises(Hangup):
        peer.in_state("IDLE").DTMFDetector.get_digits()


def test_clear_digits_waits_until_the_buffer_is_empty(peer: ChannelPeer, channel: Any) -> None:
    """DTMF-2: without a call there is nothing to empty."""
    running = Running(channel.DTMFDetector.clear_digits)
    peer.server.respond(peer.server.expect("dtmf_detector.clear_digits"), {})
    assert running.result() is None
    peer.in_state("IDLE").DTMFDetector.clear_digits()
    peer.server.send_state("IDLE", channel=channel._id)


def test_play_sends_digits_and_commas(peer: ChannelPeer, channel: Any) -> None:
    """DTMF-13, DTMF-14: and returns why it ended."""
    player = channel.DTMFPlayer
    running = Running(player.play, "0123456789ABCD*#,")
    request = peer.server.expect("dtmf_player.play")
    assert request["params"] == {"channel": channel._id, "digits": "0123456789ABCD*#,"}
    peer.server.send_player("PLAYING", "NONE", "DTMFPlayer", channel._id)
    peer.server.send_player("IDLE", "NORMAL", "DTMFPlayer", channel._id)
    peer.server.respond(request, {"cause": "NORMAL"})
    assert running.result() is player.Cause.NORMAL
    assert (player.state(), player.cause()) == (player.State.IDLE, player.Cause.NORMAL)


@pytest.mark.parametrize("digits", ["", "1" * 33, "," * 33, "a", "1 2", 12, None])
def test_bad_digits_are_refused(channel: Any, digits: Any) -> None:
    """DTMF-15, DTMF-16: too many, none, lower case, other characters."""
    with pytest.raises(Error, match=r"digits is .*; accepted: 1 to 32 characters out of 0123456789ABCD\*#"):
        channel.DTMFPlayer.play(digits)


def test_digits_are_sent_in_answered_only(peer: ChannelPeer, channel: Any) -> None:
    """DTMF-15, MED-8: not while connected or playing, and Hangup in IDLE."""
    with pytest.raises(Hangup):
        peer.in_state("IDLE").DTMFPlayer.play("1")
    with pytest.raises(Error, match="allowed in ANSWERED"):
        peer.in_state("RING_INCOMING", early_media=True).DTMFPlayer.play("1")
    with pytest.raises(Error, match="connected to call call-2"):
        peer.in_state("ANSWERED", connected_id="call-2").DTMFPlayer.play("1")
    peer.server.send_player("PLAYING", "NONE", "DTMFPlayer", channel._id)
    while channel.DTMFPlayer.state() is not channel.DTMFPlayer.State.PLAYING:
        pass
    with pytest.raises(Error, match="while the DTMF player is PLAYING"):
        channel.DTMFPlayer.play("1")


def test_a_lost_server_ends_both_as_a_cleared_call_does(peer: ChannelPeer, channel: Any) -> None:
    """GEN-7, RUN-32, DTMF-13: no digits, and HANGUP."""
    collecting = Running(channel.DTMFDetector.get_digits)
    playing = Running(channel.DTMFPlayer.play, "1")
    peer.server.expect("dtmf_detector.get_digits")
    peer.server.expect("dtmf_player.play")
    peer.lose_connection()
    assert collecting.result() == ""
    assert channel.DTMFDetector.cause() is channel.DTMFDetector.Cause.HANGUP
    assert playing.result() is channel.DTMFPlayer.Cause.HANGUP


def test_the_async_twins_collect_and_send(peer: ChannelPeer) -> None:
    """GEN-16: the same requests."""
    channel = peer.make_async_channel(state="ANSWERED")

    async def main() -> tuple[str, object]:
        await channel.DTMFDetector.clear_digits()
        digits = await channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=None)
        return digits, await channel.DTMFPlayer.play("1,2")

    running = Running(lambda: asyncio.run(main()))
    peer.server.respond(peer.server.expect("dtmf_detector.clear_digits"), {})
    peer.server.respond(peer.server.expect("dtmf_detector.get_digits"), {"digits": "7", "cause": "COUNT"})
    peer.server.respond(peer.server.expect("dtmf_player.play"), {"cause": "NORMAL"})
    assert running.result() == ("7", channel.DTMFPlayer.Cause.NORMAL)
