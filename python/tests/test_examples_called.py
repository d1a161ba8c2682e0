"""Every example as its caller lives through it, in virtual time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from offhook.testing import Call, Rehearsal
from support import sound

pytestmark = pytest.mark.usefixtures("built_program")

FOLDER = Path(__file__).parents[2] / "examples"


def test_the_menu_answers_keys_while_it_is_spoken(offhook: Rehearsal) -> None:
    """FP-11, FP-13, DTMF-3, DTMF-4: the key that stops the menu is the choice."""
    call = offhook.call(FOLDER / "ivr_menu.py")
    assert call.until_answered()
    call.wait(2)
    call.press("2")
    call.wait(1)
    assert call.instance.waits_for == ["file_player.play"]
    call.press("*")
    call.wait(0.5)
    call.press("*")
    assert call.until_ended(30)
    assert (call.ended_by, call.instance.return_code) == ("application", 0)


def test_the_menu_gives_up_after_three_mistakes(offhook: Rehearsal) -> None:
    """DTMF-5, DTMF-6: silence counts as a mistake too."""
    call = offhook.call(FOLDER / "ivr_menu.py")
    assert call.until_ended(120)
    assert call.instance.return_code == -100


def test_a_message_is_left_and_heard_and_deleted(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-4, REC-6, REC-10, REC-11, REC-16, FILE-1: from one call to the next."""
    box = tmp_path / "voicemail" / "alice.wav"

    def dial(caller: str) -> Call:
        path = FOLDER / "voicemail.py"
        return offhook.call(path, caller=caller, parameters="alice", media_root=tmp_path)

    owner = dial("alice")
    assert owner.until_ended(60)
    assert owner.instance.return_code == 0
    caller = dial("bob")
    assert caller.until_answered()
    caller.wait(8)
    caller.say("This is Bob. Please call me back tomorrow morning.")
    caller.wait(6)
    caller.press("#")
    assert caller.until_ended(30)
    assert caller.instance.return_code == 0
    samples = sound.read_wav(box)
    assert len(samples) > 2 * 8000
    assert max(map(abs, samples)) > 1000
    owner = dial("alice")
    assert owner.until_answered()
    owner.wait(len(samples) / 8000 + 4)
    owner.press("7")
    assert owner.until_ended(30)
    assert not box.exists()


def test_a_caller_who_says_nothing_leaves_nothing(offhook: Rehearsal, tmp_path: Path) -> None:
    """REC-6, REC-8: silence ends the recording, and no audio was detected in it."""
    call = offhook.call(FOLDER / "voicemail.py", caller="bob", parameters="alice", media_root=tmp_path)
    assert call.until_ended(60)
    assert call.instance.return_code == -100
    assert not list(tmp_path.rglob("*.wav"))


@pytest.mark.parametrize(("keys", "code"), [("2468", 0), ("1#", 2)])
def test_the_coroutine_judges_the_number(offhook: Rehearsal, keys: str, code: int) -> None:
    """GEN-16, GEN-17, DTMF-7: the wait that is no longer needed is cancelled, and the call goes on."""
    call = offhook.call(FOLDER / "async_pin.py")
    assert call.until_answered()
    call.wait(0.5)
    call.press(keys)
    assert call.until_ended(30)
    assert call.instance.return_code == code


def test_the_coroutine_notices_that_the_caller_is_gone(offhook: Rehearsal) -> None:
    """GEN-7, DTMF-8: both waits end with the call."""
    call = offhook.call(FOLDER / "async_pin.py")
    assert call.until_answered()
    call.wait(0.5)
    call.hang_up()
    assert call.until_ended(5)
    assert call.instance.return_code == 1


@pytest.mark.parametrize(("keys", "code", "names"), [("4711#", 0, ["4711"]), ("", 1, [])])
def test_a_caller_asks_to_be_called_back(
    offhook: Rehearsal, tmp_path: Path, keys: str, code: int, names: list[str]
) -> None:
    """DTMF-5, DTMF-7: the number that was entered waits to be called."""
    shutil.copy(FOLDER / "callback_request.py", tmp_path)
    call = offhook.call(tmp_path / "callback_request.py")
    assert call.until_answered()
    call.wait(1)
    call.press(keys)
    assert call.until_ended(60)
    assert call.instance.return_code == code
    assert [path.name.partition("-")[2] for path in tmp_path.glob("callbacks/*")] == names


def test_every_example_is_called() -> None:
    """Here, or in one of the other tests of examples."""
    files = Path(__file__).parent.glob("test_example*.py")
    text = "".join(file.read_text() for file in files)
    missing = [path.stem for path in FOLDER.glob("*.py") if path.stem not in text]
    assert missing == []
