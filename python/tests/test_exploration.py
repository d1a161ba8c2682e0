"""`offhook test` on the examples: it finds nothing as they stand, and faults that are put into them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).parents[2]

#: Examples that take calls without needing anything else, and what they are explored with.
CLEAN = {
    "async_pin": [],
    "ivr_menu": [],
    "ring_then_answer": [],
    "voicemail": ["--parameters", "1000", "--caller", "1000", "--caller", "2000"],
}

#: The example, what stands in it, what stands there instead, and what is found.
FAULTS = [
    ("ivr_menu", "if digit in ANSWERS:", "if digit:", "exception"),
    ("ivr_menu", "            mistakes += 1\n", "", "endless"),
    ("async_pin", "return 0 if right else 2", 'return "right" if right else 2', "return"),
    ("async_pin", "digits = asyncio.create_task(", "digits = (lambda task: task)(", "exception"),
    ("ring_then_answer", "== channel.State.RING_INCOMING", "!= channel.State.RING_INCOMING", "open"),
    ("voicemail", "except Hangup:", "except KeyError:", "exception"),
]


def explore(binary: Path, application: Path, *options: str) -> dict[str, Any]:
    """The report on an application."""
    limits = ["--depth", "1", "--calls", "25", "--call-time", "3m"]
    outcome = subprocess.run(
        [str(binary), "test", str(application), "--json", *limits, *options],
        env={**os.environ, "OFFHOOK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert outcome.returncode in {0, 1}, outcome.stderr
    report: dict[str, Any] = json.loads(outcome.stdout)
    return report


def copy_of(example: str, folder: Path) -> Path:
    """The example in a folder of its own: what it writes must not lie among the others."""
    return Path(shutil.copy(TREE / "examples" / f"{example}.py", folder))


@pytest.mark.parametrize("example", CLEAN)
def test_nothing_is_found_in_an_example(built_program: Path, tmp_path: Path, example: str) -> None:
    """Whatever callers do with it, as far as so few of them go."""
    report = explore(built_program, copy_of(example, tmp_path), *CLEAN[example])
    assert report["findings"] == []


@pytest.mark.parametrize(("example", "right", "wrong", "kind"), FAULTS, ids=lambda value: value.strip()[:40])
def test_a_fault_in_an_example_is_found(
    built_program: Path, tmp_path: Path, example: str, right: str, wrong: str, kind: str
) -> None:
    """Without any test having been written for it."""
    application = copy_of(example, tmp_path)
    source = application.read_text()
    assert right in source
    application.write_text(source.replace(right, wrong))
    report = explore(built_program, application, *CLEAN[example])
    kinds = {finding["kind"] for finding in report["findings"]} | (
        {"unheard"} if report["unheard"] else set()
    )
    assert kind in kinds, report


def test_findings_are_written_as_tests_that_fail_until_the_fault_is_mended(
    built_program: Path, tmp_path: Path
) -> None:
    """With the kit, beside the application."""
    application = copy_of("ivr_menu", tmp_path)
    right = application.read_text()
    application.write_text(right.replace("if digit in ANSWERS:", "if digit:"))
    tests = tmp_path / "test_found.py"
    explore(built_program, application, "--write-tests", str(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    command += ["-p", "offhook.testing.plugin"]
    environment = {**os.environ, "PYTHONPATH": str(TREE / "python")}
    failed = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert failed.returncode == pytest.ExitCode.TESTS_FAILED, failed.stdout + failed.stderr
    assert "KeyError" in failed.stdout
    application.write_text(right)
    passed = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert passed.returncode == pytest.ExitCode.OK, passed.stdout + passed.stderr
