"""Applications in virtual time: `offhook.testing` with real workers."""

from __future__ import annotations

import textwrap
import time
import unittest
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.enums import Cause, State
from offhook.testing import (
    ClockStandsError,
    InvalidApplicationError,
    Link,
    Rehearsal,
    RehearsalError,
    TestCase,
)

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


GREETING = """
def main(channel):
    if channel.ring(30) == channel.State.RING_INCOMING:
        channel.answer()
        channel.FilePlayer.say("Thank you for calling.")
        return 7
"""


def test_the_caller_sees_what_the_application_does(offhook: Rehearsal, write: Write) -> None:
    """180 on ring, 200 on answer, BYE when `main` is over; each response is told once."""
    call = offhook.call(write(GREETING))
    assert call.response() == 180
    assert not call.answered
    assert call.response() == 200
    assert call.answered
    assert call.until_ended(10)
    assert (call.ended_by, call.status) == ("application", 200)
    assert call.instance.return_code == 7
    assert call.cause is Cause.NORMAL


def test_half_an_hour_of_a_call_takes_no_half_hour(offhook: Rehearsal, write: Write) -> None:
    """Virtual time costs no real time."""
    call = offhook.call(
        write("def main(channel):\n    channel.ring(1800)\n    channel.answer()\n"), mute=True
    )
    began = time.monotonic()
    assert call.until_answered(1900)
    assert call.now >= 1800
    assert time.monotonic() - began < 60


def test_time_stands_still_between_two_steps_of_the_test(offhook: Rehearsal, write: Write) -> None:
    """However long the test itself takes, nothing happens in the call meanwhile."""
    call = offhook.call(write(GREETING))
    call.wait(1)
    before = (call.now, call.ladder)
    time.sleep(0.3)
    assert (call.now, call.ladder) == before


def test_the_caller_hangs_up_and_the_application_notices(offhook: Rehearsal, write: Write) -> None:
    """A blocked function returns IDLE; the caller's BYE is the cause."""
    application = """
    def main(channel):
        channel.ring(1)
        channel.answer()
        return 0 if channel.wait_for_idle(100) == channel.State.IDLE else 1
    """
    call = offhook.call(write(application))
    assert call.until_answered()
    call.hang_up()
    assert call.instance.return_code == 0
    assert call.ended_by == "caller"
    assert call.state is State.IDLE


def test_a_cancelled_call_ends_with_487(offhook: Rehearsal, write: Write) -> None:
    """`cancel` before the answer; `ring` returns IDLE."""
    call = offhook.call(write(GREETING))
    call.wait(2)
    call.cancel()
    assert call.response() == 180
    assert call.response() == 487
    assert call.instance.return_code == 0
    assert call.status == 487


def test_a_call_that_was_answered_cannot_be_cancelled(offhook: Rehearsal, write: Write) -> None:
    """The test is told what would be right."""
    call = offhook.call(write(GREETING))
    assert call.until_answered()
    with pytest.raises(RehearsalError, match="hang_up"):
        call.cancel()


def test_pressed_keys_end_a_prompt(offhook: Rehearsal, write: Write) -> None:
    """Digits of the caller reach the application."""
    application = """
    def main(channel):
        channel.answer()
        cause = channel.FilePlayer.say("This is a long text that nobody hears to its end.", barge_in=True)
        return 5 if cause == channel.FilePlayer.Cause.BARGEIN else 6
    """
    call = offhook.call(write(application))
    assert call.until_answered()
    call.wait(0.5)
    call.press("1")
    assert call.instance.return_code == 5


def test_what_main_raises_is_told(offhook: Rehearsal, write: Write) -> None:
    """The last line of the traceback, and the whole of it in the log."""
    call = offhook.call(write("def main(channel):\n    return 1 // 0\n"))
    assert call.instance.exception is not None
    assert "ZeroDivisionError" in call.instance.exception
    assert call.instance.return_code == -1
    assert call.until_ended()
    assert call.status == 500
    assert "return 1 // 0" in offhook.log


