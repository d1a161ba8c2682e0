"""A call that happened becomes a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

from offhook._find import find_program
from offhook.errors import OffhookError


class ScenarioError(OffhookError):
    """No test could be made of a capture; the message says why and what is accepted."""


def record_scenario(
    capture: str | Path,
    test: str | Path,
    *,
    app: str | Path,
    call_id: str | None = None,
    media_root: str | Path | None = None,
    return_code: int | None = None,
) -> Path:
    """Write a test of a call that was captured, for pytest and ``offhook.testing``.

    In the test a simulated caller does what the caller of the capture did, at the same moments: the INVITE
    with its codecs, digits, what was said, hanging up. What the server did then is asserted: its responses,
    the tones and files that were heard, how the call ended. Sounds that have no name are kept as WAV files
    beside the test.

    Blocks for about as long as a copy of the file takes, and some milliseconds for each second of the call.

    Args:
        capture: a pcap or pcapng file with the SIP (UDP) and the RTP of the call, as tcpdump and dumpcap
            write them.
        test: the test to be written, such as ``test_call.py``. It must not be there yet.
        app: the application that takes the call in the test.
        call_id: which call, if the capture holds several.
        media_root: the folder of the files that the application plays, by whose names they are told; ``None``
            for the folder of the application.
        return_code: what ``main`` returned, which no capture shows; ``None`` asserts only that nothing was
            raised.

    Returns:
        The test.

    Raises:
        ScenarioError: if the capture cannot be read, holds no call or several, or the test is there already.
        FileNotFoundError: if the program ``offhook`` is not installed.
    """
    command = [find_program(), "record-scenario", str(capture), str(test), "--app", str(app)]
    for option, value in (
        ("--call-id", call_id),
        ("--media-root", media_root),
        ("--return-code", return_code),
    ):
        if value is not None:
            command.append(f"{option}={value}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ScenarioError(done.stderr.strip().removeprefix("error: "))
    return Path(test)
