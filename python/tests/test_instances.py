"""Instances: arguments of `main`, return codes, exceptions, threads."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from support.peer import WorkerPeer
from support.protocol import PATIENCE, START

HEAD = '__uas_identify__ = "application"\n'
FIVE = "channel, application_instance_id, file_man, my_log, application_parameters"
SIX = f"{FIVE}, outbound_parameters"


def returning(worker: WorkerPeer, path: Path, body: str, parameters: str = "channel", **changes: Any) -> Any:
    """Load and run a `main` with that body; how it ended."""
    source = f"{HEAD}import sys\nfrom offhook.uas import *\ndef main({parameters}):\n    {body}\n"
    assert "result" in worker.load(path / "app.py", source)
    return worker.run("app", **changes)


@pytest.mark.parametrize(
    ("body", "short", "long"),
    [
        ("return 0", 0, 0),
        ("return 7", 7, 7),
        ("return True", 1, 1),
        ("return False", 0, 0),
        ("return -100", -100, -100),
        ("return 2**63 - 1", 2**63 - 1, 2**63 - 1),
        ("pass", 0, -1),
        ("return 'text'", -1, -1),
        ("return 1.0", -1, -1),
        ("return 2**63", -1, -1),
        ("return -1", -5, -5),
        ("return -99", -5, -5),
        ("raise ValueError('x')", -1, -1),
        ("sys.exit(0)", -1, -1),
        ("raise KeyboardInterrupt", -1, -1),
        ("raise Hangup('gone')", 0, -1),
        ("raise Error('bad')", -1, -1),
    ],
)
def test_return_codes(worker: WorkerPeer, tmp_path: Path, body: str, short: int, long: int) -> None:
    """RUN-13, RUN-14, RUN-16, RUN-17, EXC-4: in the short form and in the others."""
    assert returning(worker, tmp_path, body)["return_code"] == short
    assert returning(worker, tmp_path, body, FIVE)["return_code"] == long
    outbound = {"direction": "outbound", "outbound_parameters": "", "state": "IDLE"}
    assert returning(worker, tmp_path, body, SIX, **outbound)["return_code"] == long


def test_an_exception_is_reported_with_its_traceback(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-16, EXC-4, LOG-4: logged at error with the instance id; the last line goes with the end."""
    ended = returning(worker, tmp_path, "raise ValueError('no such thing')")
    assert ended["exception"] == "ValueError: no such thing"
    assert ended["hangup"] is False
    line = worker.server.expect("log")["params"]
    assert line["instance"] == ended["instance"]
    assert line["level"] == "error"
    assert line["text"].startswith("Traceback (most recent call last):\n")
    assert 'app.py", line 5, in main' in line["text"]
    assert "_instance.py" not in line["text"]


