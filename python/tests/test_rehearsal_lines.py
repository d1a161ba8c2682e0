"""The lines of simulated telephones: NAT, loss, jitter, clocks that drift; and callers of every kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from offhook.testing import Fax, Link, Person, Rehearsal
from support import sound
from support.rehearsed import run, told

pytestmark = pytest.mark.usefixtures("built_program")

TALKS = """
channel.answer()
channel.FilePlayer.say("Please press two keys.")
digits = channel.DTMFDetector.get_digits(count=2, seconds_predigits_timeout=10)
channel.FilePlayer.say("Thank you. Goodbye.")
tell([digits, channel.Details.remote_address, *channel.Details.media_stats])
"""


@pytest.mark.parametrize(
    "link",
    [
        Link(nat=True),
        Link(loss=0.05),
        Link(jitter=0.3),
        Link(delay=0.05, reorder=0.05, duplicate=0.05),
        Link(drift_ppm=200),
        Link(drift_ppm=-200),
        Link(delay=0.08, jitter=0.05, loss=0.02, drift_ppm=100, nat=True),
    ],
    ids=repr,
)
def test_keys_and_words_pass_a_line(offhook: Rehearsal, tmp_path: Path, link: Link) -> None:
    """DTMF-7: on lines as they are in the field."""
    call = run(offhook, tmp_path, TALKS, link=link)
    assert call.until_answered(10)
    assert call.hears_speech("Please press two keys.", within=2)
    call.press("42")
    assert call.hears_speech("Thank you. Goodbye.", within=2)
    assert call.until_ended(40)
    assert told(call, tmp_path)[0] == "42"


def test_a_caller_behind_a_nat_names_an_address_that_nobody_can_reach(
    offhook: Rehearsal, tmp_path: Path
) -> None:
    """In Contact and SDP stands the private address; the packets come from the router."""
    call = run(offhook, tmp_path, TALKS, link=Link(nat=True))
    assert call.until_answered()
    (ladder,) = (file for file in call.keep(tmp_path / "kept") if file.name == "ladder.txt")
    invite = ladder.read_text().partition("──▶ ACK")[0]
    assert re.search(r"Contact: <sip:\S*192\.168\.", invite)
    assert "c=IN IP4 192.168." in invite
    call.press("42")
    seen = told(call, tmp_path)[1]
    assert not seen.startswith("192.168.")


def test_a_fast_clock_sends_more_packets(offhook: Rehearsal, tmp_path: Path) -> None:
    """A clock that is 1 % fast sends 101 packets in the time in which a right one sends 100."""
    counts = {}
    for drift in (-10_000, 0, 10_000):
        call = run(
            offhook,
            tmp_path,
            "channel.answer()\nchannel.wait_for_idle(60)\ntell([channel.Details.media_stats.packets_received])",
            link=Link(drift_ppm=drift),
        )
        assert call.until_ended(70)
        counts[drift] = told(call, tmp_path)[0]
    assert counts[10_000] == pytest.approx(1.01 * counts[0], abs=3)
    assert counts[-10_000] == pytest.approx(0.99 * counts[0], abs=3)


def test_a_caller_who_speaks_by_themselves(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-1: a text, as soon as the call is answered."""
    body = """
    channel.answer()
    channel.FileRecorder.record("said.wav", milliseconds_max_duration=3000)
    tell([channel.FileRecorder.audio_detected_in_recording()])
    """
    for person, heard in ((Person(says="Hello, is anybody there?"), True), (Person(), False)):
        call = run(offhook, tmp_path, body, person=person)
        assert call.until_ended(10)
        assert told(call, tmp_path) == [heard]


def test_a_fax_calls(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-1: its calling tone comes twice in six seconds, half a second each time."""
    body = """
    channel.answer()
    channel.FileRecorder.record("tone.wav", milliseconds_max_duration=6000)
    """
    call = run(offhook, tmp_path, body, person=Fax())
    assert call.until_ended(10)
    loud = sum(abs(sample) > 500 for sample in sound.read_wav(tmp_path / "tone.wav"))
    assert 0.8 * 8000 < loud < 1.05 * 8000


def test_a_caller_gives_up_in_time(offhook: Rehearsal, tmp_path: Path) -> None:
    """CANCEL, and `ring` returns IDLE."""
    call = run(offhook, tmp_path, "tell([channel.ring(30).name])", gives_up_after=4.5)
    assert call.until_ended(10)
    assert call.status == 487
    assert call.now == pytest.approx(4.5, abs=0.1)
    assert told(call, tmp_path) == ["IDLE"]


def test_a_caller_hangs_up_in_time(offhook: Rehearsal, tmp_path: Path) -> None:
    """BYE, so many seconds after the answer."""
    body = "channel.ring(2)\nchannel.answer()\nchannel.wait_for_idle(30)\ntell([channel.Details.duration])"
    call = run(offhook, tmp_path, body, gives_up_after=10, hangs_up_after=3)
    assert call.until_ended(10)
    assert call.ended_by == "caller"
    assert told(call, tmp_path) == [pytest.approx(3.0, abs=0.1)]
