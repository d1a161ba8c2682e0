"""Captures what crosses the loopback interface, and asks tshark what it thinks of it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


class Capture:
    """A running capture of UDP on the loopback interface."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._process = subprocess.Popen(
            ["dumpcap", "-q", "-i", "lo", "-f", "udp", "-B", "32", "-w", str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        end = time.monotonic() + 10
        while not (file.exists() and file.stat().st_size > 0):
            if self._process.poll() is not None or time.monotonic() > end:
                said = self._process.stderr.read().decode() if self._process.stderr else ""
                raise AssertionError(f"dumpcap does not capture on lo (it needs root or CAP_NET_RAW): {said}")
            time.sleep(0.05)  # the capture program has no other way to say that it is ready

    def stop(self) -> None:
        """Ends the capture; the file is complete afterwards."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=10)


def fields(file: Path, sip_ports: list[int], display_filter: str, *names: str) -> list[list[str]]:
    """One row for each packet that passes the filter: the values of the named fields."""
    command = ["tshark", "-n", "-r", str(file), "-Y", display_filter, "-T", "fields"]
    for port in sip_ports:
        command += ["-d", f"udp.port=={port},sip"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]
