"""What `offhook test` sees of an application: its prompts, its lines, its variables."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from offhook import _probe, _prompts
from offhook._application import _import

SOURCE = """
MENU = ["One moment.", "Two moments.", "x"]
PIN = "2468"


class Caller:
    def __init__(self, name):
        self.name = name


def deep(channel, digit):
    caller = Caller(digit)
    if digit == "9":
        channel.FilePlayer.say(
            MENU[0],
        )
    return channel(caller)


def main(channel, digit):
    return deep(channel, digit)


def other(channel):
    channel.FilePlayer.play("music.wav")
    channel.Recorder.start("not heard.wav")
    PlayableMedia(text_to_say="Hello.")
"""


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module, looked at by the probe."""
    for name, value in (("watches", False), ("_folder", ""), ("_ours", {}), ("_seen", set()), ("_fresh", [])):
        monkeypatch.setattr(_probe, name, value)
    path = tmp_path / "app.py"
    path.write_text(SOURCE)
    _probe.begin()
    _probe.look_at(str(path))
    try:
        yield _import("probed", str(path))
    finally:
        threading.settrace(None)
        sys.modules.pop("offhook_application_probed", None)
        sys.path.remove(str(tmp_path))


def run(function: Any, *arguments: Any) -> Any:
    """Call it in a thread of its own, which the probe watches."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(function(*arguments)))
    thread.start()
    thread.join()
    return result[0]


def test_prompts_sentences_and_numbers_of_a_source_are_told(tmp_path: Path) -> None:
    """Calls that play or make something to play; strings that stand together; strings of digits."""
    path = tmp_path / "app.py"
    path.write_text(SOURCE)
    found = _prompts.of(str(path))
    assert found["prompts"] == [
        [14, 16, "say(MENU[0])"],
        [25, 25, "play('music.wav')"],
        [27, 27, "PlayableMedia('Hello.')"],
    ]
    assert found["texts"] == [[[2, "One moment."], [2, "Two moments."]]]
    assert found["keys"] == ["2468"]


def test_a_place_is_the_lines_being_run_the_innermost_first(application: ModuleType) -> None:
    """Only the application's own."""
    place = run(application.main, lambda _: _probe.place(), "1")
    assert place["stack"] == [["app.py", 17, "deep"], ["app.py", 21, "main"]]


def test_lines_are_told_once(application: ModuleType) -> None:
    """Those that have run for the first time since the last time."""
    first = run(application.main, lambda _: _probe.place(), "1")
    again = run(application.main, lambda _: _probe.place(), "1")
    assert ("app.py", 17) in first["lines"]
    assert ("app.py", 14) not in first["lines"]
    assert again["lines"] == []


def test_equal_variables_are_an_equal_state(application: ModuleType) -> None:
    """Values in objects of the application's own classes count too."""
    one, same, other = (run(application.main, lambda _: _probe.place(), digit) for digit in "112")
    assert one["state"] == same["state"]
    assert one["state"] != other["state"]


def test_the_function_that_is_at_work_is_told(application: ModuleType) -> None:
    """What several looks have in common: the function that does not go on."""
    arrived, goes_on = threading.Event(), threading.Event()

    def stay(_: object) -> None:
        arrived.set()
        goes_on.wait()

    thread = threading.Thread(target=application.main, args=(stay, "1"))
    thread.start()
    try:
        arrived.wait()
        assert _probe.whereabouts() == [["app.py", 11, "deep"]]
    finally:
        goes_on.set()
        thread.join()
