"""The program under test, with an application."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType

from support.network import Network
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


class Server(ABC):
    """`offhook serve` with one application; usable once the constructor has returned.

    Args:
        network: where its callers are.
        folder: where the application, the media root (`media`) and the logs are put.
        source: the application's text.
        address: where to serve.
        settings: further settings by their environment variables without `OFFHOOK_`, in lower case, such as
            `max_calls=5`.
    """

    def __init__(
        self, network: Network, folder: Path, source: str, address: tuple[str, int], **settings: object
    ) -> None:
        self.network = network
        self.folder = folder
        self.media_root = folder / "media"
        self.media_root.mkdir(exist_ok=True)
        self.application = folder / "app.py"
        self.application.write_text(textwrap.dedent(source))
        self.address = address
        host, port = address
        self._settings = {
            "sip": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "python": sys.executable,
            "python_package": TREE / "python",
            "media_root": self.media_root,
            "log_root": folder / "logs",
            "drain_seconds": 1,
            **settings,
        }

    @property
    @abstractmethod
    def log(self) -> str:
        """What the server has logged so far."""

    @abstractmethod
    def start_instances(self, service: str, *parameters: str) -> None:
        """Start an instance of an outbound service for each of the parameters, as `offhook start` does."""

    @abstractmethod
    def stop(self) -> None:
        """End the server and its workers."""

    @property
    def records(self) -> list[str]:
        """The lines of the application data record."""
        return (self.folder / "logs" / "UAS_ADR.log").read_text().splitlines()

    def wait_for_log(self, text: str, seconds: float = 5.0) -> str:
        """Wait until the log holds that text; the whole log."""
        self.network.wait_for(lambda: text in self.log, seconds)
        log = self.log
        assert text in log, f"the log does not hold {text!r}:\n{log}"
        return log


class ServerProcess(Server):
    """The program in a process of its own, on a free port of this machine."""

    def __init__(
        self,
        network: Network,
        binary: Path,
        folder: Path,
        source: str,
        host: str = "127.0.0.1",
        **settings: object,
    ) -> None:
        settings = {"log_level": "trace", **settings}
        super().__init__(network, folder, source, (host, _free_port(host)), **settings)
        self._log = folder / "server.log"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OFFHOOK_")}
        environment.update({f"OFFHOOK_{name.upper()}": str(each) for name, each in self._settings.items()})
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve", self.application], cwd=folder, env=environment, stdout=log, stderr=log
            )
        self._await_start()

    @property
    def log(self) -> str:
        """What the process has written so far."""
        return self._log.read_text(errors="replace")

    def start_instances(self, service: str, *parameters: str) -> None:
        """Run `offhook start`."""
        given = ["--parameters", "|".join(parameters), "--delimiter", "|"]
        started = self.start(service, *given)
        assert started.returncode == 0, started.stderr

    def start(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`offhook start` with these arguments: what it printed, and its exit status."""
        binary = find_binary()
        assert binary is not None
        command = [str(binary), "start", service, "--control", str(self.folder / "offhook.sock"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def stop(self) -> None:
        """Stop as an operator does, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop in {SHUTDOWN_SECONDS} s:\n{self.log}") from None

    def _await_start(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        with Caller(self.network, self.address) as caller:
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
