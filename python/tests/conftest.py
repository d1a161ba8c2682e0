"""Fixtures of all tests."""

from __future__ import annotations

import contextlib
import faulthandler
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from support.peer import ChannelPeer, WorkerPeer
from support.server import ServerProcess, find_binary
from support.sip import Caller
from support.standstill import StandstillWatch

pytest_plugins = ["offhook.testing.plugin", "pytester"]

DEADLOCK_SECONDS = 120


@pytest.fixture(autouse=True)
def deadlock_is_a_failure() -> Iterator[None]:
    """A test that hangs ends the run and shows where every thread waits."""
    faulthandler.dump_traceback_later(DEADLOCK_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def peer() -> Iterator[ChannelPeer]:
    """A blocking channel in `CALL_INCOMING` and the server's end of its connection."""
    with ChannelPeer() as channel_peer:
        yield channel_peer


@pytest.fixture
def worker() -> Iterator[WorkerPeer]:
    """A configured worker in this process and the server's end of its connection."""
    with WorkerPeer() as worker_peer:
        yield worker_peer


@pytest.fixture
def built_program(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program that was built last, for everything that looks for one."""
    binary = find_binary()
    if binary is None:
        pytest.fail("the program is not built: cargo build --package offhook-cli, or set OFFHOOK_BINARY")
    monkeypatch.setenv("OFFHOOK_BINARY", str(binary))
    return binary


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts the program with an application: `serve(source, **settings)`; it is stopped after the test."""
    binary = find_binary()
    if binary is None:
        pytest.fail("the program is not built: cargo build --package offhook-cli, or set OFFHOOK_BINARY")
    with contextlib.ExitStack() as running:

        def start(source: str, host: str = "127.0.0.1", **settings: object) -> ServerProcess:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            return running.enter_context(ServerProcess(binary, folder, source, host, **settings))

        yield start


@pytest.fixture
def call_from() -> Iterator[Callable[..., Caller]]:
    """Makes a SIP caller for a server: `call_from(server)`; its calls are ended after the test."""
    with contextlib.ExitStack() as open_callers:

        def make(server: ServerProcess) -> Caller:
            return open_callers.enter_context(Caller(server.address, server.address[0]))

        yield make


@pytest.fixture
def threads_before() -> int:
    """The number of threads when the test began."""
    return threading.active_count()


#: How often a test may be tried on a machine that keeps standing still.
TRIES = 6


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Repeats a failed test of calls in real time if the machine stood still meanwhile."""
    if not item.path.name.endswith("_calls.py"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(TRIES):
        with StandstillWatch() as watch:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not any(report.failed for report in reports) or not watch.machine_stood_still:
            break
        if isinstance(item, pytest.Function):
            item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
