"""Fixtures of all tests."""

from __future__ import annotations

import faulthandler
import threading
from collections.abc import Iterator

import pytest
from support.peer import ChannelPeer, WorkerPeer

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
def threads_before() -> int:
    """The number of threads when the test began."""
    return threading.active_count()