def test_a_main_that_does_not_end_is_told_with_what_it_waits_for(offhook: Rehearsal, write: Write) -> None:
    """Nobody has to guess where an application hangs."""
    call = offhook.call(write("def main(channel):\n    channel.ring(1000)\n"))
    call.wait(1)
    assert call.instance.waits_for == ["channel.ring"]
    with pytest.raises(AssertionError, match=r"main has not ended 60 s later: it waits for channel\.ring"):
        assert call.instance.return_code == 0


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_the_same_seed_gives_the_same_run(write: Write, loss: float) -> None:
    """Packet by packet, with many instances on threads of one worker and a network that loses packets."""
    application = write(GREETING)

    def digest(seed: int) -> str:
        with Rehearsal(seed=seed) as offhook:
            calls = [offhook.call(application, link=Link(loss=loss, jitter=0.03)) for _ in range(8)]
            for number, call in enumerate(calls):
                call.wait(number)
                call.press("12")
            offhook.wait(40)
            return offhook.digest

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_offhook_sleep_is_virtual(offhook: Rehearsal, write: Write) -> None:
    """`offhook.sleep` takes virtual time; in the meantime the call goes on."""
    application = """
    import offhook
    def main(channel):
        channel.ring()
        offhook.sleep(20)
        channel.answer()
    """
    call = offhook.call(write(application))
    assert call.response() == 180
    assert call.until_answered(30)
    assert 20 <= call.now < 21


def test_time_sleep_is_virtual_too_and_noted(offhook: Rehearsal, write: Write) -> None:
    """An application that polls is tested as it is, and its author is told of the better way."""
    application = """
    import time
    def main(channel):
        channel.ring()
        for _ in range(100):
            time.sleep(0.1)
        channel.answer()
    """
    call = offhook.call(write(application))
    assert call.until_answered(30)
    assert 10 <= call.now < 11
    assert "app.py, line 6, counts as offhook.sleep() under test" in offhook.log
    assert offhook.log.count("counts as offhook.sleep()") == 1


def test_an_application_reads_the_virtual_clock(offhook: Rehearsal, write: Write) -> None:
    """Seconds by `time.monotonic` and `time.time` are those of the call, so that a loop until a time ends."""
    application = """
    import time
    def main(channel):
        channel.answer()
        began, day = time.monotonic(), time.time()
        while time.monotonic() < began + 20:
            channel.wait_for_idle(3)
        return round(1000 * (time.time() - day))
    """
    call = offhook.call(write(application))
    assert call.until_ended(60)
    assert call.instance.return_code == 21000


def test_async_applications_run_on_the_same_clock(offhook: Rehearsal, write: Write) -> None:
    """`async def main` with both ways to sleep."""
    application = """
    import asyncio
    from offhook import aio
    async def main(channel):
        await channel.ring(2)
        await aio.sleep(3)
        await asyncio.sleep(4)
        await channel.answer()
        return 3
    """
    call = offhook.call(write(application))
    assert call.until_answered(30)
    assert 9 <= call.now < 10
    assert call.instance.return_code == 3


def test_tasks_that_wait_for_several_things_run_on_the_same_clock(offhook: Rehearsal, write: Write) -> None:
    """Two open requests of one instance: whichever is over first is at work at its moment, not later."""
    application = """
    import asyncio
    from offhook import aio
    async def main(channel):
        await channel.ring()
        late = asyncio.create_task(channel.wait_for_idle(50))
        for _ in range(10):
            await asyncio.gather(aio.sleep(1), aio.sleep(0.5))
            sum(range(100000))
        await channel.answer()
        late.cancel()
    """
    call = offhook.call(write(application))
    assert call.until_answered(30)
    assert 10 <= call.now < 10.1
    assert call.instance.return_code == 0


