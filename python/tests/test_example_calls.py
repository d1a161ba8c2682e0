"""The examples that place calls, from the side of those who are called."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support import sound
from support.outbound import INBOUND, serve_with, start
from support.server import ServerProcess
from support.sip import Call, Caller
from support.told import told

Serve = Callable[..., ServerProcess]

FOLDER = Path(__file__).parents[2] / "examples"


def source_of(name: str) -> str:
    """The example."""
    return (FOLDER / f"{name}.py").read_text()


def test_waiting_numbers_are_called_back(serve: Serve, tmp_path: Path) -> None:
    """CALL-1, GEN-19, RUN-31: in the order in which they came; one that does not answer is passed over."""
    called = serve(
        INBOUND + '    user = channel.Details.call_to.removeprefix("sip:").split("@")[0]\n'
        "    tell(user)\n"
        '    if user == "200":\n        channel.reject(channel.Cause.BUSY)\n        return 0\n'
        "    channel.answer()\n    time.sleep(1)\n    return 0\n"
    )
    configuration = (
        '[[service]]\nname = "callbacks"\napplication = "app"\ndirection = "outbound"\nparameters = "100"\n'
    )
    server = serve_with(serve, tmp_path, configuration, source_of("callback_queue"))
    queue = server.folder / "callbacks"
    queue.mkdir()
    for at, number in enumerate(("300", "200", "301")):
        (queue / f"{at}-{number}").touch()
    host = f"{called.address[0]}:{called.address[1]}"
    assert start(server, "callbacks", "--parameters", host).returncode == 0
    log = server.wait_for_log("return_code=2", 30)
    assert "200 was not reached: BUSY" in log
    assert [line.partition("told ")[2][:7] for line in called.log.splitlines() if " told " in line] == [
        '["300"]',
        '["200"]',
        '["301"]',
    ]
    assert not list(queue.iterdir())
    shutil.rmtree(queue)


REMINDS = """
[[service]]
name = "reminders"
application = "app"
direction = "outbound"
parameters = "100"
"""


def remind(serve: Serve, folder: Path, called: ServerProcess) -> ServerProcess:
    """The server that reminds, once it has begun to."""
    server = serve_with(serve, folder, REMINDS, source_of("appointment_reminder"))
    parameters = f"sip:someone@{called.address[0]}:{called.address[1]},Tuesday at ten"
    assert start(server, "reminders", "--parameters", parameters).returncode == 0
    return server


def test_a_person_confirms_the_appointment(serve: Serve, tmp_path: Path) -> None:
    """CALL-8, LSD-1, LSD-4, LSD-6, DTMF-17: a short greeting and silence is a person."""
    called = serve(
        INBOUND + "    channel.answer()\n    time.sleep(0.3)\n    channel.FilePlayer.say('Hello?')\n"
        "    time.sleep(8)\n    channel.DTMFPlayer.play('1')\n    channel.wait_for_idle(30)\n"
    )
    server = remind(serve, tmp_path, called)
    log = server.wait_for_log("instance ended", 60)
    assert "answered by LIVE" in log
    assert "return_code=0 " in log


def test_an_answering_machine_gets_the_whole_message(serve: Serve, tmp_path: Path) -> None:
    """LSD-4, LSD-7, LSD-8: after its beep."""
    called = serve(
        INBOUND + "    TonePlayer(channel, tones := ToneManager())\n"
        "    silence = {'frequency': 0, 'amplitude': 0}\n"
        "    beep = ({'frequency': 1000, 'amplitude': 10}, silence, {'duration': 600, 'add': 'summation'})\n"
        "    tones.create_tone([beep], 'beep')\n"
        "    channel.answer()\n    time.sleep(0.3)\n"
        "    channel.FilePlayer.say('You have reached the mailbox of the family Miller. We are not at home. "
        "Please leave your name and your number after the tone, and we call you back.')\n"
        "    channel.TonePlayer.play('beep')\n"
        "    tell(channel.FileRecorder.record('message.wav', milliseconds_max_duration=30000).name,\n"
        "         channel.FileRecorder.audio_detected_in_recording())\n"
    )
    server = remind(serve, tmp_path, called)
    log = server.wait_for_log("instance ended", 90)
    assert "answered by ANSWER_MACHINE" in log
    assert "return_code=2 " in log
    assert told(called) == [["HANGUP", True]]


def test_a_bridged_call_is_recorded_on_both_sides(
    serve: Serve, call_from: Callable[[ServerProcess], Caller], tmp_path: Path
) -> None:
    """CONN-1, CONN-5, CONN-6, REC-12, REC-18: the caller left, the desk right; the desk hangs up first."""
    desk = serve(
        INBOUND + "    channel.answer()\n    time.sleep(5)\n    channel.FilePlayer.play('desk.wav')\n"
        "    time.sleep(1)\n"
    )
    sound.write_wav(desk.media_root / "desk.wav", sound.sine(500, 1.0))
    configuration = (
        '[[service]]\nnumber = "*"\napplication = "app"\nextra_channels = 1\n'
        f'parameters = "sip:desk@{desk.address[0]}:{desk.address[1]}"\n'
    )
    server = serve_with(serve, tmp_path, configuration, source_of("two_leg_bridge"))
    call = call_from(server).invite()
    call.wait_for(200)
    # A-law 0x2A is a loud constant.
    call.media.start_sending(call.remote_media, octet=0x2A)
    call.wait_for_request("BYE", 30)
    server.wait_for_log("return_code=0", 10)
    (recording,) = (server.media_root / "calls").iterdir()
    left, right = sound.read_wav_channels(recording)
    assert sum(abs(sample) > 500 for sample in left) > 8000
    # At 8000 Hz no sample but two of the sixteen of a period of 500 Hz is near zero.
    assert sum(abs(sample) > 500 for sample in right) == pytest.approx(0.875 * 8000, rel=0.1)


def is_silent(call: Call, seconds: float) -> bool:
    """Whether the caller has heard nothing for that long."""
    heard = call.media.heard(time.monotonic() - seconds)
    return len(heard) > 0 and all(abs(sample) <= 500 for sample in heard)


def test_two_callers_talk_in_a_conference(
    serve: Serve, call_from: Callable[[ServerProcess], Caller], tmp_path: Path
) -> None:
    """XFER-3, CONF-6, CONF-8, CONF-10, CONF-11, CONF-13, XFER-18: and leave it by their exit digit."""
    configuration = '[[service]]\nnumber = "*"\napplication = "app"\nextra_channels = 1\n'
    server = serve_with(serve, tmp_path, configuration, source_of("conference_bridge"))
    caller = call_from(server)
    calls = [caller.invite(), caller.invite()]
    for call in calls:
        call.wait_for(200)
        call.media.start_sending(call.remote_media)
        for digit in "12#":
            call.send_digit(digit)
    deadline = time.monotonic() + 40
    while server.log.count("TRANSFERRED") < 2:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
    talker, listener = calls
    # The names are announced to both; then there is silence, and it lasts.
    deadline = time.monotonic() + 40
    time.sleep(2.5)
    while not (is_silent(talker, 2.5) and is_silent(listener, 2.5)):
        assert time.monotonic() < deadline, "the announcements do not end"
        time.sleep(0.1)
    began = time.monotonic()
    talker.media.change_sound(0x2A)
    # A second of it; how soon it comes is measured on the virtual clock (CONF-18).
    while sum(abs(sample) > 500 for sample in listener.media.heard(began)) < 8000:
        assert time.monotonic() < began + 10, "the listener does not hear the talker"
        time.sleep(0.1)
    assert sum(abs(sample) > 500 for sample in talker.media.heard(began + 0.5)) == 0
    for call in calls:
        call.send_digit("#")
    for call in calls:
        call.wait_for_request("BYE", 20)
    server.wait_for_log("return_code=0")
