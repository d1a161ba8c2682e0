"""The recorder, and pausing and seeking of the file player."""

from __future__ import annotations

from typing import Any

import pytest

from offhook.uas import AESCBCCipher, Error, Hangup
from support.peer import ChannelPeer
from support.threads import Running


@pytest.fixture
def channel(peer: ChannelPeer) -> Any:
    """A channel in ANSWERED."""
    return peer.in_state("ANSWERED")


def test_record_has_the_documented_defaults(peer: ChannelPeer, channel: Any) -> None:
    """REC-4, REC-12: and returns why it ended."""
    running = Running(channel.FileRecorder.record, "box/message.wav")
    request = peer.server.expect("file_recorder.record")
    assert request["params"] == {
        "channel": channel._id,
        "file": "box/message.wav",
        "max_duration_milliseconds": None,
        "max_silence_milliseconds": None,
        "initial_silence_milliseconds": None,
        "barge_in_digits": "",
        "beep": False,
        "seconds_timeout": None,
        "channels": "mono",
        "codec": "alaw",
        "wait": True,
    }
    peer.server.respond(request, {"cause": "HANGUP"})
    assert running.result() is channel.FileRecorder.Cause.HANGUP


def test_audio_is_detected_when_the_recording_is_over(peer: ChannelPeer, channel: Any) -> None:
    """REC-5, REC-6, MED-1: None before and during a job, then whether audio was heard."""
    recorder = channel.FileRecorder
    assert recorder.audio_detected_in_recording() is None
    running = Running(recorder.start, "a.wav", 5000, 3000, 8000, "#", True, 60.5, "stereo", "pcm16")
    request = peer.server.expect("file_recorder.record")
    assert request["params"] == {
        "channel": channel._id,
        "file": "a.wav",
        "max_duration_milliseconds": 5000,
        "max_silence_milliseconds": 3000,
        "initial_silence_milliseconds": 8000,
        "barge_in_digits": "#",
        "beep": True,
        "seconds_timeout": 60.5,
        "channels": "stereo",
        "codec": "pcm16",
        "wait": False,
    }
    peer.server.send_recorder("RECORDING", "NONE", None, channel._id)
    peer.server.respond(request, {"started": True})
    assert running.result() is True
    assert recorder.state() is recorder.State.RECORDING
    assert (recorder.cause(), recorder.audio_detected_in_recording()) == (recorder.Cause.NONE, None)
    stopping = Running(recorder.stop)
    request = peer.server.expect("file_recorder.stop")
    peer.server.send_recorder("IDLE", "ABORTED", True, channel._id)
    peer.server.respond(request, {"cause": "ABORTED"})
    assert stopping.result() is recorder.Cause.ABORTED
    assert recorder.audio_detected_in_recording() is True


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("filename", "a.txt"),
        ("filename", "a.tif"),
        ("filename", "../a.wav"),
        ("filename", None),
        ("milliseconds_max_duration", 0),
        ("milliseconds_max_duration", 1.5),
        ("milliseconds_max_silence", True),
        ("milliseconds_initial_silence", -1),
        ("barge_in_digits", "x"),
        ("beep_on_start", 1),
        ("seconds_timeout", float("nan")),
        ("channels", "both"),
        ("codec", "g711a"),
        ("cipher", "key"),
    ],
)
def test_bad_arguments_of_record_are_refused(channel: Any, argument: str, value: Any) -> None:
    """GEN-10, GEN-11, FILE-4, REC-12: before anything is sent."""
    with pytest.raises(Error, match=rf"FileRecorder\.record\(\) in state ANSWERED: {argument} is "):
        channel.FileRecorder.record(**{"filename": "a.wav", argument: value})


def test_the_cipher_of_a_recording_goes_with_it(peer: ChannelPeer, channel: Any) -> None:
    """REC-4, FILE-12: key and vector in hexadecimal; without a cipher there is no such parameter."""
    for cipher, expected in (
        (AESCBCCipher("0" * 32, "1" * 32), {"key": "0" * 32, "vector": "1" * 32}),
        (None, None),
    ):
        running = Running(channel.FileRecorder.record, "a.wav", cipher=cipher)
        request = peer.server.expect("file_recorder.record")
        assert request["params"].get("cipher") == expected
        peer.server.respond(request, {"cause": "TIMEOUT"})
        assert running.result() is channel.FileRecorder.Cause.TIMEOUT


