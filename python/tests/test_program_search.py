"""`python -m offhook`: finding the program in every kind of install."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from offhook import _find

PACKAGE = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.delenv(_find.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sysconfig, "get_path", lambda *_, **__: str(tmp_path / "scripts"))
    monkeypatch.setattr(
        _find, "__file__", str(tmp_path / "lib" / "python3" / "site" / "offhook" / "_find.py")
    )


def program(path: Path, content: bytes = b"\x7fELF") -> str:
    """Put a program there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "place",
    [
        "scripts/offhook",
        "lib/python3/site/bin/offhook",
        "bin/offhook",
        "lib/python3/target/release/offhook",
        "lib/python3/target/debug/offhook",
        "empty/offhook",
    ],
)
def test_the_program_is_found(tmp_path: Path, place: str) -> None:
    """Scripts folder, --target, --prefix, a source tree, PATH."""
    expected = program(tmp_path / place)
    assert os.path.realpath(_find.find_program()) == os.path.realpath(expected)


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OFFHOOK_BINARY, for a program that was just built."""
    program(tmp_path / "scripts" / "offhook")
    explicit = program(tmp_path / "my-own")
    monkeypatch.setenv(_find.VARIABLE, explicit)
    assert _find.find_program() == explicit


def test_a_file_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    """And so is a Python script of that name on PATH, which would only come back here."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "offhook").write_bytes(b"")
    program(tmp_path / "empty" / "offhook", b"#!/usr/bin/python3\n")
    with pytest.raises(_find.ProgramNotFound):
        _find.find_program()


def test_otherwise_it_says_where_it_looked(tmp_path: Path) -> None:
    """Every place, and what to do."""
    with pytest.raises(_find.ProgramNotFound) as caught:
        _find.find_program()
    words = str(caught.value)
    assert str(tmp_path / "scripts" / "offhook") in words
    assert "every folder of PATH" in words
    assert "pip install offhook" in words


def test_python_m_offhook_runs_the_program(tmp_path: Path) -> None:
    """With its arguments, its output and its status."""
    script = tmp_path / "program"
    script.write_text('#!/bin/sh\necho "ran with $@"\nexit 7\n')
    script.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), _find.VARIABLE: str(script)}
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "tones", "--country", "fr"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "ran with tones --country fr\n")
