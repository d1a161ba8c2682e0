"""The clock of applications: real in production, virtual under ``offhook.testing``.

Under test the worker calls :func:`make_virtual` once. From then on, threads and tasks of instances sleep by
asking the server, whose clock goes on when every one of them waits; whatever else runs in the process keeps
the real clock.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from offhook._request import Request

if TYPE_CHECKING:
    from offhook._request import Message
    from offhook._wire import Wire

VARIABLE = "OFFHOOK_WORKER_CLOCK"
"""The environment variable by which the server tells the worker: ``virtual``, or nothing."""

_real_sleep = time.sleep
_real_async_sleep = asyncio.sleep
_real_monotonic = time.monotonic
_real_time = time.time


class _Instance(NamedTuple):
    """Whose time it is."""

    wire: Wire
    instance: str
    channel: str
    note: Callable[[str], None]


_virtual = False
_virtual_now = 0.0
_began = _real_time()
"""The time of day when virtual time began."""
_instance: contextvars.ContextVar[_Instance | None] = contextvars.ContextVar("offhook_instance", default=None)
_noted: set[tuple[str, int, str]] = set()


def now() -> float:
    """A steady clock in seconds: that of the machine, or under ``offhook.testing`` the virtual one."""
    return _virtual_now if _virtual else time.monotonic()


def set_now(seconds: float) -> None:
    """Learn from the server what time it is on the virtual clock; called before anything of that time."""
    global _virtual_now  # noqa: PLW0603 - the clock is one for the whole process
    _virtual_now = seconds


def sleep(seconds: float) -> None:
    """Wait so many seconds; under ``offhook.testing`` they are virtual and cost no real time.

    In production it is ``time.sleep``. It does not notice a hang-up: to wait for the end of the call, use
    ``channel.wait_for_idle(seconds)``.

    Args:
        seconds: 0 or more.

    Raises:
        ValueError: if ``seconds`` is negative.
    """
    instance = _instance.get()
    if instance is None:
        _real_sleep(seconds)
        return
    instance.wire.perform(_request(instance, seconds))


async def async_sleep(seconds: float) -> None:
    """The same for applications with ``async def main``."""
    instance = _instance.get()
    if instance is None or seconds <= 0:
        await _real_async_sleep(seconds)
        return
    await instance.wire.perform_async(_request(instance, seconds))


def enter(wire: Wire, start: Message, note: Callable[[str], None]) -> None:
    """Let what runs in this context belong to an instance; without a virtual clock that means nothing.

    Args:
        wire: the connection to the server.
        start: the instance's ``instance.start``.
        note: tells the author of the application something.
    """
    if _virtual:
        _instance.set(_Instance(wire, start["instance"], start["channel"], note))


def instance_id() -> str | None:
    """The instance that this context belongs to; without a virtual clock there is none."""
    instance = _instance.get()
    return None if instance is None else instance.instance


def enter_loop(wire: Wire, start: Message) -> None:
    """Tell the server that an instance begins as a task of the running event loop (``RUN-3``)."""
    if _virtual:
        wire.notify("clock.loop", {"instance": start["instance"]})
        _stirred.append(_BEGINNING)


def stir(response: Message | None) -> None:
    """Tasks of the running event loop go on with a response; when they have done so, the server is told."""
    if _virtual and response is not None:
        _stirred.append(response["id"])


def settle(wire: Wire) -> None:
    """The running event loop waits: it has nothing left to do with the responses that it was given."""
    if _stirred:
        ids = _stirred.copy()
        _stirred.clear()
        wire.notify("clock.settled", {"ids": ids})


def new_event_loop(wire: Wire) -> asyncio.AbstractEventLoop:
    """The event loop of the worker; under a virtual clock one that says when it has nothing left to do."""
    if not _virtual:
        return asyncio.new_event_loop()
    return _EventLoop(_Selector(wire))


class _EventLoop(asyncio.SelectorEventLoop):
    """Its own timers go by the real clock, whoever sets them."""

    def time(self) -> float:
        return _real_monotonic()


class _Selector(selectors.DefaultSelector):
    """Where an event loop waits once it has nothing left to do."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            settle(self._wire)
        return super().select(timeout)


