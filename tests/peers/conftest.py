"""What every test against a peer uses: a server with an application, and the capture of the whole run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .capture import Capture
from .server import Offhook

Serve = Callable[..., Offhook]


@pytest.fixture(scope="session", autouse=True)
def capture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    """The capture of the whole run; a peer that is not installed fails the run instead of passing by."""
    missing = [
        program
        for program in ("sipp", "baresip", "kamailio", "linphonec", "tshark", "dumpcap")
        if shutil.which(program) is None
    ]
    if missing:
        pytest.exit(
            f"missing: {', '.join(missing)}; "
            "install them with `apt-get install sip-tester baresip-core kamailio linphone-cli tshark`",
            3,
        )
    capture = Capture(tmp_path_factory.mktemp("capture") / "run.pcapng")
    yield capture
    capture.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`serve(application_text, *arguments)` starts a server that ends with the test."""
    with ExitStack() as stack:

        def start(application: str, *arguments: str) -> Offhook:
            folder = tmp_path / f"server{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(Offhook(folder, application, *arguments))

        yield start
