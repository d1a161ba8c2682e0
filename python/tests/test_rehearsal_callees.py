"""Applications that dial, and the telephones that they reach: `Rehearsal.callee` and `Rehearsal.start`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.enums import Cause, State
from offhook.testing import AnsweringMachine, Fax, Link, Person, Rehearsal, RehearsalError
from support.outbound import OUTBOUND

pytestmark = pytest.mark.usefixtures("built_program")

Dials = Callable[[str], Path]


@pytest.fixture
def dials(tmp_path: Path) -> Dials:
    """Writes an application that dials: `dials(body)`; the result is its path."""

    def write(body: str) -> Path:
        path = tmp_path / "dials.py"
        path.write_text(OUTBOUND + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n")
        return path

    return write


SAYS = """
    state = channel.call(parameters, "100", seconds_timeout=30)
    if state != channel.State.ANSWERED:
        return -100
    channel.FilePlayer.say("This is a call for you.")
    digits = channel.DTMFDetector.get_digits(count=2, seconds_predigits_timeout=10)
    return int(digits or "0")
"""


def test_a_callee_answers_hears_and_presses(offhook: Rehearsal, dials: Dials) -> None:
    """CALL-1, RUN-9, DTMF-7: a callee is asked and does what a caller is asked and does."""
    anna = offhook.callee("+441632960000", answers_after=3.0)
    run = offhook.start(dials(SAYS), "tel:+441632960000")
    assert anna.until_called(1)
    assert anna.responses == [180]
    assert anna.until_answered(4)
    assert 3.0 <= anna.now < 3.2
    assert anna.hears_speech("This is a call for you.", within=1)
    anna.press("42")
    assert run.return_code == 42
    assert anna.until_ended(5)
    assert (anna.ended_by, anna.status) == ("application", 200)


def test_a_callee_shows_by_whom_it_is_called(offhook: Rehearsal, dials: Dials) -> None:
    """CALL-6, CALL-7: the INVITE with its header fields."""
    body = """
    channel.SIP.HeaderFieldsToSend.append(SIPHeaderField("X-Order", "42"))
    channel.call(parameters, "4711", seconds_timeout=5)
    """
    anna = offhook.callee("sip:anna@example.com", busy=True)
    run = offhook.start(dials(body), "sip:anna@example.com")
    assert run.until_ended(10)
    assert anna.invite.uri == "sip:anna@example.com"
    assert anna.invite.caller == "4711"
    assert anna.invite.header("x-order") == "42"
    assert anna.invite.body.startswith("v=0")


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"busy": True}, Cause.BUSY),
        ({"refuses": 404}, Cause.UNOBTAINABLE),
        ({"refuses": 603}, Cause.REJECTED),
        ({}, Cause.TIMEOUT),
    ],
)
def test_a_callee_that_cannot_be_had_is_told_by_the_cause(
    offhook: Rehearsal, dials: Dials, options: dict[str, int], cause: Cause
) -> None:
    """CAU-1, CALL-4: busy, refused, and rings until the application gives up."""
    offhook.callee("300", **options)  # type: ignore[arg-type]
    run = offhook.start(dials(SAYS), "300")
    assert run.return_code == -100
    assert run.cause is cause
    assert run.state is State.IDLE


def test_a_number_that_nobody_has_is_unobtainable(offhook: Rehearsal, dials: Dials) -> None:
    """CAU-1: the exchange answers with 404."""
    run = offhook.start(dials(SAYS), "999")
    assert run.return_code == -100
    assert run.cause is Cause.UNOBTAINABLE


def test_the_test_answers_by_hand(offhook: Rehearsal, dials: Dials) -> None:
    """Without `answers_after` a callee rings until the test acts."""
    anna = offhook.callee("300")
    offhook.start(dials(SAYS), "300")
    assert anna.until_called(1)
    anna.wait(12)
    assert not anna.answered
    anna.answer()
    assert anna.until_answered(1)
    assert anna.hears_speech("This is a call for you.", within=1)


def test_the_test_refuses_by_hand(offhook: Rehearsal, dials: Dials) -> None:
    """REJ-2: with the code that it names."""
    anna = offhook.callee("300")
    run = offhook.start(dials(SAYS), "300")
    assert anna.until_called(1)
    anna.refuse(486)
    assert run.return_code == -100
    assert run.cause is Cause.BUSY
    assert anna.ended_by == "callee"


def test_a_callee_hangs_up_by_itself(offhook: Rehearsal, dials: Dials) -> None:
    """GEN-7: so many seconds after its answer."""
    anna = offhook.callee("300", answers_after=1.0, hangs_up_after=2.5)
    body = """
    channel.call(parameters, "100")
    channel.wait_for_idle(60)
    return int(10 * channel.Details.duration)
    """
    run = offhook.start(dials(body), "300")
    assert run.return_code == 25
    assert anna.until_ended(1)
    assert anna.ended_by == "callee"


def test_a_callee_is_heard_before_its_answer(offhook: Rehearsal, dials: Dials) -> None:
    """CALL-9: early media of a callee, which the test plays by hand."""
    body = """
    channel.start_call(parameters, "100")
    channel.wait_for_answer(5)
    tell(channel.Details.early_media)
    return int(channel.Details.early_media)
    """
    anna = offhook.callee("300", early_media=True)
    run = offhook.start(dials(body), "300")
    assert anna.until_called(1)
    anna.say("The number has changed.")
    assert run.return_code == 1
    assert anna.responses[0] == 183


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (Person(says="Hello?"), "LIVE"),
        (AnsweringMachine(), "ANSWER_MACHINE"),
        (Fax(), "FAX_MACHINE"),
        (Person(), "UNKNOWN"),
    ],
)
def test_who_answers_is_found_out(
    offhook: Rehearsal, dials: Dials, person: Person | AnsweringMachine | Fax, expected: str
) -> None:
    """LSD-1, LSD-4: a person, a machine, a fax, and somebody who says nothing."""
    body = """
    channel.call(parameters, "100", live_speaker_detect=channel.LiveSpeakerDetectionSettings.DEFAULT)
    raise ValueError(channel.Details.far_end_type.name)
    """
    offhook.callee("300", answers_after=1.0, person=person)
    run = offhook.start(dials(body), "300")
    assert run.exception is not None
    assert run.exception.endswith(expected)


def test_a_machine_gets_the_message_after_its_beep(offhook: Rehearsal, dials: Dials) -> None:
    """LSD-7, LSD-8: whatever the frequency of its beep."""
    body = """
    channel.call(parameters, "100")
    ready = channel.wait_for_answer_machine(seconds_timeout=30)
    channel.FilePlayer.say("This is my message.")
    return int(ready)
    """
    machine = AnsweringMachine("We are not at home. Please speak after the tone.", beep_hz=1400)
    box = offhook.callee("300", answers_after=2.0, person=machine)
    run = offhook.start(dials(body), "300")
    assert box.until_answered()
    assert box.hears_silence(3)
    assert box.hears_speech("This is my message.", within=10)
    assert run.return_code == 1


RINGS_ALL = """
    targets = [channel, *channel.ExtraChannel]
    for target, number in zip(targets, parameters.split(",")):
        target.start_call(number, "100")
    while not any(target.state() == channel.State.ANSWERED for target in targets):
        offhook.sleep(0.1)
    for index, target in enumerate(targets):
        if target.state() == channel.State.ANSWERED:
            winner = index
            target.FilePlayer.say("You were the first.")
    return winner
