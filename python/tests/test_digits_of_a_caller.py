"""Digits in calls, in virtual time: what a person presses, and what the application sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from offhook.testing import Call, Rehearsal
from support.rehearsed import run, told

pytestmark = pytest.mark.usefixtures("built_program")

COLLECT = """
    channel.answer()
    detector = channel.DTMFDetector
    digits = detector.get_digits({arguments})
    tell([digits, detector.cause().name])
"""


def collect(offhook: Rehearsal, folder: Path, arguments: str) -> Call:
    """An application that collects digits once; it is called and has answered."""
    call = run(offhook, folder, COLLECT.format(arguments=arguments))
    assert call.until_answered()
    call.wait(0.2)
    return call


@pytest.mark.parametrize(
    ("arguments", "keys", "expected"),
    [
        ("count=3, seconds_predigits_timeout=5", "12345", ["123", "COUNT"]),
        ("end='#', seconds_predigits_timeout=5", "12#", ["12", "END"]),
        ("end='#*', seconds_predigits_timeout=5", "7*", ["7", "END"]),
        ("seconds_predigits_timeout=None, seconds_interdigit_timeout=1", "42", ["42", "TIMEOUT"]),
        ("seconds_predigits_timeout=1", "", ["", "TIMEOUT"]),
        ("seconds_predigits_timeout=9, seconds_timeout=2", "5", ["5", "TIMEOUT"]),
        ("count=4, seconds_predigits_timeout=5", "1111", ["1111", "COUNT"]),
        ("count=16, seconds_predigits_timeout=5", "0123456789ABCD*#", ["0123456789ABCD*#", "COUNT"]),
    ],
)
def test_each_limit_ends_the_collection(
    offhook: Rehearsal, tmp_path: Path, arguments: str, keys: str, expected: list[str]
) -> None:
    """DTMF-1, DTMF-3, DTMF-4, DTMF-5, DTMF-6, DTMF-7, DTMF-11, DTMF-12: one press is one digit."""
    call = collect(offhook, tmp_path, arguments)
    call.press(keys)
    assert told(call, tmp_path) == expected


def test_digits_that_are_not_taken_stay_for_the_next(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-2, DTMF-4, DTMF-10: the buffer first, then live ones; clearing empties it."""
    source = """
        channel.answer()
        offhook.sleep(2)
        detector = channel.DTMFDetector
        first = detector.get_digits(count=2)
        rest = detector.get_digits()
        offhook.sleep(2)
        detector.clear_digits()
        cleared = detector.get_digits()
        offhook.sleep(2)
        again = detector.get_digits(clear=True)
        tell([first, rest, cleared, again])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.press("1234")
    call.wait(2.5 - 0.8)
    call.press("5")
    call.wait(2)
    call.press("6")
    assert told(call, tmp_path) == ["12", "34", "", ""]


def test_the_digits_so_far_are_returned_when_the_caller_hangs_up(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-8, GEN-7: with HANGUP; the next collection raises Hangup."""
    source = """
        channel.answer()
        digits = channel.DTMFDetector.get_digits(count=5, seconds_predigits_timeout=None)
        try:
            channel.DTMFDetector.get_digits()
            raised = False
        except Hangup:
            raised = True
        tell([digits, channel.DTMFDetector.cause().name, raised])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.press("12")
    call.wait(0.5)
    call.hang_up()
    assert told(call, tmp_path) == ["12", "HANGUP", True]


def test_digits_are_collected_before_the_answer(offhook: Rehearsal, tmp_path: Path) -> None:
    """MED-4, DTMF-11: under early media."""
    source = """
        channel.ring(0, True)
        digits = channel.DTMFDetector.get_digits(count=2, seconds_predigits_timeout=5)
        tell([channel.state().name, digits])
    """
    call = run(offhook, tmp_path, source)
    assert call.response() == 183
    call.wait(0.2)
    call.press("98")
    assert told(call, tmp_path) == ["RING_INCOMING", "98"]


def test_digits_are_collected_while_something_plays(offhook: Rehearsal, tmp_path: Path) -> None:
    """MED-9, FP-11, FP-12: a receiver beside a transmitter; without barge-in the job goes on."""
    source = """
        channel.answer()
        channel.FilePlayer.start_say("This sentence goes on for quite some time, whatever is pressed.")
        digits = channel.DTMFDetector.get_digits(count=2, seconds_predigits_timeout=5)
        tell([digits, channel.FilePlayer.state().name, channel.FilePlayer.wait_until_finished().name])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.wait(0.3)
    call.press("31")
    assert told(call, tmp_path) == ["31", "PLAYING", "NORMAL"]


def test_sending_digits_takes_its_time(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-13, DTMF-14, DTMF-17: 100 ms a digit, 100 ms between, half a second for each comma."""
    source = """
        channel.answer()
        player = channel.DTMFPlayer
        tell([player.play("12,34").name, player.state().name, player.cause().name])
    """
    call = run(offhook, tmp_path, source)
    assert call.until_ended(10)
    assert call.now == pytest.approx(1.3, abs=0.15)
    assert told(call, tmp_path) == ["NORMAL", "IDLE", "NORMAL"]


def test_sending_ends_when_the_caller_hangs_up(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-13, MED-10, UR-29: HANGUP at once."""
    source = """
        channel.answer()
        tell(channel.DTMFPlayer.play("1" * 32).name)
    """
    call = run(offhook, tmp_path, source)
    assert call.until_answered()
    call.wait(1)
    call.hang_up()
    assert told(call, tmp_path) == "HANGUP"


def test_one_transmitter_at_a_time(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-15, MED-6: digits are refused while the file player plays."""
    source = """
        channel.answer()
        channel.FilePlayer.start_say("One, two, three, four, five.")
        try:
            channel.DTMFPlayer.play("1")
        except Error as error:
            tell(str(error))
    """
    assert "FilePlayer" in told(run(offhook, tmp_path, source), tmp_path)
