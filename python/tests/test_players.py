"""`FilePlayer`, `TonePlayer` and `PlayableMedia`."""

from __future__ import annotations

from typing import Any

import pytest

from offhook.uas import AESCBCCipher, Error, Hangup, PlayableMedia, ToneManager, TonePlayer
from support.peer import ChannelPeer
from support.threads import Running


@pytest.fixture
def channel(peer: ChannelPeer) -> Any:
    """An answered call."""
    return peer.in_state("ANSWERED")


def test_play_blocks_until_the_job_ends(peer: ChannelPeer, channel: Any) -> None:
    """FP-1, FP-4, MED-1: state and cause while it runs and afterwards."""
    player = channel.FilePlayer
    assert (player.state(), player.cause()) == (player.State.IDLE, player.Cause.NONE)
    running = Running(player.play, "hello.wav", True, "12", True, 7.5)
    request = peer.server.expect("file_player.play")
    assert request["params"] == {
        "channel": channel._id,
        "media": {"file": "hello.wav"},
        "barge_in": True,
        "barge_in_digits": "12",
        "loop": True,
        "seconds_timeout": 7.5,
        "wait": True,
    }
    peer.server.send_player("PLAYING", "NONE", channel=channel._id)
    while player.state() is not player.State.PLAYING:
        pass
    assert player.cause() is player.Cause.NONE
    assert running.is_running()
    peer.server.send_player("IDLE", "BARGEIN", channel=channel._id)
    peer.server.respond(request, {"cause": "BARGEIN"})
    assert running.result() is player.Cause.BARGEIN
    assert (player.state(), player.cause()) == (player.State.IDLE, player.Cause.BARGEIN)


def test_say_sends_the_text(peer: ChannelPeer, channel: Any) -> None:
    """FP-5, FP-18: plain text or markup, as it is."""
    running = Running(channel.FilePlayer.say, "Grüße <break/> & more")
    request = peer.server.expect("file_player.play")
    assert request["params"]["media"] == {"text": "Grüße <break/> & more"}
    assert request["params"]["wait"] is True
    peer.server.respond(request, {"cause": "NORMAL"})
    assert running.result() is channel.FilePlayer.Cause.NORMAL


@pytest.mark.parametrize(
    ("function", "argument", "media"),
    [("start", "a.wav", {"file": "a.wav"}), ("start_say", "Hello", {"text": "Hello"})],
)
def test_start_returns_true_as_soon_as_the_job_runs(
    peer: ChannelPeer, channel: Any, function: str, argument: str, media: dict[str, str]
) -> None:
    """FP-6: the same options, without waiting."""
    running = Running(getattr(channel.FilePlayer, function), argument, loop=True)
    request = peer.server.expect("file_player.play")
    assert request["params"]["media"] == media
    assert request["params"]["wait"] is False
    peer.server.respond(request, {"started": True})
    assert running.result() is True


@pytest.mark.parametrize("function", ["play", "start"])
def test_play_and_start_accept_playable_media(peer: ChannelPeer, channel: Any, function: str) -> None:
    """FP-6, PM-5: any number of times."""
    media = PlayableMedia(text_to_say="Hello", channel=channel)
    for _ in range(2):
        running = Running(getattr(channel.FilePlayer, function), media)
        request = peer.server.expect("file_player.play")
        assert request["params"]["media"] == {"text": "Hello"}
        peer.server.respond(request, {"cause": "NORMAL"} if function == "play" else {"started": True})
        running.result()


def test_a_job_that_the_clearing_ends_returns_hangup(peer: ChannelPeer, channel: Any) -> None:
    """MED-10, GEN-7, HUP-9: the cause is HANGUP, and the next job raises Hangup (MED-3)."""
    running = Running(channel.FilePlayer.play, "a.wav")
    request = peer.server.expect("file_player.play")
    peer.server.send_player("IDLE", "HANGUP", channel=channel._id)
    peer.server.send_state("IDLE", channel=channel._id, raw_cause="200")
    peer.server.respond(request, {"cause": "HANGUP"})
    assert running.result() is channel.FilePlayer.Cause.HANGUP
    with pytest.raises(Hangup, match=r"FilePlayer\.play\(\) in state IDLE; allowed in ANSWERED"):
        channel.FilePlayer.play("a.wav")


