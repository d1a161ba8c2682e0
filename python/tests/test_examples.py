"""The simpler examples run, against a server that grants what they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.peer import WorkerPeer

FOLDER = Path(__file__).parents[2] / "examples"

STATES = {"channel.ring": "RING_INCOMING", "channel.answer": "ANSWERED", "channel.reject": "IDLE"}

RING_ANSWER_SAY = ["channel.ring", "channel.answer", "file_player.play"]
EXPECTED = {
    "async_greeting": RING_ANSWER_SAY,
    "early_media": ["channel.ring", "channel.ring", "channel.answer"],
    "notice_then_refuse": ["channel.ring", "channel.reject"],
    "opening_hours": RING_ANSWER_SAY,
    "ring_then_answer": RING_ANSWER_SAY,
    "ringback_of_your_country": RING_ANSWER_SAY,
    "your_own_ringtone": ["channel.ring", *RING_ANSWER_SAY],
}


def play_along(worker: WorkerPeer, channel: str) -> tuple[list[str], dict[str, Any]]:
    """Grant what the instance asks for, until its end: what it asked for, and how it ended."""
    asked: list[str] = []
    while True:
        request = worker.server._next(lambda message: "method" in message and "id" in message, "a request")
        method = request["method"]
        if method == "instance.end":
            worker.server.respond(request, {})
            return asked, request["params"]
        asked.append(method)
        if method in STATES:
            early_media = request["params"].get("early_media") or method == "channel.answer"
            worker.server.send_state(STATES[method], channel=channel, early_media=early_media)
            worker.server.respond(request, {"state": STATES[method]})
        else:
            worker.server.respond(request, {"cause": "NORMAL"})


def load(worker: WorkerPeer, name: str) -> None:
    """Load the example as the server does."""
    worker.configure(log_level="report", tones=["ringback.gb", "ringback.de", "ringback.fr", "ringback.us"])
    params = {"name": name, "path": str(FOLDER / f"{name}.py")}
    assert "result" in worker.server.request("application.load", params)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_example_runs(worker: WorkerPeer, name: str) -> None:
    """GEN-1, RUN-3: it is accepted, does what it says, and ends well."""
    load(worker, name)
    asked, ended = play_along(worker, worker.start(name, application_parameters="0-24"))
    assert asked == EXPECTED[name]
    assert ended["return_code"] == 0
    assert ended["exception"] is None


@pytest.mark.parametrize(("parameters", "code"), [("0-0", 0), ("always", -100)])
def test_opening_hours_come_from_the_parameters(worker: WorkerPeer, parameters: str, code: int) -> None:
    """RUN-7, RUN-14, REJ-2: outside of them the call is refused as busy; bad ones are an error of its own."""
    load(worker, "opening_hours")
    channel = worker.start("opening_hours", application_parameters=parameters)
    asked, ended = play_along(worker, channel)
    assert ended["return_code"] == code
    assert asked == (["channel.reject"] if code == 0 else [])


def test_a_caller_who_gives_up_ends_the_example(worker: WorkerPeer) -> None:
    """RING-4, GEN-7, EXC-1: ring returns IDLE, and the next function raises Hangup."""
    load(worker, "opening_hours")
    channel = worker.start("opening_hours", application_parameters="0-24")
    request = worker.server.expect("channel.ring")
    worker.server.send_state("IDLE", channel=channel, raw_cause="487")
    worker.server.respond(request, {"state": "IDLE"})
    assert worker.end()["return_code"] == -101
