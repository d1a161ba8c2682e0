"""What ``offhook test`` sees of an application: where it waits, its variables, which lines have run.

The server asks for it by an environment variable; without that nothing in here costs more than one look at
``watches``. Only files in the application's folder and below are looked at.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from offhook import _clock, _prompts

if TYPE_CHECKING:
    from offhook._request import Message
    from offhook._wire import Wire

VARIABLE = "OFFHOOK_WORKER_PROBE"
"""The environment variable by which the server asks: ``1``, or nothing."""

watches = False
"""Whether the server asked; set once, before anything runs."""

_folder = ""
_lock = threading.Lock()
_ours: dict[str, str | None] = {}
"""Files by the name their code has: the name to report, or ``None`` for those of others."""
_seen: set[tuple[str, int]] = set()
_fresh: list[tuple[str, int]] = []
"""Lines that have run for the first time since the server was last told."""


def begin() -> None:
    """Watch every thread that is started from now on."""
    global watches  # noqa: PLW0603 - the probe is one for the whole process
    watches = True
    threading.settrace(_trace)


def look_at(path: str) -> None:
    """The application is in this file: what lies in its folder is of interest."""
    global _folder  # noqa: PLW0603
    _folder = os.path.dirname(os.path.realpath(path))
    _ours.clear()


def report(wire: Wire, path: str) -> None:
    """Tell what stands in an application's file and in the modules of its folder that it has imported."""
    files = {os.path.realpath(path)}
    for module in tuple(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and _own_name(file) is not None:
            files.add(os.path.realpath(file))
    for file in sorted(files):
        wire.notify("probe.source", {"file": _own_name(file) or file, **_prompts.of(file)})


def place() -> Message:
    """Where the calling thread stands, what its variables hold, and which lines have run since last time."""
    frames = list(_frames(sys._getframe(1)))
    with _lock:
        lines = _fresh.copy()
        _fresh.clear()
    return {"stack": [_site(frame) for frame in frames], "state": _digest(frames), "lines": lines}


def whereabouts() -> list[list[Any]]:
    """In which functions application code is at work: what a few looks at it have in common."""
    pause = threading.Event()
    stacks: dict[int, list[FrameType]] = {}
    for _ in range(_LOOKS):
        now = {thread: [*_frames(frame)][::-1] for thread, frame in sys._current_frames().items()}
        # A thread that is not there the first time has just come, one that is missing later has gone.
        stacks = {thread: _common(stacks.get(thread, now[thread]), now[thread]) for thread in now}
        pause.wait(_LOOK_SECONDS)  # Of real time, which sleep() is not here.
    functions = (stack[-1].f_code for stack in stacks.values() if stack)
    return sorted([_ours[code.co_filename], code.co_firstlineno, code.co_name] for code in functions)


def _common(one: list[FrameType], other: list[FrameType]) -> list[FrameType]:
    pairs = itertools.takewhile(lambda pair: pair[0] is pair[1], zip(one, other))
    return [frame for frame, _ in pairs]


_LOOKS = 20
_LOOK_SECONDS = 0.01


# Lines


def _trace(frame: FrameType, _: str, __: Any) -> Any:
    return _trace_line if _name(frame) is not None else None


def _trace_line(frame: FrameType, event: str, _: Any) -> Any:
    if event == "line":
        line = (_name(frame) or "", frame.f_lineno)
        if line not in _seen:
            with _lock:
                _seen.add(line)
                _fresh.append(line)
    return _trace_line


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of application code, the innermost first."""
    while frame is not None:
        if _name(frame) is not None:
            yield frame
        frame = frame.f_back


def _site(frame: FrameType) -> list[Any]:
    return [_name(frame), frame.f_lineno, frame.f_code.co_name]


def _name(frame: FrameType) -> str | None:
    file = frame.f_code.co_filename
    try:
        return _ours[file]
    except KeyError:
        name = _ours[file] = _own_name(file)
        return name


def _own_name(file: str) -> str | None:
    path = os.path.realpath(file)
    if not _folder or not path.startswith(_folder + os.sep) or "site-packages" in path:
        return None
    return os.path.relpath(path, _folder) if path.endswith(".py") else None


# Variables


def _digest(frames: list[FrameType]) -> str:
    """A digest of the plain values in local and global variables."""
    known = _clock.instance_id()
    parts = [_plain(frame.f_locals, _DEPTH) for frame in frames]
    modules = {id(frame.f_globals): frame.f_globals for frame in frames}
    parts += [_plain(variables, _DEPTH) for variables in modules.values()]
    text = "\n".join(parts)
    if known is not None:
        text = text.replace(known, "")
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _plain(value: object, depth: int) -> str:
    """The value in text, as far as it is one of plain types; the same for equal values."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        words = repr(value)[:_LONGEST]
    elif isinstance(value, ModuleType) or callable(value) or depth == 0:
        words = ""
    elif isinstance(value, Mapping):
        pairs = [(key, item) for key, item in value.items() if not str(key).startswith("__")][:_MOST]
        words = "{" + ",".join(f"{key!r:.100}:{_plain(item, depth - 1)}" for key, item in pairs) + "}"
    elif isinstance(value, (list, tuple)):
        words = "[" + ",".join(_plain(item, depth - 1) for item in value[:_MOST]) + "]"
    elif isinstance(value, (set, frozenset)):
        words = "{" + ",".join(sorted(_plain(item, depth - 1) for item in value)) + "}"
    else:
        kind = type(value)
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        words = kind.__name__
        if file is not None and _own_name(file) is not None:
            words += _plain(getattr(value, "__dict__", {}), depth - 1)
    return words


_DEPTH = 5
_MOST = 100
_LONGEST = 1000