@pytest.mark.parametrize("state", ["CALL_INCOMING", "RING_INCOMING", "ANSWERING", "ON_HOLD", "ERROR"])
def test_a_job_in_another_state_raises_error(peer: ChannelPeer, state: str) -> None:
    """MED-3, MED-4: without early media, RING_INCOMING too."""
    with pytest.raises(Error, match=rf"FilePlayer\.say\(\) in state {state}; allowed in ANSWERED"):
        peer.in_state(state).FilePlayer.say("Hello")


def test_a_job_runs_under_early_media(peer: ChannelPeer) -> None:
    """MED-4, RING-39: in RING_INCOMING while early media is in force."""
    channel = peer.in_state("RING_INCOMING", early_media=True)
    running = Running(channel.FilePlayer.say, "Hello")
    peer.server.respond(peer.server.expect("file_player.play"), {"cause": "NORMAL"})
    assert running.result() is channel.FilePlayer.Cause.NORMAL


def test_a_running_transmitter_is_an_error(peer: ChannelPeer, channel: Any) -> None:
    """MED-6: the server knows, and its words are raised."""
    running = Running(channel.FilePlayer.start, "a.wav")
    message = "FilePlayer.start() while TonePlayer is PLAYING"
    peer.server.refuse(peer.server.expect("file_player.play"), -32003, message, "ANSWERED")
    with pytest.raises(Error, match="TonePlayer is PLAYING"):
        running.result()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("barge_in", 1),
        ("barge_in_digits", "12x"),
        ("barge_in_digits", 12),
        ("loop", None),
        ("seconds_timeout", -1),
        ("seconds_timeout", True),
        ("seconds_timeout", float("nan")),
        ("cipher", "key"),
    ],
)
def test_a_bad_option_is_refused(channel: Any, argument: str, value: Any) -> None:
    """GEN-9, GEN-11, FP-12: before anything is sent; the message names argument and value."""
    with pytest.raises(Error, match=rf"FilePlayer\.play\(\) in state ANSWERED: {argument} is {value!r}"):
        channel.FilePlayer.play("a.wav", **{argument: value})


def test_the_cipher_of_an_encrypted_file_goes_with_it(peer: ChannelPeer, channel: Any) -> None:
    """FP-17: whether the file was validated is the server's to say."""
    running = Running(channel.FilePlayer.play, "a.wav", cipher=AESCBCCipher("0a" * 16, "0B" * 16))
    request = peer.server.expect("file_player.play")
    expected = {"file": "a.wav", "cipher": {"key": "0a" * 16, "vector": "0b" * 16}}
    assert request["params"]["media"] == expected
    peer.server.refuse(request, -32004, "file a.wav was not validated with this cipher", "ANSWERED")
    with pytest.raises(Error, match="was not validated"):
        running.result()


def test_stop_returns_the_cause(peer: ChannelPeer, channel: Any) -> None:
    """FP-7: ABORTED."""
    running = Running(channel.FilePlayer.stop)
    request = peer.server.expect("file_player.stop")
    peer.server.send_player("IDLE", "ABORTED", channel=channel._id)
    peer.server.respond(request, {"cause": "ABORTED"})
    assert running.result() is channel.FilePlayer.Cause.ABORTED


def test_wait_until_finished_that_times_out_returns_none(peer: ChannelPeer, channel: Any) -> None:
    """FP-8, MED-13, GEN-8: Cause.NONE, and the job goes on."""
    running = Running(channel.FilePlayer.wait_until_finished, 0.5)
    request = peer.server.expect("file_player.wait")
    assert request["params"] == {"channel": channel._id, "seconds": 0.5}
    peer.server.respond(request, {"cause": "NONE"})
    assert running.result() is channel.FilePlayer.Cause.NONE