def test_the_clock_waits_for_threads_of_the_application(offhook: Rehearsal, write: Write) -> None:
    """A thread that computes holds the clock; one that is joined lets the others go on."""
    application = """
    import threading
    import offhook
    def main(channel):
        moments = []
        def work():
            sum(range(300000))
            offhook.sleep(5)
            moments.append(5)
        threads = [threading.Thread(target=work) for _ in range(3)]
        channel.ring()
        for thread in threads:
            thread.start()
        channel.ring(1)
        for thread in threads:
            thread.join()
        channel.answer()
        return len(moments)
    """
    call = offhook.call(write(application))
    assert call.until_answered(30)
    assert 5 <= call.now < 5.2
    assert call.instance.return_code == 3


def test_application_code_that_stands_still_fails_the_test(write: Write) -> None:
    """Waiting outside of the API for something that never comes is told, not waited for."""
    application = write("""
    import threading
    def main(channel):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    """)
    with Rehearsal(patience=0.5) as offhook:
        call = offhook.call(application)
        with pytest.raises(ClockStandsError, match="outside the call-channel API"):
            call.wait(1)


def test_an_application_that_cannot_be_loaded_is_told_at_once(offhook: Rehearsal, write: Write) -> None:
    """With the words of `offhook check`."""
    with pytest.raises(InvalidApplicationError, match="has no main"):
        offhook.call(write("x = 1\n"))


def test_a_missing_file_is_told_with_the_folders_that_were_looked_at(offhook: Rehearsal) -> None:
    """The fixture looks beside the test first."""
    with pytest.raises(RehearsalError, match=r"no application file 'nowhere\.py'; looked in .*tests"):
        offhook.call("nowhere.py")


def test_several_applications_and_callers_share_a_clock(offhook: Rehearsal, tmp_path: Path) -> None:
    """Calls of one test are on one time line, whichever application they are for."""
    for name, seconds in (("one", 5), ("two", 10)):
        (tmp_path / f"{name}.py").write_text(
            f"def main(channel):\n    channel.ring({seconds})\n    channel.answer()\n"
        )
    one, two = (offhook.call(tmp_path / f"{name}.py") for name in ("one", "two"))
    offhook.wait(7)
    assert (one.answered, two.answered) == (True, False)
    offhook.wait(5)
    assert two.answered


@pytest.mark.parametrize(
    ("character", "early_media"),
    [
        ({}, True),
        ({"early_media": False}, False),
        ({"reliable": "required"}, True),
        ({"sdp": False, "reliable": "supported"}, True),
        ({"codecs": "g711u"}, True),
        ({"link": Link(nat=True)}, True),
        ({"link": Link(loss=0.05, jitter=0.3, reorder=0.05)}, True),
    ],
    ids=str,
)
def test_callers_of_every_kind_are_served(
    offhook: Rehearsal, write: Write, character: dict[str, object], early_media: bool
) -> None:
    """What a caller can do decides whether there is early media; each of them gets an answer."""
    application = """
    def main(channel):
        channel.ring(5, negotiate_early_media=True)
        channel.answer()
        channel.FilePlayer.say("Hello.")
    """
    call = offhook.call(write(application), **character)  # type: ignore[arg-type]
    assert call.until_answered(40)
    assert call.early_media is early_media
    assert call.until_ended(60)
    assert call.instance.return_code == 0


def test_a_caller_speaks_while_the_application_waits(offhook: Rehearsal, write: Write) -> None:
    """Speech takes the time that it takes."""
    call = offhook.call(write("def main(channel):\n    channel.answer()\n    channel.wait_for_idle(60)\n"))
    assert call.until_answered()
    before = call.now
    call.say("I would like to speak to somebody.")
    assert 1 < call.now - before < 5


def test_wrong_digits_are_refused(offhook: Rehearsal, write: Write) -> None:
    """The message names what is accepted."""
    call = offhook.call(write(GREETING))
    with pytest.raises(RehearsalError, match="accepted: 0-9"):
        call.press("1x")


class TestWithUnittest(TestCase):
    """The same kit for unittest."""

    def test_the_caller_is_answered(self) -> None:
        """`self.offhook` is a rehearsal of this test alone."""
        call = self.offhook.call(Path(__file__).parents[2] / "examples" / "ring_then_answer.py")
        assert call.response() == 180
        assert call.until_answered()
        assert isinstance(self, unittest.TestCase)
