"""`ring`: what is sent to the server, what is refused before, and what comes back."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from offhook.uas import Error, Hangup, PlayableMedia, ToneManager, TonePlayer
from support.peer import ChannelPeer
from support.threads import Running


def ring(peer: ChannelPeer, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Ring, let the server agree, and give what it was asked for."""
    running = Running(peer.channel.ring, *args, **kwargs)
    request = peer.server.expect("channel.ring")
    peer.server.send_state("RING_INCOMING")
    peer.server.respond(request, {"state": "RING_INCOMING"})
    assert running.result() is peer.channel.State.RING_INCOMING
    params: dict[str, Any] = request["params"]
    return params


def test_ring_without_arguments_rings_plainly_and_does_not_block(peer: ChannelPeer) -> None:
    """RING-10, RING-3, RING-42: the defaults, and the state afterwards."""
    assert ring(peer) == {
        "channel": "c-1",
        "seconds": 0,
        "early_media": False,
        "ringtone": None,
        "loop": False,
        "codecs": None,
    }
    assert peer.channel.state() is peer.channel.State.RING_INCOMING


def test_ring_takes_its_arguments_by_position_in_the_documented_order(peer: ChannelPeer) -> None:
    """RING-11, RING-21, RING-44, RING-50: order and names of the arguments."""
    media = PlayableMedia(file_to_play="a.wav")
    params = ring(peer, 2.5, True, media, True, "g711a;g711u")
    assert params == {
        "channel": "c-1",
        "seconds": 2.5,
        "early_media": True,
        "ringtone": {"file": "a.wav"},
        "loop": True,
        "codecs": "g711a;g711u",
    }


def test_ring_again_is_safe(peer: ChannelPeer) -> None:
    """RING-2: in RING_INCOMING any number of times."""
    for _ in range(3):
        ring(peer)


def test_without_a_time_the_ringtone_is_not_looped(peer: ChannelPeer) -> None:
    """RING-12: with None, loop_ringtone counts as False."""
    params = ring(peer, None, True, PlayableMedia(text_to_say="Hello"), True)
    assert params["seconds"] is None
    assert params["ringtone"] == {"text": "Hello"}
    assert params["loop"] is False


def test_ring_in_idle_raises_hangup(peer: ChannelPeer) -> None:
    """RING-1, GEN-6, EXC-3: the message names function, state and allowed states."""
    channel = peer.in_state("IDLE")
    with pytest.raises(Hangup, match=r"^ring\(\) in state IDLE; allowed in CALL_INCOMING, RING_INCOMING$"):
        channel.ring()


@pytest.mark.parametrize("state", ["ANSWERING", "ANSWERED", "ON_HOLD", "TRANSFERRED", "ERROR"])
def test_ring_in_another_state_raises_error(peer: ChannelPeer, state: str) -> None:
    """RING-1, ST-7: nothing is sent."""
    channel = peer.in_state(state)
    with pytest.raises(Error, match=rf"ring\(\) in state {state}; allowed in CALL_INCOMING, RING_INCOMING"):
        channel.ring()


@pytest.mark.parametrize(
    "seconds", [-1, -0.001, math.nan, math.inf, -math.inf, True, False, "1", Fraction(1), 1j, [1]]
)
def test_a_bad_time_is_refused_and_the_call_left_as_it_was(peer: ChannelPeer, seconds: Any) -> None:
    """RING-15, RING-6, GEN-9: nothing is sent and the application can ring again."""
    with pytest.raises(
        Error, match=r"ring\(\) in state CALL_INCOMING: seconds_ringtime is .*; accepted: None, or"
    ):
        peer.channel.ring(seconds)
    assert ring(peer)["seconds"] == 0


@pytest.mark.parametrize("seconds", [0, 1, 0.02, 10**400])
def test_every_finite_number_of_seconds_is_accepted(peer: ChannelPeer, seconds: float) -> None:
    """RING-11, GEN-10: int or float, and a very large number is as good as no limit."""
    assert ring(peer, seconds)["seconds"] == min(seconds, 1e9)


@pytest.mark.parametrize("name", ["negotiate_early_media", "loop_ringtone"])
@pytest.mark.parametrize("value", [1, None, "yes"])
def test_a_flag_that_is_no_bool_is_refused(peer: ChannelPeer, name: str, value: Any) -> None:
    """GEN-11: the message names the argument, its value and what is accepted."""
    with pytest.raises(Error, match=rf"{name} is {value!r}; accepted: True or False"):
        peer.channel.ring(**{name: value})


@pytest.mark.parametrize("codecs", ["", ";", "g711a;", "g711", "g711a,g711u", "pcma;g711a", 8, ["g711a"]])
def test_a_bad_list_of_codecs_is_refused_with_the_names(peer: ChannelPeer, codecs: Any) -> None:
    """RING-51: an empty list or an unknown name lists the names."""
    with pytest.raises(
        Error, match=r"codecs is .*; accepted: None, or names .* g711a, g711u, g722, opus, g729"
    ):
        peer.channel.ring(codecs=codecs)


@pytest.mark.parametrize("codecs", ["g711a", " G711A ; g711U;g722;opus;g729;g711a "])
def test_a_list_of_codecs_may_have_blanks_and_either_case(peer: ChannelPeer, codecs: str) -> None:
    """RING-51, RING-50: letter case and blanks do not matter."""
    assert ring(peer, codecs=codecs)["codecs"] == codecs


