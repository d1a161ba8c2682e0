"""The worker as a process of its own, started as the server starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.peer import WorkerPeer
from support.protocol import PATIENCE, ServerEnd

PACKAGE = Path(__file__).parents[1]


class WorkerProcess(WorkerPeer):
    """A worker in a process; the test is the server."""

    def __init__(self, tmp_path: Path, descriptor: int | None = None) -> None:
        self.server = ServerEnd()
        far_end = self.server.far_end
        number = far_end.fileno() if descriptor is None else descriptor
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "OFFHOOK_WORKER_FD": str(number)}
        self.errors = tmp_path / "errors"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "offhook.worker"],
                env=environment,
                stdin=far_end.fileno() if descriptor == 0 else subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=() if descriptor == 0 else (far_end.fileno(),),
            )
        far_end.close()
        self.hello = self.server.expect("worker.hello")["params"]
        self._started = 0
        self.configure(operating_directory=str(tmp_path))

    def wait(self) -> int:
        """Wait for the end of the process; its status."""
        return self.process.wait(PATIENCE)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[WorkerProcess]:
    """A worker process, killed after the test if it is still there."""
    worker_process = WorkerProcess(tmp_path)
    yield worker_process
    worker_process.process.kill()
    worker_process.process.wait()
    worker_process.server.close()


def test_it_ends_with_status_0_when_told_to_stop(process: WorkerProcess) -> None:
    """RUN-20: after the last instance."""
    assert process.hello["pid"] == process.process.pid
    process.server.notify("worker.stop", {"drain_seconds": 1})
    process.server.expect_end()
    assert process.wait() == 0


def test_it_ends_when_the_server_is_gone(process: WorkerProcess, tmp_path: Path) -> None:
    """RUN-32: an instance that waits is set free, and no process is left behind."""
    process.load(tmp_path / "app.py", "def main(channel):\n    channel.wait_for_idle()\n")
    process.start("app")
    process.server.expect("channel.wait_for_idle")
    process.server.close()
    assert process.wait() == 0


def test_it_ends_although_an_application_left_a_thread(process: WorkerProcess, tmp_path: Path) -> None:
    """RUN-21: a thread of an application that never ends does not keep the process."""
    source = """
        import threading

        def main(channel):
            threading.Thread(target=threading.Event().wait).start()
            return 1
    """
    process.load(tmp_path / "app.py", source)
    assert process.run("app")["return_code"] == 1
    process.server.notify("worker.stop", {"drain_seconds": 1})
    assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_left_to_the_server(
    process: WorkerProcess, tmp_path: Path, number: signal.Signals
) -> None:
    """RUN-20: a signal to the whole group ends no call; programs that applications start obey it as ever."""
    source = """
        import subprocess

        def main(channel):
            channel.ring(1)
            child = subprocess.Popen(["sleep", "600"])
            child.terminate()
            return -child.wait()
    """
    process.load(tmp_path / "app.py", source)
    process.start("app")
    request = process.server.expect("channel.ring")
    process.process.send_signal(number)
    assert process.server.request("worker.ping", {})["result"]["instances"] == 1
    process.server.respond(request, {"state": "RING_INCOMING"})
    assert process.end()["return_code"] == signal.SIGTERM


def test_the_connection_is_not_inherited_by_programs(process: WorkerProcess, tmp_path: Path) -> None:
    """RUN-21: nor is its number, and standard input is empty."""
    source = """
        import os
        import subprocess
        import sys

        CODE = "import os; print('sockets', sum(os.path.exists(f'/proc/self/fd/{n}') and "
        CODE += "os.readlink(f'/proc/self/fd/{n}').startswith('socket') for n in range(64)), "
        CODE += "os.environ.get('OFFHOOK_WORKER_FD'))"

        def main(channel):
            seen = subprocess.run([sys.executable, "-c", CODE], close_fds=False, stdout=-1, text=True)
            return int(seen.stdout.strip() == "sockets 0 None" and sys.stdin.read() == "")
    """
    process.load(tmp_path / "app.py", source)
    assert process.run("app")["return_code"] == 1


def test_the_connection_may_be_standard_input(tmp_path: Path) -> None:
    """The descriptor can be any, 0 too."""
    process = WorkerProcess(tmp_path, descriptor=0)
    process.load(
        tmp_path / "app.py", "import sys\ndef main(channel):\n    return int(sys.stdin.read() == '')\n"
    )
    assert process.run("app")["return_code"] == 1
    process.server.notify("worker.stop", {"drain_seconds": 1})
    assert process.wait() == 0


def test_it_works_in_the_operating_directory(process: WorkerProcess, tmp_path: Path) -> None:
    """RUN-1: relative paths of an application start there."""
    (tmp_path / "greeting.txt").write_text("hello")
    process.load(
        tmp_path / "app.py", "def main(channel):\n    return int(open('greeting.txt').read() == 'hello')\n"
    )
    assert process.run("app")["return_code"] == 1


def test_an_application_that_ends_the_process_takes_the_connection_with_it(
    process: WorkerProcess, tmp_path: Path
) -> None:
    """RUN-32: the server sees the end of the stream at once."""
    process.load(tmp_path / "app.py", "import os\ndef main(channel):\n    os._exit(3)\n")
    process.start("app")
    process.server.expect_end()
    assert process.wait() == 3


@pytest.mark.parametrize("value", [None, "", "x", "-1"])
def test_without_a_connection_it_says_what_to_do(value: str | None) -> None:
    """A person who starts it by hand is told how it is meant."""
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    environment.pop("OFFHOOK_WORKER_FD", None)
    if value is not None:
        environment["OFFHOOK_WORKER_FD"] = value
    done = subprocess.run(
        [sys.executable, "-m", "offhook.worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert "offhook serve app.py" in done.stderr


def test_a_broken_connection_is_reported(process: WorkerProcess) -> None:
    """A line that is no message: status 1, and the reason on standard error."""
    process.server.send_raw(b"nonsense\n")
    assert process.wait() == 1
    assert "not JSON" in process.errors.read_text()