def test_an_uncaught_hangup_is_told_apart(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-17: in the short form it counts as 0 and is no exception; elsewhere it is both."""
    ended = returning(worker, tmp_path, "raise Hangup('ring() in state IDLE')")
    assert (ended["exception"], ended["hangup"]) == (None, True)
    ended = returning(worker, tmp_path, "raise Hangup('ring() in state IDLE')", FIVE)
    assert ended["exception"].endswith("Hangup: ring() in state IDLE")
    assert ended["hangup"] is True


def test_an_exception_that_cannot_be_shown_ends_only_its_instance(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-21, GEN-13: also one whose own methods raise."""
    body = "class Odd(BaseException):\n        def __str__(self): raise Odd\n    raise Odd"
    assert returning(worker, tmp_path, body)["return_code"] == -1
    assert returning(worker, tmp_path, "return 3")["return_code"] == 3


def test_inbound_arguments(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-3, RUN-7, ST-2: channel, id, files, log and parameters, in their order."""
    body = (
        "my_log.report(repr([channel.state().name, application_instance_id, application_parameters,"
        " file_man.exists('a.wav')]))"
    )
    returning(worker, tmp_path, body, FIVE, application_parameters="x=1")
    line = worker.server.expect("log")["params"]
    assert line["level"] == "report"
    assert line["text"] == f"['CALL_INCOMING', '{line['instance']}', 'x=1', False]"


def test_outbound_arguments(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-3, RUN-7, ST-3: the sixth, and a channel in IDLE."""
    body = "my_log.info(f'{channel.state().name} {outbound_parameters}')"
    changes = {"direction": "outbound", "outbound_parameters": "call 100", "state": "IDLE"}
    returning(worker, tmp_path, body, SIX, **changes)
    assert worker.server.expect("log")["params"]["text"] == "IDLE call 100"


@pytest.mark.parametrize(
    ("parameters", "direction", "outbound_parameters"), [(FIVE, "outbound", ""), (SIX, "inbound", None)]
)
def test_the_wrong_direction_is_refused(
    worker: WorkerPeer, tmp_path: Path, parameters: str, direction: str, outbound_parameters: str | None
) -> None:
    """RUN-11, RUN-14: -6, and main is not called."""
    changes = {"direction": direction, "outbound_parameters": outbound_parameters}
    assert returning(worker, tmp_path, "return 1", parameters, **changes)["return_code"] == -6


def test_a_call_that_is_gone_is_not_started(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-15, RUN-14: -2, and main is not called."""
    assert returning(worker, tmp_path, "return 1", state="IDLE")["return_code"] == -2


def test_an_unknown_application_is_refused(worker: WorkerPeer) -> None:
    """RUN-14: -3."""
    assert worker.run("nobody")["return_code"] == -3


def test_printing_does_not_disturb_the_connection(
    worker: WorkerPeer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """RUN-21: what an application prints goes where it may be seen, not to the server."""
    assert returning(worker, tmp_path, "print('{}'); return 1")["return_code"] == 1
    assert "{}" in capfd.readouterr().out


WAITING = """
def main(channel):
    return channel.wait_for_idle().name == "IDLE"
"""


def test_instances_run_side_by_side(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-21: as many as there are threads, each with its own channel."""
    worker.load(tmp_path / "app.py", WAITING)
    channels = [worker.start("app") for _ in range(8)]
    requests = {}
    for _ in channels:
        request = worker.server.expect("channel.wait_for_idle")
        requests[request["params"]["channel"]] = request
    for name in reversed(channels):
        worker.server.respond(requests[name], {"state": "IDLE"})
        ended = worker.end()
        assert ended["instance"] == name.replace("c", "i")
        assert ended["return_code"] == 1


def test_one_instance_too_many_is_refused(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-22, RUN-14: threads are limited in number, and nothing is queued."""
    worker.load(tmp_path / "app.py", WAITING)
    for _ in range(8):
        worker.start("app")
    requests = [worker.server.expect("channel.wait_for_idle") for _ in range(8)]
    ended = worker.run("app")
    assert ended["return_code"] == -9
    assert "no thread" in ended["exception"]
    worker.server.respond(requests[0], {"state": "IDLE"})
    worker.end()
    worker.start("app")
    worker.server.respond(worker.server.expect("channel.wait_for_idle"), {"state": "IDLE"})
    assert worker.end()["return_code"] == 1
    for request in requests[1:]:
        worker.server.respond(request, {"state": "IDLE"})


def test_a_machine_without_threads_refuses_the_instance(
    worker: WorkerPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RUN-21, RUN-14: the instance ends with -9, and the next one runs once there is a thread."""
    worker.load(tmp_path / "app.py", "def main(channel):\n    return 1\n")

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        assert worker.run("app")["return_code"] == -9
    assert worker.run("app")["return_code"] == 1


def test_threads_are_reused(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-22, GEN-13: 1,000 instances one after another on one thread, and no channel is kept."""
    worker.load(tmp_path / "app.py", "def main(channel):\n    return 0\n")
    worker.run("app")
    before = threading.active_count()
    for _ in range(1000):
        assert worker.run("app")["return_code"] == 0
    assert threading.active_count() <= before
    answer = worker.server.request("worker.ping", {})
    assert answer["result"] == {"instances": 0, "threads": 1}
    assert worker.worker._channels == {}


def test_context_variables_do_not_leak_into_the_next_instance(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-22: a thread that is used again shows nothing of the instance before."""
    source = """
        import contextvars
        seen = contextvars.ContextVar("seen", default=0)

        def main(channel):
            seen.set(seen.get() + 1)
            return seen.get()
    """
    worker.load(tmp_path / "app.py", source)
    assert [worker.run("app")["return_code"] for _ in range(3)] == [1, 1, 1]


def test_an_instance_may_outlive_its_call(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-19: it goes on after the call has cleared, and its channel keeps the end of the call."""
    source = """
        def main(channel):
            channel.wait_for_idle()
            assert channel.cause() is channel.Cause.BUSY
            assert channel.hang_up() is channel.State.IDLE
            return 5
    """
    worker.load(tmp_path / "app.py", source)
    name = worker.start("app")
    request = worker.server.expect("channel.wait_for_idle")
    worker.server.send_state("IDLE", "BUSY", name, raw_cause="486")
    worker.server.respond(request, {"state": "IDLE"})
    assert worker.end()["return_code"] == 5


ASYNC = """
import asyncio

async def main(channel):
    await asyncio.sleep(0)
    return (await channel.wait_for_idle()).name == "IDLE"
"""


def test_coroutine_functions_run_as_tasks_of_one_thread(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-5, GEN-16, RUN-21: 200 instances at once, and not one thread more."""
    worker.load(tmp_path / "app.py", ASYNC)
    before = threading.active_count()
    for _ in range(200):
        worker.start("app")
    requests = [worker.server.expect("channel.wait_for_idle") for _ in range(200)]
    assert threading.active_count() <= before
    assert worker.server.request("worker.ping", {})["result"]["instances"] == 200
    for request in requests:
        worker.server.respond(request, {"state": "IDLE"})
        assert worker.end()["return_code"] == 1
    assert worker.server.request("worker.ping", {})["result"]["instances"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return 4", 4),
        ("raise ValueError", -1),
        ("raise SystemExit(2)", -1),
        ("raise KeyboardInterrupt", -1),
        ("raise Hangup('gone')", 0),
        ("asyncio.current_task().cancel(); await asyncio.sleep(0)", -1),
    ],
)
def test_return_codes_of_coroutine_functions(
    worker: WorkerPeer, tmp_path: Path, body: str, code: int
) -> None:
    """RUN-5, RUN-13, RUN-16, RUN-17: as for plain functions, and the loop survives."""
    source = f"import asyncio\nfrom offhook.uas import *\nasync def main(channel):\n    {body}\n"
    worker.load(tmp_path / "app.py", source)
    assert worker.run("app")["return_code"] == code
    assert worker.run("app")["return_code"] == code


def test_a_worker_that_is_told_to_stop_lets_its_instances_finish(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-20, RUN-29: ICanRun becomes false; after the last end the worker closes the connection."""
    source = """
        from offhook.uas import ICanRun

        def main(channel):
            before = bool(ICanRun(channel))
            channel.ring(1)
            return before and not ICanRun(channel)
    """
    worker.load(tmp_path / "app.py", source)
    worker.start("app")
    request = worker.server.expect("channel.ring")
    worker.server.notify("worker.stop", {"drain_seconds": 300})
    worker.server.respond(request, {"state": "RING_INCOMING"})
    assert worker.end()["return_code"] == 1
    worker.server.expect_end()
    assert worker.running.result() is True


def test_an_idle_worker_that_is_told_to_stop_ends_at_once(worker: WorkerPeer) -> None:
    """RUN-20: there is nothing to wait for."""
    worker.server.notify("worker.stop", {"drain_seconds": 300})
    worker.server.expect_end()
    assert worker.running.result() is True


def test_a_lost_server_ends_the_worker(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-32, GEN-7: its calls are IDLE with cause ERROR, and what waits on them returns."""
    source = """
        import builtins

        def main(channel):
            state = channel.wait_for_idle()
            builtins.offhook_seen.put((state.name, channel.state().name, channel.cause().name))
    """
    import builtins  # noqa: PLC0415
    import queue  # noqa: PLC0415

    seen: queue.Queue[tuple[str, str, str]] = queue.Queue()
    builtins.offhook_seen = seen  # type: ignore[attr-defined]
    worker.load(tmp_path / "app.py", source)
    worker.start("app")
    worker.server.expect("channel.wait_for_idle")
    worker.server.close()
    assert seen.get(timeout=PATIENCE) == ("IDLE", "IDLE", "ERROR")
    assert worker.running.result() is True


def test_late_words_about_an_ended_channel_are_ignored(worker: WorkerPeer, tmp_path: Path) -> None:
    """GEN-13: the worker does not stumble over them."""
    worker.load(tmp_path / "app.py", "def main(channel):\n    return 0\n")
    worker.run("app")
    worker.server.send_state("IDLE")
    worker.server.send_player("IDLE", "HANGUP")
    assert worker.run("app", details=START["details"])["return_code"] == 0