"""


def test_several_callees_ring_at_once(offhook: Rehearsal, dials: Dials) -> None:
    """RUN-23, HUP-6: the first one gets the call, the others see a CANCEL when `main` is over."""
    slow = offhook.callee("301", answers_after=9.0)
    quick = offhook.callee("302", answers_after=4.0)
    never = offhook.callee("303")
    application = dials(RINGS_ALL)
    application.write_text("import offhook\n" + application.read_text())
    run = offhook.start(application, "301,302,303", extra_channels=2)
    assert all(callee.until_called(1) for callee in (slow, quick, never))
    assert slow.began == pytest.approx(never.began, abs=0.1)
    assert quick.until_answered(5)
    assert quick.hears_speech("You were the first.", within=1)
    assert run.return_code == 1
    for callee in (slow, never):
        assert callee.until_ended(5)
        assert (callee.ended_by, callee.status) == ("application", 487)


def test_a_callee_gets_one_call_after_another(offhook: Rehearsal, dials: Dials) -> None:
    """Each call is waited for once, and keeps what was heard in it."""
    anna = offhook.callee("300", answers_after=1.0)
    application = dials("channel.call(parameters, '100')\nchannel.FilePlayer.say('Hello.')\nreturn 0")
    for _ in range(2):
        run = offhook.start(application, "300")
        assert anna.until_called(2)
        assert anna.hears_speech("Hello.", within=5)
        assert run.return_code == 0
    assert not anna.until_called(1)
    assert [len(call.listened) for call in anna.calls] == [1, 1]


def test_a_telephone_is_replaced_at_its_number(offhook: Rehearsal, dials: Dials) -> None:
    """The line is busy at first, and free for the second call."""
    application = dials(SAYS)
    busy = offhook.callee("300", busy=True)
    assert offhook.start(application, "300").return_code == -100
    free = offhook.callee("300", answers_after=0.5)
    offhook.start(application, "300")
    assert free.until_answered(2)
    assert len(busy.calls) == 1


def test_the_duration_of_a_call_is_virtual(offhook: Rehearsal, dials: Dials) -> None:
    """DET-1: `Details.duration` counts virtual time, and stands still while the application computes."""
    offhook.callee("300", answers_after=1.0)
    body = """
    channel.call(parameters, "100")
    channel.wait_for_idle(7)
    before = channel.Details.duration
    sum(range(5_000_000))
    return int(10 * channel.Details.duration) if channel.Details.duration == before else 0
    """
    assert offhook.start(dials(body), "300").return_code == 70


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_calls(dials: Dials, seed: int) -> None:
    """Every packet of two callees on bad lines, and its time."""

    def digest() -> str:
        with Rehearsal(seed=seed) as offhook:
            link = Link(delay=0.03, jitter=0.03, loss=0.05, drift_ppm=150, nat=True)
            anna = offhook.callee("300", answers_after=2.0, person=Person(says="Hello?"), link=link)
            offhook.start(dials(SAYS), "300")
            anna.until_answered(20)
            anna.press("12")
            anna.until_ended(30)
            return offhook.digest

    assert digest() == digest()


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        ({"address": "anna"}, "sip:anna@example.com"),
        ({"refuses": 200}, "300 to 699"),
        ({"hangs_up_after": 1.0}, "answers_after"),
        ({"answers_after": -1.0}, "0 or more"),
        ({"person": AnsweringMachine(beep_hz=100)}, "300 to 3400"),
        ({"link": Link(drift_ppm=1e6)}, "-10000 to 10000"),
        ({"link": Link(loss=2)}, "0.0 to 1.0"),
        ({"busy": True, "refuses": 404}, "one of them"),
        ({"codecs": "g999"}, "g711a"),
    ],
)
def test_what_a_callee_cannot_be_is_told(
    offhook: Rehearsal, options: dict[str, object], accepted: str
) -> None:
    """The message says what is accepted."""
    with pytest.raises(RehearsalError, match=accepted):
        offhook.callee(**{"address": "300", **options})  # type: ignore[arg-type]


def test_what_has_no_call_is_told(offhook: Rehearsal) -> None:
    """Before the first call there is nothing to ask for."""
    anna = offhook.callee("300")
    assert not anna.called
    with pytest.raises(RehearsalError, match="until_called"):
        anna.press("1")


def test_a_failed_test_shows_its_callees(offhook: Rehearsal, dials: Dials, tmp_path: Path) -> None:
    """The ladder, the sound and the picture from the side of those who are called."""
    anna = offhook.callee("300", answers_after=1.0)
    offhook.start(dials(SAYS), "300")
    assert anna.until_answered()
    anna.wait(3)
    files = anna.keep(tmp_path / "kept")
    assert [file.name for file in files] == ["heard.wav", "call.svg", "ladder.txt"]
    assert all(file.stat().st_size > 500 for file in files)
    assert "INVITE (SDP)" in anna.ladder
