"""The program under test, with an application, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import TracebackType

from support.sip import Caller

STARTUP_SECONDS = 30.0
SHUTDOWN_SECONDS = 20.0
TREE = Path(__file__).parents[3]


def find_binary() -> Path | None:
    """The program: `OFFHOOK_BINARY`, or what cargo has built in this tree; `None` if there is none."""
    explicit = os.environ.get("OFFHOOK_BINARY")
    if explicit:
        return Path(explicit)
    target = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target"))
    built = [
        each for each in (target / "debug" / "offhook", target / "release" / "offhook") if each.is_file()
    ]
    return max(built, key=lambda each: each.stat().st_mtime, default=None)


class ServerProcess:
    """`offhook serve` with one application; usable once the constructor has returned.

    Args:
        binary: the program.
        folder: where the application, the media root (`media`) and the logs are put.
        source: the application's text.
        host: the address to serve.
        settings: further settings by their environment variables without `OFFHOOK_`, in lower case, such as
            `max_calls=5`.
    """

    def __init__(
        self, binary: Path, folder: Path, source: str, host: str = "127.0.0.1", **settings: object
    ) -> None:
        self.folder = folder
        self.media_root = folder / "media"
        self.media_root.mkdir(exist_ok=True)
        application = folder / "app.py"
        application.write_text(textwrap.dedent(source))
        self.address = (host, _free_port(host))
        self._log = folder / "server.log"
        shown_host = f"[{host}]" if ":" in host else host
        values = {
            "sip": f"{shown_host}:{self.address[1]}",
            "workers": 1,
            "python": sys.executable,
            "python_package": TREE / "python",
            "media_root": self.media_root,
            "log_root": folder / "logs",
            "log_level": "trace",
            "drain_seconds": 1,
            **settings,
        }
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OFFHOOK_")}
        environment.update({f"OFFHOOK_{name.upper()}": str(value) for name, value in values.items()})
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve", application], cwd=folder, env=environment, stdout=log, stderr=log
            )
        self._await_start()

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return self._log.read_text(errors="replace")

    @property
    def records(self) -> list[str]:
        """The lines of the application data record."""
        return (self.folder / "logs" / "UAS_ADR.log").read_text().splitlines()

    def wait_for_log(self, text: str, seconds: float = 5.0) -> str:
        """Wait until the log holds that text; the whole log."""
        deadline = time.monotonic() + seconds
        while text not in (log := self.log):
            assert time.monotonic() < deadline, f"the log does not hold {text!r}:\n{log}"
            time.sleep(0.02)
        return log

    def stop(self, first: signal.Signals = signal.SIGTERM) -> int:
        """Stop as an operator does and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(first)
        try:
            return self.process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop in {SHUTDOWN_SECONDS} s:\n{self.log}") from None

    def _await_start(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        with Caller(self.address, self.address[0]) as caller:
            while True:
                assert self.process.poll() is None, f"the server ended while starting:\n{self.log}"
                if caller.answers_options(0.2):
                    return
                assert time.monotonic() < deadline, f"the server does not answer OPTIONS:\n{self.log}"

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(f"--- log of the server\n{self.log}\n---\n")
            self.process.kill()
            self.process.wait()
        else:
            self.stop()


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
