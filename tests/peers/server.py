"""Starts the program `offhook` with an application, on ports of its own, and stops it as a user would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]


def binary() -> Path:
    """The program under test: `OFFHOOK_BINARY`, or what cargo built in this checkout."""
    named = os.environ.get("OFFHOOK_BINARY")
    if named:
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("release", "debug"):
        candidate = target / profile / "offhook"
        if candidate.exists():
            return candidate
    raise FileNotFoundError("no offhook program; build it with `cargo build`, or name it in OFFHOOK_BINARY")


def free_port() -> int:
    """A UDP port that nothing on the loopback address uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class Offhook:
    """A running server; a context manager.

    `application` is the text of the application file, or the texts of several by their names.
    """

    #: SIP ports of every server of this run: the dissection test decodes them as SIP.
    sip_ports: ClassVar[list[int]] = []
    #: RTP port ranges of every server of this run.
    rtp_ranges: ClassVar[list[tuple[int, int]]] = []
    _next_rtp = 21000

    def __init__(self, folder: Path, application: str | dict[str, str], *arguments: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.log = folder / "server.log"
        self.records = folder / "Logs" / "UAS_ADR.log"
        served = "app.py" if isinstance(application, str) else "."
        if isinstance(application, str):
            (folder / served).write_text(application)
        else:
            (folder / "Applications").mkdir()
            for name, text in application.items():
                (folder / "Applications" / f"{name}.py").write_text(text)
        low = Offhook._next_rtp
        Offhook._next_rtp += 100
        high = low + 99
        Offhook.sip_ports.append(self.port)
        Offhook.rtp_ranges.append((low, high))
        self._command = [
            str(binary()), "serve", served,
            "--sip", f"{LOOPBACK}:{self.port}",
            "--rtp-ports", f"{low}-{high}",
            *arguments,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Offhook:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        self._wait_until_it_answers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Asks the server to end (SIGTERM), then insists (a second one); returns its exit code."""
        process = self._process
        if process is None:
            return 0
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            try:
                return process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
        process.kill()
        process.wait()
        raise AssertionError(f"the server did not end after two SIGTERM:\n{self.log.read_text()}")

    def _wait_until_it_answers(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK, 0))
            probe.settimeout(0.2)
            own = probe.getsockname()[1]
            request = (
                f"OPTIONS sip:{LOOPBACK}:{self.port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {LOOPBACK}:{own};branch=z9hG4bK{own}alive;rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:probe@{LOOPBACK}>;tag=p{own}\r\n"
                f"To: <sip:{LOOPBACK}:{self.port}>\r\n"
                f"Call-ID: alive-{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            ).encode()
            end = time.monotonic() + 20
            while time.monotonic() < end:
                if self._process is not None and self._process.poll() is not None:
                    break
                probe.sendto(request, (LOOPBACK, self.port))
                try:
                    if probe.recv(65535).startswith(b"SIP/2.0 200"):
                        return
                except (TimeoutError, ConnectionRefusedError):
                    continue
        raise AssertionError(f"the server does not answer OPTIONS:\n{self.log.read_text()}")