def test_stop_and_wait_give_the_last_cause_when_the_call_is_gone(peer: ChannelPeer, channel: Any) -> None:
    """MED-12, MED-2: without asking the server, and without raising."""
    peer.server.send_player("IDLE", "HANGUP", channel=channel._id)
    peer.server.send_state("IDLE", channel=channel._id, raw_cause="200")
    while channel.state() is not channel.State.IDLE:
        pass
    assert channel.FilePlayer.stop() is channel.FilePlayer.Cause.HANGUP
    assert channel.FilePlayer.wait_until_finished() is channel.FilePlayer.Cause.HANGUP
    assert channel.FilePlayer.state() is channel.FilePlayer.State.IDLE


def test_a_lost_server_ends_a_job_as_a_cleared_call_does(peer: ChannelPeer, channel: Any) -> None:
    """GEN-7, RUN-32: HANGUP for a job, False for a start."""
    playing = Running(channel.FilePlayer.play, "a.wav")
    starting = Running(channel.FilePlayer.start, "a.wav")
    peer.server.expect("file_player.play")
    peer.server.expect("file_player.play")
    peer.lose_connection()
    assert playing.result() is channel.FilePlayer.Cause.HANGUP
    assert starting.result() is False


# PlayableMedia


def test_media_is_made_by_position_or_by_name(peer: ChannelPeer, channel: Any) -> None:
    """PM-1: text, file, channel, cipher; all of them may be left out."""
    by_position = PlayableMedia(None, "a.wav", channel, None)
    by_name = PlayableMedia(file_to_play="a.wav", channel=channel, cipher=None, text_to_say=None)
    for media in (by_position, by_name):
        running = Running(channel.FilePlayer.play, media)
        request = peer.server.expect("file_player.play")
        assert request["params"]["media"] == {"file": "a.wav"}
        peer.server.respond(request, {"cause": "NORMAL"})
        running.result()


def test_setting_the_text_clears_the_file_and_the_reverse() -> None:
    """PM-2, PM-3: the setters are called."""
    media = PlayableMedia("Hello")
    assert repr(media) == "PlayableMedia(text_to_say='Hello')"
    media.file_to_play("a.wav")
    assert repr(media) == "PlayableMedia(file_to_play='a.wav')"
    media.text_to_say("Bye")
    assert repr(media) == "PlayableMedia(text_to_say='Bye')"


@pytest.mark.parametrize(
    ("media", "found"), [(PlayableMedia(), "neither"), (PlayableMedia("Hello", "a.wav"), "both")]
)
def test_media_with_both_or_neither_is_refused_when_used(
    channel: Any, media: PlayableMedia, found: str
) -> None:
    """PM-3, PM-6: constructing it is allowed, using it is not."""
    with pytest.raises(Error, match=f"PlayableMedia has {found} of text_to_say and file_to_play"):
        channel.FilePlayer.play(media)


def test_media_of_another_channel_is_refused(peer: ChannelPeer, channel: Any) -> None:
    """PM-4: the channel is optional, and must be the right one; the setter changes it."""
    media = PlayableMedia("Hello", channel=peer.channel)
    with pytest.raises(Error, match="belongs to another channel"):
        channel.FilePlayer.play(media)
    media.channel(channel)
    running = Running(channel.FilePlayer.play, media)
    peer.server.respond(peer.server.expect("file_player.play"), {"cause": "NORMAL"})
    running.result()


def test_media_may_have_a_cipher(peer: ChannelPeer, channel: Any) -> None:
    """PM-2, FP-17: the setter is called, and the cipher goes with the file."""
    media = PlayableMedia(file_to_play="a.wav")
    media.cipher(AESCBCCipher("0" * 64, "1" * 32))
    running = Running(channel.FilePlayer.play, media)
    request = peer.server.expect("file_player.play")
    assert request["params"]["media"]["cipher"] == {"key": "0" * 64, "vector": "1" * 32}
    peer.server.respond(request, {"cause": "NORMAL"})
    assert running.result() is channel.FilePlayer.Cause.NORMAL


# TonePlayer


def test_a_tone_player_attaches_itself(peer: ChannelPeer) -> None:
    """TONE-12, DET-5: as channel.TonePlayer; before, there is none."""
    assert not hasattr(peer.channel, "TonePlayer")
    with pytest.raises(Error, match=r"the channel has no tone player; it gets one by TonePlayer\("):
        _ = peer.channel.TonePlayer
    player = TonePlayer(peer.channel, ToneManager())
    assert peer.channel.TonePlayer is player
    another = TonePlayer(peer.channel, ToneManager())
    assert peer.channel.TonePlayer is another


