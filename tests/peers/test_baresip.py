"""Calls by baresip: it calls, hears, records and hangs up."""

from __future__ import annotations

import time
from pathlib import Path

from .baresip import Baresip
from .conftest import Serve
from .sound import seconds_of

TONE_THEN_ANSWER_THEN_TONE = """
def main(channel):
    from offhook.uas import ToneManager, TonePlayer
    tones = ToneManager()
    tone = lambda hertz: [({"frequency": hertz, "amplitude": 10}, {"frequency": 0, "amplitude": 0},
                           {"duration": 1000, "add": "summation"})]
    tones.create_tone(tone(600), "before")
    tones.create_tone(tone(1100), "after")
    player = TonePlayer(channel, tones)
    channel.ring(2, negotiate_early_media=True, custom_ringtone="before", loop_ringtone=True)
    channel.answer()
    player.play("after", 2)
"""

ANSWER_AND_WAIT = """
def main(channel):
    channel.ring(0.5)
    channel.answer()
    channel.FilePlayer.say("Good morning. This sentence is heard by a softphone.")
    channel.wait_for_idle(20)
"""


def test_a_softphone_hears_early_media_and_then_the_answered_call(serve: Serve, tmp_path: Path) -> None:
    """RING-21, RING-35, RING-47, UR-7: a tone before the answer, another after it, each at its level."""
    server = serve(TONE_THEN_ANSWER_THEN_TONE)
    phone = Baresip(tmp_path / "phone")
    said = phone.call(server.port, 8)
    rate, samples = phone.heard()
    assert 1.5 <= seconds_of(samples, rate, 600) <= 2.3, said
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, said


def test_a_softphone_that_hangs_up_ends_the_call(serve: Serve, tmp_path: Path) -> None:
    """HUP-10, CAU-1: the softphone's BYE ends the application's wait, with a record that says 0."""
    server = serve(ANSWER_AND_WAIT)
    phone = Baresip(tmp_path / "phone")
    begin = time.monotonic()
    phone.call(server.port, 6)
    assert time.monotonic() - begin < 15
    server.stop()
    record = server.records.read_text().splitlines()
    assert len(record) == 1
    assert record[0].split(" [")[0].split()[-1] == "0"
    _, samples = phone.heard()
    loud = max(abs(value) for value in samples)
    assert loud > 2000, "the sentence was not heard"
