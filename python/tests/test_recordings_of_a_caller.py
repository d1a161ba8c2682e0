"""Recordings, pausing and seeking in calls, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from offhook.testing import Rehearsal
from support import sound
from support.rehearsed import run, told

pytestmark = pytest.mark.usefixtures("built_program")

RATE = 8000
AUDIBLE = 500
"""The least amplitude that counts as sound."""


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """Two seconds of 1000 Hz, for the caller to play."""
    path = tmp_path / "tone.wav"
    sound.write_wav(path, sound.sine(1000, 2.0))
    return path


def sounding_seconds(samples: Sequence[int]) -> float:
    """How much of it is no silence."""
    frames = [samples[at : at + 160] for at in range(0, len(samples), 160)]
    return sum(max(map(abs, frame)) > AUDIBLE for frame in frames if frame) * 0.02


def record(arguments: str) -> str:
    """An application that answers and records once."""
    return f"""
        channel.answer()
        recorder = channel.FileRecorder
        before = recorder.audio_detected_in_recording()
        cause = recorder.record("a.wav", {arguments})
        tell([before, cause.name, recorder.state().name, recorder.audio_detected_in_recording()])
    """


@pytest.mark.parametrize("codec", ["alaw", "ulaw", "pcm16"])
def test_what_the_caller_says_is_in_the_file(
    offhook: Rehearsal, tmp_path: Path, tone: Path, codec: str
) -> None:
    """REC-4, REC-6, REC-7, REC-12, REC-16: as long as was asked for, with the sound in it."""
    call = run(offhook, tmp_path, record(f"milliseconds_max_duration=4000, codec={codec!r}"))
    assert call.until_answered()
    call.wait(0.5)
    call.play(tone)
    assert told(call, tmp_path) == [None, "TIMEOUT", "IDLE", True]
    samples = sound.read_wav(tmp_path / "a.wav")
    assert len(samples) / RATE == pytest.approx(4.0, abs=0.04)
    assert sounding_seconds(samples) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        ("milliseconds_max_silence=1500", 1.5),
        ("milliseconds_max_silence=1500, milliseconds_initial_silence=3000", 3.0),
        ("milliseconds_max_silence=1500, milliseconds_initial_silence=0", 1.5),
    ],
)
def test_silence_ends_the_recording(
    offhook: Rehearsal, tmp_path: Path, arguments: str, seconds: float
) -> None:
    """REC-2, REC-6, REC-8, REC-9: a limit of its own until audio is first heard."""
    call = run(offhook, tmp_path, record(arguments))
    assert told(call, tmp_path) == [None, "SILENCE", "IDLE", False]
    assert len(sound.read_wav(tmp_path / "a.wav")) / RATE == pytest.approx(seconds, abs=0.1)


def test_a_digit_ends_the_recording_and_stays_in_the_buffer(
    offhook: Rehearsal, tmp_path: Path, tone: Path
) -> None:
    """REC-10, FP-13: only one of those that were named."""
    source = """
        channel.answer()
        cause = channel.FileRecorder.record("a.wav", barge_in_digits="#")
        tell([cause.name, channel.DTMFDetector.get_digits()])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.play(tone)
    call.wait(1)
    call.press("1#")
    assert told(call, tmp_path) == ["BARGEIN", "1#"]


