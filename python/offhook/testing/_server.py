"""The connection to the test server, the program ``offhook rehearse``: one process for one test."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from offhook._find import find_program
from offhook.errors import OffhookError

VERSION = 1

LONGEST_SECONDS = 86400.0
"""Nothing is waited for any longer."""

_STUCK = -32010
_APPLICATION = -4


class RehearsalError(OffhookError):
    """The test asks for something that cannot be, or the test server has failed."""


class InvalidApplicationError(RehearsalError):
    """The application cannot be loaded; the message says why."""


class ClockStandsError(RehearsalError, AssertionError):
    """Application code has kept virtual time standing for longer than the patience allows."""


class TestServer:
    """The process and the requests to it.

    Args:
        seed: where all chance comes from.
        patience: seconds of real time that application code may work before the clock must go on.
        python: the interpreter of the applications.
        log_level: the least level of what it logs.
    """

    __test__ = False  # Not a class of tests, whatever its name begins with.

    def __init__(self, seed: int, patience: float, python: str | None, log_level: str = "info") -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [find_program(), "rehearse", "--log-level", log_level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._numbers = itertools.count(1)
        self.request(
            "hall.open",
            seed=seed,
            python=python or sys.executable,
            # The package beside this file, so that both ends are of one version.
            package=str(Path(__file__).resolve().parents[2]),
            speech_cache=str(_speech_cache()),
            patience=patience,
        )

    def request(self, method: str, **params: Any) -> Any:
        """Send a request and wait for its result.

        Raises:
            RehearsalError: if it is refused, or the process has ended.
        """
        message = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        line = b""
        if self._process.stdin is not None and self._process.stdout is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
        if not line:
            raise RehearsalError(f"the test server has ended; its last words:\n{self.log()[-4000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise _error(answer["error"])
        return answer["result"]

    def log(self) -> str:
        """What the server and the applications have logged so far."""
        return self.read_log().decode(errors="replace")

    def read_log(self, since: int = 0) -> bytes:
        """The log from that octet on."""
        # The process writes on with the same file position, which is left alone.
        number = self._log.fileno()
        return os.pread(number, os.fstat(number).st_size - since, since)

    def close(self) -> None:
        """End the process; it ends its workers."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


def _error(error: dict[str, Any]) -> RehearsalError:
    kinds = {_STUCK: ClockStandsError, _APPLICATION: InvalidApplicationError}
    return kinds.get(error["code"], RehearsalError)(error["message"])


def _speech_cache() -> Path:
    """Texts are spoken once for all runs: the same text and voice always give the same sound."""
    return Path(tempfile.gettempdir()) / f"offhook-speech-{VERSION}"


_ENDING_SECONDS = 10.0