def test_recording_works_under_early_media_and_while_connected(peer: ChannelPeer) -> None:
    """MED-4, MED-5, MED-8, REC-18: but not with a beep, which transmits (REC-11)."""
    for state, details in (
        ("RING_INCOMING", {"early_media": True}),
        ("RING_OUTGOING", {"early_media": True}),
        ("ANSWERED", {"connected_id": "call-2"}),
    ):
        channel = peer.in_state(state, **details)
        running = Running(channel.FileRecorder.start, "a.wav")
        peer.server.respond(peer.server.expect("file_recorder.record"), {"started": True})
        assert running.result() is True
    with pytest.raises(Error, match="connected to call call-2"):
        channel.FileRecorder.start("a.wav", beep_on_start=True)


def test_recording_needs_a_call(peer: ChannelPeer) -> None:
    """MED-3, MED-12: Hangup in IDLE; stop and wait raise nothing."""
    channel = peer.in_state("IDLE")
    with pytest.raises(Hangup):
        channel.FileRecorder.record("a.wav")
    assert channel.FileRecorder.stop() is channel.FileRecorder.Cause.NONE
    assert channel.FileRecorder.wait_until_finished(1) is channel.FileRecorder.Cause.NONE
    with pytest.raises(Error, match="allowed in ANSWERED"):
        peer.in_state("RING_OUTGOING").FileRecorder.start("a.wav")


def test_waiting_for_a_recording_can_time_out(peer: ChannelPeer, channel: Any) -> None:
    """REC-5, MED-13: Cause.NONE, and the recording goes on."""
    running = Running(channel.FileRecorder.wait_until_finished, 0.5)
    request = peer.server.expect("file_recorder.wait")
    assert request["params"] == {"channel": channel._id, "seconds": 0.5}
    peer.server.respond(request, {"cause": "NONE"})
    assert running.result() is channel.FileRecorder.Cause.NONE


# Pausing and seeking


@pytest.mark.parametrize("function", ["pause", "resume"])
@pytest.mark.parametrize("done", [True, False])
def test_pause_and_resume_tell_whether_there_was_a_job(
    peer: ChannelPeer, channel: Any, function: str, done: bool
) -> None:
    """FP-9: False without one."""
    running = Running(getattr(channel.FilePlayer, function))
    peer.server.respond(peer.server.expect(f"file_player.{function}"), {"done": done})
    assert running.result() is done


def test_seek_goes_to_a_second(peer: ChannelPeer, channel: Any) -> None:
    """FP-9, FP-10: counted from the start of the file; an Error of the server is raised (spoken text)."""
    running = Running(channel.FilePlayer.seek, 1.5)
    request = peer.server.expect("file_player.seek")
    assert request["params"] == {"channel": channel._id, "seconds": 1.5}
    peer.server.respond(request, {"done": True})
    assert running.result() is True
    running = Running(channel.FilePlayer.seek, 0)
    peer.server.refuse(peer.server.expect("file_player.seek"), -32002, "spoken text has no place", "ANSWERED")
    with pytest.raises(Error, match="spoken text"):
        running.result()


@pytest.mark.parametrize("seconds", [-1, None, "1", True, float("inf")])
def test_a_bad_place_is_refused(channel: Any, seconds: Any) -> None:
    """GEN-9, GEN-11: seek takes seconds from 0."""
    with pytest.raises(Error, match=r"FilePlayer\.seek\(\) in state ANSWERED: seconds is "):
        channel.FilePlayer.seek(seconds)


def test_pausing_without_a_call_does_nothing(peer: ChannelPeer) -> None:
    """FP-9, MED-10: without a call there is no job."""
    player = peer.in_state("IDLE").FilePlayer
    assert (player.pause(), player.resume(), player.seek(1)) == (False, False, False)