def test_the_beep_is_heard_and_not_recorded(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-7, REC-11: 400 ms before the recording; the time limit of the function counts it."""
    source = """
        channel.answer()
        tell(channel.FileRecorder.record("a.wav", beep_on_start=True, seconds_timeout=2).name)
    """
    call = run(offhook, tmp_path, source)
    assert call.until_ended(10)
    assert call.now == pytest.approx(2.0, abs=0.15)
    assert told(call, tmp_path) == "TIMEOUT"
    samples = sound.read_wav(tmp_path / "a.wav")
    assert len(samples) / RATE == pytest.approx(1.6, abs=0.1)
    assert sounding_seconds(samples) == 0


def test_both_directions_are_recorded_apart(offhook: Rehearsal, tmp_path: Path, tone: Path) -> None:
    """REC-12, MED-9: the far end left, own transmission right; stop keeps the file (REC-5)."""
    sound.write_wav(tmp_path / "own.wav", sound.sine(500, 1.0))
    source = """
        channel.answer()
        recorder = channel.FileRecorder
        started = recorder.start("a.wav", channels="stereo")
        channel.FilePlayer.play("own.wav")
        offhook.sleep(3)
        waited = recorder.wait_until_finished(0.1)
        tell([started, waited.name, recorder.stop().name, recorder.wait_until_finished().name])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.play(tone)
    assert told(call, tmp_path) == [True, "NONE", "ABORTED", "ABORTED"]
    left, right = sound.read_wav_channels(tmp_path / "a.wav")
    assert sounding_seconds(left) == pytest.approx(2.0, abs=0.1)
    assert sounding_seconds(right) == pytest.approx(1.0, abs=0.1)


def test_hanging_up_closes_the_file(offhook: Rehearsal, tmp_path: Path, tone: Path) -> None:
    """REC-15, MED-10, UR-45: with everything that was received."""
    call = run(offhook, tmp_path, record(""))
    assert call.until_answered()
    call.play(tone)
    call.wait(3)
    call.hang_up()
    assert told(call, tmp_path) == [None, "HANGUP", "IDLE", True]
    assert sounding_seconds(sound.read_wav(tmp_path / "a.wav")) == pytest.approx(2.0, abs=0.1)


def test_a_recording_goes_on_until_main_ends(offhook: Rehearsal, tmp_path: Path, tone: Path) -> None:
    """REC-15, RUN-18: then the file is closed, and can be played by the next instance."""
    call = run(offhook, tmp_path, 'channel.answer()\nchannel.FileRecorder.start("a.wav")\noffhook.sleep(3)')
    assert call.until_answered()
    call.play(tone)
    assert call.until_ended(10)
    assert sounding_seconds(sound.read_wav(tmp_path / "a.wav")) == pytest.approx(2.0, abs=0.1)
    source = 'channel.answer()\ntell(channel.FilePlayer.play("a.wav").name)'
    assert told(run(offhook, tmp_path, source), tmp_path) == "NORMAL"


def test_one_recording_at_a_time_and_one_to_a_name(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-17, MED-11: Error, and the recording that runs goes on."""
    source = """
        channel.answer()
        channel.FileRecorder.start("a.wav", milliseconds_max_duration=1000)
        try:
            channel.FileRecorder.start("b.wav")
        except Error as error:
            words = str(error)
        tell([words, channel.FileRecorder.wait_until_finished().name])
    """
    words, cause = told(run(offhook, tmp_path, source), tmp_path)
    assert "FileRecorder" in words
    assert cause == "TIMEOUT"
    assert not (tmp_path / "b.wav").exists()


def test_recording_before_the_answer(offhook: Rehearsal, tmp_path: Path, tone: Path) -> None:
    """MED-4: under early media."""
    source = """
        channel.ring(0, True)
        cause = channel.FileRecorder.record("a.wav", milliseconds_max_duration=3000)
        tell([channel.state().name, cause.name])
    """
    call = run(offhook, tmp_path, source)
    assert call.response() == 183
    call.play(tone)
    assert told(call, tmp_path) == ["RING_INCOMING", "TIMEOUT"]
    assert sounding_seconds(sound.read_wav(tmp_path / "a.wav")) == pytest.approx(2.0, abs=0.1)


# Pausing and seeking

PLAYING = """
    channel.answer()
    player = channel.FilePlayer
    nothing = [player.pause(), player.resume(), player.seek(1)]
    player.start("long.wav")
    offhook.sleep(1)
    {act}
    tell([nothing, player.wait_until_finished(20).name])
"""


@pytest.mark.parametrize(
    ("act", "cause", "seconds"),
    [
        ("player.pause(); offhook.sleep(3); player.resume()", "NORMAL", 7.0),
        ("player.seek(3)", "NORMAL", 2.0),
        ("player.seek(0)", "NORMAL", 5.0),
        ("player.seek(99)", "NORMAL", 1.0),
        ("player.pause(); assert player.state() is player.State.PLAYING; player.stop()", "ABORTED", 1.0),
    ],
)
def test_a_job_is_paused_and_moved(
    offhook: Rehearsal, tmp_path: Path, act: str, cause: str, seconds: float
) -> None:
    """FP-9, FP-10: False without a job; the rest of the file is played afterwards."""
    sound.write_wav(tmp_path / "long.wav", sound.sine(500, 4.0))
    call = run(offhook, tmp_path, PLAYING.format(act=act))
    assert call.until_ended(30)
    assert call.now == pytest.approx(seconds, abs=0.15)
    assert told(call, tmp_path) == [[False, False, False], cause]


def test_spoken_text_has_no_places(offhook: Rehearsal, tmp_path: Path) -> None:
    """FP-10: seek raises Error, and the job goes on."""
    source = """
        channel.answer()
        channel.FilePlayer.start_say("One, two, three.")
        try:
            channel.FilePlayer.seek(1)
        except Error as error:
            words = str(error)
        tell([words, channel.FilePlayer.wait_until_finished().name])
    """
    words, cause = told(run(offhook, tmp_path, source), tmp_path)
    assert "seek" in words
    assert cause == "NORMAL"
