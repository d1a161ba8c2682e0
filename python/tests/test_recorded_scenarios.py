"""A call that was captured becomes a test: `offhook.record_scenario`."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import offhook as package
from offhook.testing import Call, Rehearsal
from support.sound import sine, write_wav

pytestmark = pytest.mark.usefixtures("built_program")

MENU = """
import offhook
from offhook.uas import ToneManager, TonePlayer

def main(channel):
    TonePlayer(channel, ToneManager())
    channel.ring(7, negotiate_early_media=True, custom_ringtone="ringback.gb", loop_ringtone=True)
    channel.answer()
    channel.FilePlayer.say("Thank you for calling. Please press one for the sales department.", barge_in=True)
    digits = channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=10)
    channel.FilePlayer.play("sales.wav" if digits == "1" else "sorry.wav")
    channel.FilePlayer.say("What is your name?")
    offhook.sleep(4)
    channel.FilePlayer.say("Good bye.")
    channel.wait_for_idle(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the application and its sounds."""
    (tmp_path / "menu.py").write_text(textwrap.dedent(MENU))
    write_wav(tmp_path / "sales.wav", sine(600, 0.4) + sine(900, 0.4) + sine(700, 0.7))
    write_wav(tmp_path / "sorry.wav", sine(500, 0.9) + sine(1100, 0.4))
    return tmp_path


def captured(folder: Path, script: Callable[[Rehearsal], Call]) -> Path:
    """The capture of what a script lets simulated callers do."""
    capture = folder / "call.pcap"
    with Rehearsal(folders=[folder], seed=3) as offhook:
        offhook.capture(capture)
        call = script(offhook)
        assert call.until_ended(120)
        offhook.wait(1)
    return capture


def to_the_sales_department(offhook: Rehearsal) -> Call:
    """Presses a key while the prompt is being said, says a name, and hangs up."""
    call = offhook.call("menu.py", caller="+441632960000", headers={"X-Order": "42"})
    call.wait_until(10.5)
    call.press("1")
    call.wait_until(14.0)
    call.say("My name is Ann Example.")
    call.wait_until(20.0)
    call.hang_up()
    return call


def outcome_of(pytester: pytest.Pytester, folder: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    """Runs the tests of a folder as a user does."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.chdir(folder)
    return pytester.runpytest_subprocess(
        "-p", "offhook.testing.plugin", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)
    )


def test_a_captured_call_becomes_a_test_that_the_application_passes(
    folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that it fails when it says something else, or presses on at another key."""
    capture = captured(folder, to_the_sales_department)
    test = package.record_scenario(capture, folder / "test_sales.py", app=folder / "menu.py", return_code=0)
    text = test.read_text()
    for line in (
        'to="menu",',
        'caller="+441632960000",',
        'codecs="g711a;g711u",',
        'headers={"X-Order": "42"},',
        "== 183",
        "assert call.early_media",
        'assert call.hears_tone("RINGBACK_UK", ',
        "== 200",
        'call.press("1")',
        'assert call.hears_file("sales.wav", ',
        'call.play(HERE / "test_sales_said_1.wav")',
        "call.hang_up()",
        'assert call.ended_by == "caller"',
        "assert call.instance.return_code == 0",
    ):
        assert line in text, f"{line} is missing in\n{text}"
    outcome_of(pytester, folder, monkeypatch).assert_outcomes(passed=1)

    for right, wrong in (("one for the sales", "two for the sales"), ('digits == "1"', 'digits == "2"')):
        (folder / "menu.py").write_text(textwrap.dedent(MENU).replace(right, wrong))
        outcome_of(pytester, folder, monkeypatch).assert_outcomes(failed=1)


def given_up(offhook: Rehearsal) -> Call:
    """Cancels while it rings."""
    call = offhook.call("menu.py", codecs="g711u", reliable="required")
    call.wait_until(4.0)
    call.cancel()
    return call


def refused(offhook: Rehearsal) -> Call:
    """Calls somebody who is busy."""
    return offhook.call("busy.py", early_media=False)


def sent_away(offhook: Rehearsal) -> Call:
    """Is hung up on."""
    return offhook.call("short.py", mute=True)


BUSY = """
def main(channel):
    channel.ring(3)
    channel.reject(raw_cause=486)
"""

SHORT = """
def main(channel):
    channel.ring(4)
    channel.answer()
    channel.FilePlayer.play("sorry.wav")
"""


def test_calls_that_end_otherwise_become_tests_too(
    folder: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled by the caller, refused by the application, ended by the application."""
    (folder / "busy.py").write_text(BUSY)
    (folder / "short.py").write_text(SHORT)
    endings = []
    for script, app in ((given_up, "menu.py"), (refused, "busy.py"), (sent_away, "short.py")):
        test = folder / f"test_{script.__name__}.py"
        package.record_scenario(captured(folder, script), test, app=folder / app)
        endings.append(test.read_text())
    cancelled, busy, short = endings
    assert "call.cancel()" in cancelled
    assert "== 487" in cancelled
    assert 'reliable="required",' in cancelled
    assert "sdp=False," in busy
    assert "assert call.responses == [180]" in busy
    assert "== 486" in busy
    assert "mute=True," in short
    assert "assert call.until_ended(" in short
    assert 'assert call.ended_by == "application"' in short
    outcome_of(pytester, folder, monkeypatch).assert_outcomes(passed=3)


def test_of_several_calls_one_is_named(folder: Path) -> None:
    """The error lists them; nothing is written."""
    capture = folder / "call.pcap"
    with Rehearsal(folders=[folder]) as offhook:
        offhook.capture(capture)
        for caller in ("ann", "bob"):
            offhook.call("menu.py", caller=caller).wait(1)
    with pytest.raises(package.ScenarioError, match=r"holds 2 calls; accepted with --call-id: ") as refusal:
        package.record_scenario(capture, folder / "test_one.py", app=folder / "menu.py")
    assert not (folder / "test_one.py").exists()
    listed = str(refusal.value).split("--call-id: ")[1].split(", ")
    call_id = next(call.split(" ")[0] for call in listed if "(bob to menu)" in call)
    test = package.record_scenario(capture, folder / "test_one.py", app=folder / "menu.py", call_id=call_id)
    assert 'caller="bob",' in test.read_text()


def test_what_is_there_is_not_written_over(folder: Path) -> None:
    """A recorded test is its owner's from then on."""
    capture = captured(folder, given_up)
    (folder / "test_mine.py").write_text("mine\n")
    with pytest.raises(package.ScenarioError, match="is there already; accepted: a new name"):
        package.record_scenario(capture, folder / "test_mine.py", app="menu.py")
    assert (folder / "test_mine.py").read_text() == "mine\n"


def test_what_is_no_capture_is_refused(folder: Path) -> None:
    """The message says what is accepted."""
    with pytest.raises(package.ScenarioError, match="is no capture; accepted: pcap and pcapng files"):
        package.record_scenario(folder / "sales.wav", folder / "test_no.py", app="menu.py")
    assert sorted(os.listdir(folder)) == ["menu.py", "sales.wav", "sorry.wav"]
