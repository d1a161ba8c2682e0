"""`my_log`."""

from __future__ import annotations

from pathlib import Path

import pytest

from offhook.log import LEVELS, Log
from support.peer import WorkerPeer

SOURCE = """
__uas_identify__ = "application"

def main(channel, application_instance_id, file_man, my_log, application_parameters):
    for level in ("debug", "trace", "info", "report", "warning", "error"):
        getattr(my_log, level)(level)
    return 0
"""


@pytest.mark.parametrize("least", LEVELS)
def test_levels_below_that_of_the_server_are_left_out(worker: WorkerPeer, tmp_path: Path, least: str) -> None:
    """LOG-2, LOG-3: from most to least verbose, with one method for each."""
    worker.configure(log_level=least)
    worker.load(tmp_path / "app.py", SOURCE)
    worker.start("app")
    expected = LEVELS[LEVELS.index(least) :]
    lines = [worker.server.expect("log")["params"] for _ in expected]
    assert [line["level"] for line in lines] == list(expected)
    assert all(line["text"] == line["level"] and line["instance"] == "i-1" for line in lines)
    assert worker.end()["return_code"] == 0
    worker.server.expect_nothing_but()


def test_exception_adds_the_traceback(worker: WorkerPeer) -> None:
    """LOG-3: at level error."""
    log = worker.worker._log("i-1")
    try:
        raise KeyError("nobody")
    except KeyError:
        log.exception("not found")
    line = worker.server.expect("log")["params"]
    assert line["level"] == "error"
    assert line["text"].startswith("not found\nTraceback (most recent call last):\n")
    assert line["text"].endswith("KeyError: 'nobody'")


class Unprintable:
    """Raises when it is shown."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (5, "5"),
        (None, "None"),
        ("two\nlines", "two\nlines"),
        ("\ud800", "?"),
        ("x" * 70000, "x" * 65536),
        (Unprintable(), "<Unprintable whose __str__ raised ValueError>"),
    ],
)
def test_whatever_is_logged_nothing_is_raised(worker: WorkerPeer, text: object, sent: str) -> None:
    """LOG-3, LOG-4: line feeds are left to the server, which knows its own form of lines."""
    log: Log = worker.worker._log(None)
    log.info(text)
    assert worker.server.expect("log")["params"] == {"instance": None, "level": "info", "text": sent}
