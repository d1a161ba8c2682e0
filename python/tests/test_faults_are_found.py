"""Faults that are put into the examples are found by the examples' tests, which are written with the kit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("built_program")

TREE = Path(__file__).parents[2]

#: The example, what stands in it, and what stands there instead. A Hangup that leaves `main` of the short
#: form is no fault (RUN-17).
FAULTS = [
    ("ring_then_answer", 'say("Thank you for calling.")', 'say("Thank you for calling us.")'),
    ("ring_then_answer", "channel.ring(1)", "channel.ring(3)"),
    ("ring_then_answer", "        channel.answer()\n", ""),
    ("ring_then_answer", "channel.ring(1)", "channel.ring(1, negotiate_early_media=True)"),
    ("async_greeting", "await channel.answer()", "channel.answer()"),
    ("early_media", "negotiate_early_media=True", "negotiate_early_media=False"),
    ("early_media", "seconds_ringtime=None", "seconds_ringtime=0"),
    ("early_media", "seconds_ringtime=10", "seconds_ringtime=9"),
    ("early_media", "Thank you for calling.", "Thank you for waiting."),
    ("notice_then_refuse", 'raw_cause="480"', 'raw_cause="486"'),
    ("notice_then_refuse", "seconds_ringtime=None", "seconds_ringtime=1"),
    ("notice_then_refuse", "call again tomorrow", "call again on Monday"),
    ("opening_hours", "channel.ring(2)", "channel.ring(4)"),
    ("opening_hours", "if not opens <=", "if not opens <"),
    ("opening_hours", "channel.reject(channel.Cause.BUSY)", "channel.reject()"),
    ("opening_hours", "except Hangup:", "except KeyError:"),
    ("opening_hours", 'say("Welcome.", barge_in=True)', 'say("Welcome.")'),
    ("opening_hours", "return BAD_PARAMETERS", "return 0"),
    ("ringback_of_your_country", '"+49": "ringback.de"', '"+49": "ringback.gb"'),
    ("ringback_of_your_country", "loop_ringtone=True", "loop_ringtone=False"),
    ("ringback_of_your_country", "channel.ring(6,", "channel.ring(5,"),
    ("your_own_ringtone", "return rings >= 2", "return rings > 2"),
    ("your_own_ringtone", "channel.ring(3,", "channel.ring(4,"),
]


def run_tests(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the examples in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options, "tests"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TREE / "python")},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_the_examples_pass_their_tests() -> None:
    """As they stand, without any fault."""
    outcome = run_tests(TREE / "examples")
    assert outcome.returncode == pytest.ExitCode.OK, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(("example", "right", "wrong"), FAULTS, ids=lambda value: value.strip()[:40])
def test_the_tests_of_the_example_find_the_fault(
    tmp_path: Path, example: str, right: str, wrong: str
) -> None:
    """At least one of them fails; the example itself loads and runs as far as it can."""
    folder = tmp_path / "examples"
    shutil.copytree(TREE / "examples", folder, ignore=shutil.ignore_patterns("__pycache__"))
    application = folder / f"{example}.py"
    source = application.read_text()
    if example == "opening_hours" and right == "if not opens <=":
        # Midnight is the hour at which the fault shows.
        source = source.replace("datetime.datetime.now().hour", "0")
    assert right in source
    application.write_text(source.replace(right, wrong))
    outcome = run_tests(folder, "-k", example)
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED, outcome.stdout + outcome.stderr