_BEGINNING = 0
"""Stands for the beginning of an instance among the ids of responses."""
_stirred: list[int] = []
"""What the event loop has been given since it last had nothing to do; only its thread touches it."""


def make_virtual() -> None:
    """Put the virtual clock into force for the instances of this process.

    ``time.sleep`` and ``asyncio.sleep`` in them count as ``offhook.sleep``, with a note to the author,
    ``time.monotonic`` and ``time.time`` tell virtual time, and threads that they start are waited for.
    """
    global _virtual  # noqa: PLW0603 - the clock is one for the whole process
    _virtual = True
    time.sleep = _noted_sleep  # type: ignore[assignment]
    asyncio.sleep = _noted_async_sleep
    time.monotonic = _instances_monotonic
    time.time = _instances_time
    threading.Thread.start = _start_thread  # type: ignore[method-assign]
    threading.Thread.join = _join_thread  # type: ignore[method-assign]


def _request(instance: _Instance, seconds: float) -> Request[None]:
    if not seconds >= 0:
        raise ValueError(f"sleep() with {seconds!r}; accepted: 0 or more seconds")
    params = {"channel": instance.channel, "seconds": seconds}
    return Request("clock.sleep", params, lambda _: None, {})


def _noted_sleep(seconds: float) -> None:
    if _instance.get() is not None:
        _note("time.sleep", "offhook.sleep")
    sleep(seconds)


async def _noted_async_sleep(delay: float, result: Any = None) -> Any:
    if _instance.get() is not None and delay > 0:
        _note("asyncio.sleep", "offhook.aio.sleep")
    await async_sleep(delay)
    return result


def _instances_monotonic() -> float:
    return _real_monotonic() if _instance.get() is None else _virtual_now


def _instances_time() -> float:
    return _real_time() if _instance.get() is None else _began + _virtual_now


def _note(used: str, better: str) -> None:
    """Tell the author, once for each place."""
    instance = _instance.get()
    frame = sys._getframe(2)
    place = (frame.f_code.co_filename, frame.f_lineno, used)
    if instance is not None and place not in _noted:
        _noted.add(place)
        instance.note(
            f"{used}() in {place[0]}, line {place[1]}, counts as {better}() under test; "
            f"write {better}() to say so"
        )


# Threads that an application starts

_start = threading.Thread.start
_join = threading.Thread.join
_threads_lock = threading.Lock()
_joiners: dict[threading.Thread, int] = {}
"""The threads of applications that run, and how many threads of applications wait for each of them to end."""


def _start_thread(self: threading.Thread) -> None:
    instance = _instance.get()
    if instance is None:
        _start(self)
        return
    run = self.run

    def run_counted() -> None:
        _instance.set(instance)
        try:
            run()
        finally:
            with _threads_lock:
                waiting = _joiners.pop(self)
            # Those who waited for it go on in its place.
            if waiting == 0:
                _count(instance, False)
            for _ in range(waiting - 1):
                _count(instance, True)

    self.run = run_counted  # type: ignore[method-assign]
    with _threads_lock:
        _joiners[self] = 0
    _count(instance, True)
    try:
        _start(self)
    except RuntimeError:
        with _threads_lock:
            del _joiners[self]
        _count(instance, False)
        raise


def _join_thread(self: threading.Thread, timeout: float | None = None) -> None:
    instance = _instance.get()
    if instance is not None and timeout is None:
        with _threads_lock:
            runs = self in _joiners
            if runs:
                _joiners[self] += 1
        if runs:
            _count(instance, False)
    _join(self, timeout)


def patience(seconds: float) -> float:
    """How long a thread may wait for the server: so many seconds, or without limit on a virtual clock.

    The server answers there when every other instance waits, however long that takes.
    """
    return -1 if _virtual else seconds


def _count(instance: _Instance, begins: bool) -> None:
    instance.wire.notify("clock.thread", {"instance": instance.instance, "begins": begins})
