"""The examples that place calls, from the side of those who are called."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from support.outbound import INBOUND, serve_with, start
from support.server import ServerProcess
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
