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

from support.network import Network, SocketNetwork, VirtualNetwork
from support.peer import ChannelPeer, WorkerPeer
from support.server import Server, ServerProcess, find_binary
from support.sip import Caller
from support.standstill import StandstillWatch
from support.virtual_server import VirtualServer

pytest_plugins = ["offhook.testing.plugin", "pytester"]

DEADLOCK_SECONDS = 120
LOOPBACK = "127.0.0.1"


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


NETWORKS: dict[str, Callable[[], Network]] = {"sockets": SocketNetwork, "virtual": VirtualNetwork}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of calls runs over real sockets and in virtual time, if it is not marked `sockets_only`."""
    if "network" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("sockets_only")
        metafunc.parametrize("network", list(NETWORKS)[: 1 if marked else None], indirect=True)


@pytest.fixture
def network(request: pytest.FixtureRequest, built_program: Path) -> Iterator[Network]:
    """What servers and callers of a test talk over."""
    with contextlib.closing(NETWORKS[request.param]()) as made:
        yield made


@pytest.fixture
def serve(network: Network, built_program: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts the program with an application: `serve(source, **settings)`; it is stopped after the test."""
    with contextlib.ExitStack() as running:

        def start(source: str, host: str | None = None, **settings: object) -> Server:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            if not isinstance(network, VirtualNetwork):
                process = ServerProcess(network, built_program, folder, source, host or LOOPBACK, **settings)
                return running.enter_context(process)
            # Ports are those of a host: each server has one for itself.
            return VirtualServer(network, folder, source, host or next(hosts), **settings)

        hosts = (f"127.0.0.{number}" for number in range(1, 255))
        yield start


@pytest.fixture
def call_from(network: Network) -> Iterator[Callable[..., Caller]]:
    """Makes a SIP caller for a server: `call_from(server)`; its calls are ended after the test."""
    with contextlib.ExitStack() as open_callers:

        def make(server: Server) -> Caller:
            return open_callers.enter_context(Caller(network, server.address))

        yield make


@pytest.fixture
def threads_before() -> int:
    """The number of threads when the test began."""
    return threading.active_count()


def network_of(item: pytest.Function) -> str | None:
    """The network that a test runs on, if it has one."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("network") if callspec else None


#: How often a test may be tried on a machine that keeps standing still.
TRIES = 6


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Repeats a failed test of calls in real time if the machine stood still meanwhile."""
    in_real_time = not isinstance(item, pytest.Function) or network_of(item) != "virtual"
    if not item.path.name.endswith("_calls.py") or not in_real_time:
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
