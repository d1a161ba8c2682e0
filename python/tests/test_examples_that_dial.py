"""The examples that place calls or connect them, from the side of all who take part, in virtual time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from offhook.testing import AnsweringMachine, Call, Fax, Instance, Link, Person, Rehearsal
from support import sound

pytestmark = pytest.mark.usefixtures("built_program")

FOLDER = Path(__file__).parents[2] / "examples"

PEOPLES_VOICE = "en-US"
"""With it the server speaks as people do, so that what they say to each other is recognised too."""


def test_waiting_numbers_are_called_back(offhook: Rehearsal, tmp_path: Path) -> None:
    """CALL-1, GEN-19, RUN-31: in the order in which they came; one that is busy is passed over."""
    shutil.copy(FOLDER / "callback_queue.py", tmp_path)
    queue = tmp_path / "callbacks"
    queue.mkdir()
    for at, number in enumerate(("300", "200", "301")):
        (queue / f"{at}-{number}").touch()
    first = offhook.callee("300", answers_after=2.0)
    busy = offhook.callee("200", busy=True)
    second = offhook.callee("301", answers_after=5.0)
    run = offhook.start(tmp_path / "callback_queue.py", parameters="100")
    for customer in (first, second):
        assert customer.until_answered(10)
        assert customer.hears_speech("You asked us to call you back. How can we help?", within=1)
        customer.hang_up()
    assert run.return_code == 2
    assert first.calls[0].began < busy.calls[0].began < second.calls[0].began
    assert first.invite.caller == "100"
    assert not list(queue.iterdir())


def test_a_customer_who_does_not_answer_is_given_up(offhook: Rehearsal, tmp_path: Path) -> None:
    """CALL-4: after half a minute of ringing."""
    shutil.copy(FOLDER / "callback_queue.py", tmp_path)
    (tmp_path / "callbacks").mkdir()
    (tmp_path / "callbacks" / "0-300").touch()
    away = offhook.callee("300")
    run = offhook.start(tmp_path / "callback_queue.py", parameters="100")
    assert run.return_code == 0
    assert away.until_ended(1)
    assert away.status == 487
    assert away.now >= 29.9


def remind(offhook: Rehearsal) -> Instance:
    """Remind the person at +441234567890."""
    parameters = "tel:+441234567890,Tuesday at ten"
    return offhook.start(FOLDER / "appointment_reminder.py", parameters, parameters="100")


REMINDER = "This is a reminder of your appointment on Tuesday at ten."


@pytest.mark.parametrize(("key", "code"), [("1", 0), ("2", 1), ("", 1)])
def test_a_person_confirms_the_appointment_or_not(offhook: Rehearsal, key: str, code: int) -> None:
    """CALL-8, LSD-1, LSD-4, LSD-6, DTMF-17: a short greeting and silence is a person."""
    person = offhook.callee("+441234567890", answers_after=3.0, person=Person(says="Hello?"))
    run = remind(offhook)
    assert person.until_answered(10)
    assert person.hears_speech(f"{REMINDER} To confirm, please press 1.", within=8)
    person.press(key)
    assert bool(person.hears_speech("Thank you. Goodbye.", within=1)) is (key == "1")
    assert run.return_code == code
    assert person.until_ended(2)


def test_an_answering_machine_gets_the_whole_message(offhook: Rehearsal) -> None:
    """LSD-4, LSD-7, LSD-8: after its beep."""
    machine = offhook.callee("+441234567890", answers_after=3.0, person=AnsweringMachine(beep_hz=1400))
    run = remind(offhook)
    assert machine.until_answered(10)
    assert machine.hears_speech(REMINDER, within=30)
    assert run.return_code == 2


@pytest.mark.parametrize(
    "options",
    [{"busy": True}, {"refuses": 404}, {}, {"answers_after": 2.0, "person": Fax()}],
    ids=["busy", "no such number", "nobody answers", "a fax"],
)
def test_nobody_is_reminded(offhook: Rehearsal, options: dict[str, object]) -> None:
    """CAU-1, CALL-4, LSD-4: busy, unobtainable, no answer, and a fax machine."""
    offhook.callee("+441234567890", **options)  # type: ignore[arg-type]
    assert remind(offhook).return_code == -100


def test_a_reminder_without_an_appointment_is_an_error_of_its_own(offhook: Rehearsal) -> None:
    """RUN-7, RUN-14: nobody is called."""
    person = offhook.callee("300", answers_after=1.0)
    assert offhook.start(FOLDER / "appointment_reminder.py", "300", parameters="100").return_code == -101
    assert not person.called


def bridge(offhook: Rehearsal, media_root: Path) -> Call:
    """Call the bridge to the desk."""
    return offhook.call(
        FOLDER / "two_leg_bridge.py",
        parameters="sip:desk@example.com",
        extra_channels=1,
        media_root=media_root,
        voice=PEOPLES_VOICE,
        link=Link(delay=0.04, loss=0.01),
    )


@pytest.mark.parametrize("who", ["caller", "desk"])
def test_a_bridged_call_is_recorded_on_both_sides(offhook: Rehearsal, tmp_path: Path, who: str) -> None:
    """CONN-1, CONN-5, CONN-6, REC-12, REC-18: the caller left, the desk right; whoever hangs up ends it."""
    desk = offhook.callee("sip:desk@example.com", answers_after=2.0)
    call = bridge(offhook, tmp_path)
    assert call.hears_speech("One moment please. This call is recorded.", within=2)
    assert desk.until_answered(10)
    assert desk.invite.caller == "caller"
    call.wait(1)
    call.say("I would like to order a bicycle.")
    assert desk.hears_speech("I would like to order a bicycle.", within=1)
    desk.say("Which one would you like?")
    assert call.hears_speech("Which one would you like?", within=1)
    leaves, stays = (call, desk) if who == "caller" else (desk, call)
    leaves.hang_up()
    assert stays.until_ended(5)
    assert stays.ended_by == "application"
    assert call.instance.return_code == 0
    (recording,) = (tmp_path / "calls").iterdir()
    for side in sound.read_wav_channels(recording):
        assert sum(abs(sample) > 500 for sample in side) > 4000


def test_nobody_is_at_the_desk(offhook: Rehearsal, tmp_path: Path) -> None:
    """CALL-4, FP-11: the caller is told."""
    desk = offhook.callee("sip:desk@example.com")
    call = bridge(offhook, tmp_path)
    assert call.until_answered()
    assert call.hears_speech("Nobody is there. Please call again later.", within=40)
    assert call.instance.return_code == 1
    assert desk.until_ended(1)
    assert desk.status == 487


def enter(offhook: Rehearsal, media_root: Path, name: str) -> Call:
    """Call the conference and say the name."""
    call = offhook.call(
        FOLDER / "conference_bridge.py",
        caller=name,
        extra_channels=1,
        media_root=media_root,
        voice=PEOPLES_VOICE,
    )
    assert call.until_answered()
    assert call.hears_speech("Please enter the number of your conference, and hash.", within=1)
    call.press("12#")
    assert call.hears_speech("Please say your name after the beep.", within=1)
    assert call.hears_beep(within=2)
    call.say(f"My name is {name}.")
    return call


def test_two_callers_talk_in_a_conference(offhook: Rehearsal, tmp_path: Path) -> None:
    """XFER-3, CONF-6, CONF-8, CONF-10, CONF-11, CONF-13, XFER-18: and leave it by their exit digit."""
    anna = enter(offhook, tmp_path, "Anna")
    anna.wait(6)
    bert = enter(offhook, tmp_path, "Bert")
    assert anna.hears_speech("My name is Bert.", within=5)
    assert anna.hears_speech("has joined.", within=3)
    anna.wait(5)
    bert.say("Can you hear me?")
    assert anna.hears_speech("Can you hear me?", within=1)
    # The digit that mutes.
    bert.press("0")
    bert.say("I said, can you hear me?")
    assert anna.hears_silence(1)
    bert.press("#")
    assert bert.hears_speech("Goodbye.", within=2)
    assert bert.instance.return_code == 0
    anna.hang_up()
    assert anna.instance.return_code == 0
    assert not list((tmp_path / "names").iterdir())


def test_a_caller_without_a_room_is_sent_away(offhook: Rehearsal, tmp_path: Path) -> None:
    """DTMF-5: no number, no conference."""
    call = offhook.call(FOLDER / "conference_bridge.py", extra_channels=1, media_root=tmp_path)
    assert call.until_answered()
    assert call.hears_speech("Goodbye.", within=30)
    assert call.instance.return_code == 1