def test_a_tone_player_that_plays_is_not_replaced(peer: ChannelPeer, channel: Any) -> None:
    """TONE-12: Error, and it goes on."""
    player = TonePlayer(channel, ToneManager())
    peer.server.send_player("PLAYING", "NONE", "TonePlayer", channel._id)
    while player.state() is not player.State.PLAYING:
        pass
    with pytest.raises(Error, match="tone player is PLAYING"):
        TonePlayer(channel, ToneManager())
    assert channel.TonePlayer is player


@pytest.mark.parametrize(("first", "second"), [("channel", ToneManager()), (None, ToneManager())])
def test_a_tone_player_wants_a_channel(first: Any, second: Any) -> None:
    """GEN-11: and says so."""
    with pytest.raises(Error, match=r"channel is .*; accepted: a call channel"):
        TonePlayer(first, second)


def test_a_tone_player_wants_a_tone_manager(channel: Any) -> None:
    """GEN-11: and says so."""
    with pytest.raises(Error, match="tone_manager is None; accepted: a ToneManager"):
        TonePlayer(channel, None)  # type: ignore[arg-type]


def test_start_of_a_tone_loops_by_default(peer: ChannelPeer, channel: Any) -> None:
    """TONE-13: start does not block and repeats the tone."""
    running = Running(TonePlayer(channel, ToneManager()).start, "RINGBACK_EU")
    request = peer.server.expect("tone_player.play")
    assert request["params"] == {
        "channel": channel._id,
        "tone": {"tone": "RINGBACK_EU"},
        "loop": True,
        "seconds_timeout": None,
        "wait": False,
    }
    peer.server.respond(request, {"started": True})
    assert running.result() is True


@pytest.mark.parametrize(("seconds", "loop", "cause"), [(2, True, "TIMEOUT"), (None, False, "NORMAL")])
def test_play_of_a_tone_repeats_it_for_a_time_or_plays_it_once(
    peer: ChannelPeer, channel: Any, seconds: int | None, loop: bool, cause: str
) -> None:
    """TONE-13, TONE-14: TIMEOUT after a time, NORMAL after once."""
    player = TonePlayer(channel, ToneManager())
    running = Running(player.play, "RINGBACK", seconds)
    request = peer.server.expect("tone_player.play")
    assert request["params"]["loop"] is loop
    assert request["params"]["seconds_timeout"] == seconds
    peer.server.send_player("IDLE", cause, "TonePlayer", channel._id)
    peer.server.respond(request, {"cause": cause})
    assert running.result() is player.Cause[cause]
    assert player.cause() is player.Cause[cause]


def test_stop_and_wait_of_a_tone(peer: ChannelPeer, channel: Any) -> None:
    """TONE-13, MED-13: ABORTED, and NONE for a wait that times out."""
    player = TonePlayer(channel, ToneManager())
    running = Running(player.wait_until_finished, 1)
    peer.server.respond(peer.server.expect("tone_player.wait"), {"cause": "NONE"})
    assert running.result() is player.Cause.NONE
    running = Running(player.stop)
    peer.server.respond(peer.server.expect("tone_player.stop"), {"cause": "ABORTED"})
    assert running.result() is player.Cause.ABORTED


def test_a_tone_that_is_not_known_is_refused(channel: Any) -> None:
    """TONE-11: the message lists the known names."""
    player = TonePlayer(channel, ToneManager())
    with pytest.raises(Error, match=r"tone_name is 'beep'; accepted: one of the known tones RINGBACK"):
        player.start("beep")


def test_a_tone_in_idle_raises_hangup(peer: ChannelPeer) -> None:
    """MED-3: and stop and wait raise nothing (MED-12)."""
    channel = peer.in_state("IDLE")
    player = TonePlayer(channel, ToneManager())
    with pytest.raises(Hangup):
        player.play("RINGBACK", 1)
    assert player.stop() is player.Cause.NONE
    assert player.wait_until_finished() is player.Cause.NONE
