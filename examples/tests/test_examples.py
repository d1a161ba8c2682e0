"""The tests of the examples, written with the kit: each says what a caller sees and hears."""

import math
import wave
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1]


def test_ring_then_answer(offhook):
    call = offhook.call(EXAMPLES / "ring_then_answer.py")
    assert call.response() == 180
    assert call.response() == 200
    assert 1.0 <= call.now < 1.2
    assert call.hears_speech("Thank you for calling.")
    assert call.until_ended(5)
    assert call.ended_by == "application"
    assert call.instance.return_code == 0


def test_ring_then_answer_for_a_caller_who_gives_up(offhook):
    call = offhook.call(EXAMPLES / "ring_then_answer.py")
    call.wait(0.5)
    call.cancel()
    assert call.until_ended()
    assert call.status == 487
    assert call.instance.return_code == 0
    assert call.instance.exception is None


def test_async_greeting(offhook):
    call = offhook.call(EXAMPLES / "async_greeting.py")
    assert call.response() == 180
    assert call.until_answered(2)
    assert call.hears_speech("Thank you for calling.")
    assert call.until_ended(5)
    assert call.instance.return_code == 0


def test_async_greeting_for_a_caller_who_gives_up(offhook):
    call = offhook.call(EXAMPLES / "async_greeting.py")
    call.wait(0.5)
    call.cancel()
    assert call.instance.exception is None
    assert call.instance.return_code == 0


@pytest.fixture
def music(tmp_path):
    """A media root with a piece of music."""
    notes = [(440, 0.5), (554, 0.5), (659, 0.5), (880, 1.5)] * 2
    samples = (
        int(8000 * math.sin(math.tau * hertz * sample / 8000)).to_bytes(2, "little", signed=True)
        for hertz, seconds in notes
        for sample in range(int(8000 * seconds))
    )
    with wave.open(str(tmp_path / "some_music.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(samples))
    return tmp_path


def test_early_media(offhook, music):
    call = offhook.call(EXAMPLES / "early_media.py", media_root=music)
    assert call.response() == 183
    notice = call.hears_speech("Thank you for calling.", within=0.5)
    assert notice
    assert not call.answered
    assert call.hears_file("some_music.wav", within=1)
    assert not call.answered
    assert call.until_answered(12)
    assert 9.9 <= call.now - notice.until <= 10.9
    assert call.instance.return_code == 0


def test_early_media_for_a_caller_who_cannot_have_it(offhook, music):
    call = offhook.call(EXAMPLES / "early_media.py", media_root=music, early_media=False)
    assert call.response() == 180
    assert call.until_answered(20)
    assert not call.early_media
    assert call.instance.return_code == 0


def test_notice_then_refuse(offhook):
    call = offhook.call(EXAMPLES / "notice_then_refuse.py")
    assert call.response() == 183
    assert call.hears_speech("Our office is closed. Please call again tomorrow.", within=0.5)
    assert call.until_ended(2)
    assert not call.answered
    assert call.status == 480
    assert call.instance.return_code == 0


def test_opening_hours_during_the_day(offhook):
    call = offhook.call(EXAMPLES / "opening_hours.py", parameters="0-24")
    assert call.response() == 180
    assert call.response() == 200
    assert 2.0 <= call.now < 2.2
    assert call.hears_speech("Welcome.")
    assert call.until_ended(5)
    assert call.instance.return_code == 0


def test_opening_hours_at_night(offhook):
    call = offhook.call(EXAMPLES / "opening_hours.py", parameters="0-0")
    assert call.response() == 486
    assert call.instance.return_code == 0


def test_opening_hours_with_a_wrong_setting(offhook):
    call = offhook.call(EXAMPLES / "opening_hours.py", parameters="always")
    assert call.instance.return_code == -100
    assert call.until_ended()


def test_opening_hours_for_a_caller_who_gives_up(offhook):
    call = offhook.call(EXAMPLES / "opening_hours.py", parameters="0-24")
    call.wait(1)
    call.cancel()
    assert call.instance.return_code == -101


def test_opening_hours_for_a_caller_in_a_hurry(offhook):
    call = offhook.call(EXAMPLES / "opening_hours.py", parameters="0-24")
    assert call.until_answered()
    call.press("5")
    assert call.until_ended(1)
    assert not call.hears_speech("Welcome.", within=0)


@pytest.mark.parametrize(
    ("caller", "tone"),
    [
        ("+441632960000", "ringback.gb"),
        ("+4930123456", "ringback.de"),
        ("+33123456789", "ringback.fr"),
        ("+12025550100", "ringback.us"),
        ("alice", "RINGBACK_EU"),
    ],
)
def test_ringback_of_your_country(offhook, caller, tone):
    call = offhook.call(EXAMPLES / "ringback_of_your_country.py", caller=caller)
    assert call.response() == 183
    assert call.hears_tone(tone, within=0.5, at_least=4.0)
    assert call.until_answered(10)
    assert 6.0 <= call.now < 6.3
    assert call.hears_speech("You have reached us.")
    assert call.instance.return_code == 0


def test_ringback_of_your_country_for_a_caller_who_gives_up(offhook):
    call = offhook.call(EXAMPLES / "ringback_of_your_country.py", caller="+441632960000")
    call.wait(3)
    call.cancel()
    assert call.instance.return_code == 0
    assert call.instance.exception is None


def test_your_own_ringtone(offhook):
    call = offhook.call(EXAMPLES / "your_own_ringtone.py")
    assert call.response() == 183
    assert call.until_answered(10)
    assert 6.0 <= call.now < 6.3
    assert call.hears_speech("Thank you for waiting.")
    assert call.instance.return_code == 0


def test_your_own_ringtone_for_a_caller_who_gives_up(offhook):
    call = offhook.call(EXAMPLES / "your_own_ringtone.py")
    call.wait(1)
    call.cancel()
    assert call.instance.return_code == 0
    assert call.instance.exception is None
    assert call.now < 5
