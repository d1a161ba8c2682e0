"""What simulated callers hear: recognised, told apart, and shown when it is not what was expected."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.testing import Link, Rehearsal, RehearsalError
from support.sound import sine, write_wav

pytestmark = pytest.mark.usefixtures("built_program")

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an application: `write(source)`; the result is its path."""

    def write_source(source: str) -> Path:
        path = tmp_path / "app.py"
        path.write_text(textwrap.dedent(source))
        return path

    return write_source


MENU = """
import offhook
from offhook.uas import ToneManager, TonePlayer

def main(channel):
    TonePlayer(channel, ToneManager())
    channel.ring(30, negotiate_early_media=True, custom_ringtone="ringback.gb", loop_ringtone=True)
    channel.answer()
    channel.FilePlayer.say("Thank you for calling. All our lines are busy.")
    offhook.sleep(3)
    channel.FilePlayer.say("Good bye.")
"""


@pytest.mark.parametrize(
    "character", [{}, {"codecs": "g711u"}, {"link": Link(loss=0.05, jitter=0.1)}], ids=str
)
def test_the_example_of_the_kit(offhook: Rehearsal, write: Write, character: dict[str, object]) -> None:
    """Ringback, then speech, by callers with different codecs and networks."""
    call = offhook.call(write(MENU), early_media=True, **character)  # type: ignore[arg-type]
    assert call.response(within=60) == 183
    assert call.hears_tone("ringback.gb", within=1.0)
    call.wait(30)
    assert call.answered
    assert call.hears_speech("Thank you for calling")
    assert call.hears_speech("Good bye.")
    call.hang_up()
    assert call.instance.return_code == 0


def test_things_are_heard_one_after_the_other(offhook: Rehearsal, write: Write) -> None:
    """What was recognised is behind: what came before it is not found again."""
    call = offhook.call(write(MENU))
    assert call.until_answered()
    assert call.hears_speech("Good bye.")
    assert not call.hears_speech("Thank you for calling", within=0.5)


def test_what_was_not_heard_is_shown_on_a_time_line(offhook: Rehearsal, write: Write) -> None:
    """Expected against heard, and where the most alike differs."""
    call = offhook.call(write(MENU))
    assert call.until_answered()
    heard = call.hears_speech("All our lines are free.", within=5)
    assert not heard
    shown = str(heard)
    assert "speech “All our lines are free.”" in shown
    assert "400 + 450 Hz" in shown
    assert "the most alike begins at" in shown


def test_another_tone_of_the_family_is_not_heard(offhook: Rehearsal, write: Write) -> None:
    """The same country's busy tone, and another country's ringback."""
    call = offhook.call(write(MENU))
    assert not call.hears_tone("busy.gb", within=2)
    assert not call.hears_tone("ringback.us", within=2)
    assert call.hears_tone("ringback.gb", within=2)


def test_files_beeps_and_silence(offhook: Rehearsal, write: Write, tmp_path: Path) -> None:
    """A file of the media root, a beep, and a pause."""
    write_wav(tmp_path / "sales.wav", sine(600, 0.4) + sine(900, 0.4) + sine(700, 0.7))
    write_wav(tmp_path / "support.wav", sine(600, 0.4) + sine(700, 0.4) + sine(900, 0.7))
    write_wav(tmp_path / "beep.wav", sine(1000, 0.3))
    application = """
    import offhook
    def main(channel):
        channel.answer()
        channel.FilePlayer.play("sales.wav")
        offhook.sleep(2)
        channel.FilePlayer.play("beep.wav")
        channel.wait_for_idle(30)
    """
    call = offhook.call(write(application))
    assert not call.hears_file("support.wav", within=0.5)
    assert call.hears_file("sales.wav")
    assert call.hears_silence(1.0)
    assert call.hears_beep()
    assert not call.hears_beep(within=1)


def test_sound_is_not_silence(offhook: Rehearsal, write: Write) -> None:
    """The outcome says when the silence ended."""
    call = offhook.call(write(MENU))
    assert call.until_answered()
    heard = call.hears_silence(3.0)
    assert not heard
    assert "it was silent until" in str(heard)


def test_a_call_leaves_sound_picture_and_ladder(offhook: Rehearsal, write: Write, tmp_path: Path) -> None:
    """`keep` writes them, on one time line."""
    call = offhook.call(write(MENU))
    assert call.until_ended(90)
    sound, picture, ladder = call.keep(tmp_path / "kept")
    assert sound.read_bytes()[:4] == b"RIFF"
    assert picture.read_text().startswith("<svg ")
    assert "183 Session Progress" in ladder.read_text()


def test_an_unknown_tone_is_refused(offhook: Rehearsal, write: Write) -> None:
    """The message says where the names stand."""
    with pytest.raises(RehearsalError, match="offhook tones"):
        offhook.call(write(MENU)).hears_tone("ringback.atlantis")


def test_a_failed_test_names_what_is_kept_of_its_calls(
    pytester: pytest.Pytester, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time line, the ladder, the files and the seed stand in pytest's output."""
    package = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", package)
    pytester.makepyfile(
        f"""
        pytest_plugins = ["offhook.testing.plugin"]

        def test_greeting(offhook):
            call = offhook.call({str(write(MENU))!r})
            assert call.until_answered()
            assert call.hears_speech("Good morning.", within=5)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    output = result.stdout.str()
    for words in ("simulated calls", "speech “Good morning.”", "183 Session Progress", "seed 1"):
        assert words in output
    kept = next(pytester.path.glob("offhook-artifacts/*/call-1"))
    assert sorted(file.name for file in kept.iterdir()) == ["call.svg", "heard.wav", "ladder.txt"]
    assert "call-1/heard.wav" in output