@pytest.mark.parametrize("ringtone", [42, "no-tone-player", PlayableMedia(), object()])
def test_a_ringtone_without_early_media_is_not_even_checked(peer: ChannelPeer, ringtone: Any) -> None:
    """RING-33: it is ignored, whatever it is."""
    assert ring(peer, custom_ringtone=ringtone)["ringtone"] is None


@pytest.mark.parametrize("ringtone", [42, b"x", ["a.wav"]])
def test_a_ringtone_of_another_type_is_left_to_the_server_to_judge(peer: ChannelPeer, ringtone: Any) -> None:
    """RING-43, RING-33: whether early media can be had only the server knows, and its refusal is ours."""
    running = Running(peer.channel.ring, 0, True, ringtone)
    request = peer.server.expect("channel.ring")
    text = request["params"]["ringtone"]["error"]
    peer.server.refuse(request, -32002, text)
    with pytest.raises(
        Error, match=r"custom_ringtone is .*; accepted: None, a tone name, or a PlayableMedia"
    ):
        running.result()


def test_a_bad_ringtone_is_refused_at_once_while_early_media_is_in_force(peer: ChannelPeer) -> None:
    """RING-43, RING-32, RING-6: then nothing has to be asked."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    with pytest.raises(Error, match="custom_ringtone is 42"):
        channel.ring(custom_ringtone=42)


def test_a_ringtone_is_played_while_early_media_is_in_force(peer: ChannelPeer) -> None:
    """RING-32: also with negotiate_early_media=False."""
    peer.server.send_state("RING_INCOMING", early_media=True)
    while not peer.channel.Details.early_media:
        pass
    params = ring(peer, 10, custom_ringtone=PlayableMedia(file_to_play="some_music.wav"))
    assert params["ringtone"] == {"file": "some_music.wav"}
    assert params["early_media"] is False


def test_a_tone_name_needs_a_tone_player(peer: ChannelPeer) -> None:
    """RING-41, TONE-11, TONE-15: without one it is an Error that says what to do."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    with pytest.raises(Error, match=r"'RINGBACK'; .*TonePlayer\(channel, tone_manager\)"):
        channel.ring(custom_ringtone="RINGBACK")


def test_a_tone_name_must_be_known_to_the_tone_manager(peer: ChannelPeer) -> None:
    """RING-41, TONE-11: the message lists the known names."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    TonePlayer(channel, ToneManager())
    with pytest.raises(
        Error, match=r"custom_ringtone is 'unknown'; accepted: .*RINGBACK, RINGBACK_UK, RINGBACK_EU"
    ):
        channel.ring(custom_ringtone="unknown")


def test_a_known_tone_is_sent_by_name(peer: ChannelPeer) -> None:
    """RING-41, TONE-2: a predefined tone, given as the member."""
    TonePlayer(peer.channel, ToneManager())
    params = ring(peer, 0, True, ToneManager.PredefinedTones.RINGBACK_UK)
    assert params["ringtone"] == {"tone": "RINGBACK_UK"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a.wav",
        "../a.wav",
        "a/../b.wav",
        "a//b.wav",
        "a/./b.wav",
        "a.mp3",
        "a b.wav",
        "ä.wav",
        "x" * 1025,
    ],
)
def test_a_file_name_outside_the_media_root_is_refused(peer: ChannelPeer, name: str) -> None:
    """RING-45, FILE-4, FILE-5, RING-6: before anything is sent."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    with pytest.raises(Error, match=r"file_to_play is .*; accepted: a name of a-z"):
        channel.ring(custom_ringtone=PlayableMedia(file_to_play=name))


@pytest.mark.parametrize("text", ["", "  \n", "\ud800"])
def test_a_text_that_cannot_be_said_is_refused(peer: ChannelPeer, text: str) -> None:
    """RING-45: blank text, or text that is not Unicode."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    with pytest.raises(Error, match="text_to_say is"):
        channel.ring(custom_ringtone=PlayableMedia(text_to_say=text))


def test_a_refusal_by_the_server_is_raised_unchanged(peer: ChannelPeer) -> None:
    """EXC-3, MED-11: the server's words reach the application."""
    running = Running(peer.channel.ring, 0, True, PlayableMedia(file_to_play="a.wav"))
    message = "ring() in state CALL_INCOMING: there is no file a.wav"
    peer.server.refuse(peer.server.expect("channel.ring"), -32004, message)
    with pytest.raises(Error) as caught:
        running.result()
    assert str(caught.value) == message


def test_a_caller_who_clears_during_ring_makes_it_return_idle(peer: ChannelPeer) -> None:
    """RING-4, GEN-7: IDLE is returned, not raised; the next function raises Hangup."""
    running = Running(peer.channel.ring, 30)
    request = peer.server.expect("channel.ring")
    peer.server.send_state("IDLE", "NORMAL", raw_cause="487")
    peer.server.respond(request, {"state": "IDLE"})
    assert running.result() is peer.channel.State.IDLE
    with pytest.raises(Hangup):
        peer.channel.ring()


def test_a_wrong_keyword_is_a_type_error(peer: ChannelPeer) -> None:
    """GEN-11: as Python does it."""
    with pytest.raises(TypeError):
        peer.channel.ring(use_early_media=True)
