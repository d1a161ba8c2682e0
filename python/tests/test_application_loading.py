"""Application files: the accepted forms of `main`, and what is said of others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.peer import WorkerPeer

HEAD = '__uas_identify__ = "application"\n__uas_version__ = "1.2"\n'
FIVE = "channel, application_instance_id, file_man, my_log, application_parameters"
SIX = f"{FIVE}, outbound_parameters"


@pytest.fixture(autouse=True)
def own_imports() -> Iterator[None]:
    """Applications put their folder on the import path; take it off again."""
    path = list(sys.path)
    modules = set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("offhook_application_", "shared_words")):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("parameters", "form"),
    [
        ("channel", "short"),
        (FIVE, "inbound"),
        (SIX, "outbound"),
        ("a, b, c, d, e", "inbound"),
        ("a, /", "short"),
        ("a, b=1, c=2, d=3, e=4", "inbound"),
        ("channel, *, option=1", "short"),
        ("channel, **options", "short"),
    ],
)
@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_forms_are_told_apart_by_the_number_of_parameters(
    worker: WorkerPeer, tmp_path: Path, parameters: str, form: str, keyword: str
) -> None:
    """RUN-3, RUN-4, RUN-5: positional parameters count, those with defaults too; names do not."""
    response = worker.load(tmp_path / "app.py", f"{HEAD}{keyword} main({parameters}):\n    pass\n")
    assert response["result"] == {"ok": True, "form": form, "is_async": keyword != "def", "version": "1.2"}


def test_the_short_form_needs_no_identification(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-2, RUN-1: neither __uas_identify__ nor __uas_version__."""
    response = worker.load(tmp_path / "app.py", "def main(channel):\n    pass\n")
    assert response["result"] == {"ok": True, "form": "short", "is_async": False, "version": None}


def test_a_common_module_is_not_started(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-2: it is installed the same way, for applications to import."""
    response = worker.load(tmp_path / "app.py", '__uas_identify__ = "common"\ndef main(a, b): pass\n')
    assert response["result"]["form"] == "common"
    assert worker.run("app")["return_code"] == -3


def test_an_application_imports_the_module_beside_it(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-2: common modules are found in the folder of applications."""
    (tmp_path / "shared_words.py").write_text('__uas_identify__ = "common"\nANSWER = 42\n')
    worker.load(
        tmp_path / "app.py", "import shared_words\ndef main(channel):\n    return shared_words.ANSWER\n"
    )
    assert worker.run("app")["return_code"] == 42


def test_an_application_knows_its_own_file(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-1: `__file__` is the path of the file, so that it finds what lies beside it."""
    source = f"assert __file__ == {str(tmp_path / 'app.py')!r}\n\ndef main(channel): pass\n"
    assert worker.load(tmp_path / "app.py", source)["result"]["form"] == "short"


def test_an_application_may_be_named_like_a_module_of_the_library(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-1: `json.py` is an application, and `json` stays what it was."""
    worker.load(tmp_path / "json.py", "def main(channel):\n    return 1\n")
    assert worker.run("json")["return_code"] == 1
    assert hasattr(sys.modules["json"], "dumps")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", "has no main"),
        ("main = 5", "main that is not a function: 5"),
        ("def main(): pass", r"main\(\) with 0 positional parameters"),
        ("def main(a, b): pass", r"main\(a, b\) with 2 positional parameters"),
        (f"{HEAD}def main(a, b, c, d, e, f, g): pass", "with 7 positional parameters"),
        ("def main(*args): pass", r"main\(\*args\), which has \*args"),
        ("def main(channel, *rest): pass", r"which has \*rest"),
        ("def main(channel, *, option): pass", "which has option"),
        (f"def main({FIVE}): pass", "__uas_identify__ = None; accepted for the form found: 'application'"),
        (f'__uas_identify__ = "x"\ndef main({SIX}): pass', "__uas_identify__ = 'x'"),
        ("import nothing_of_that_name", r"failed to import: ModuleNotFoundError: .* \(line 1\)"),
        ("\n1 / 0", r"failed to import: ZeroDivisionError: division by zero \(line 2\)"),
        ("def main(channel) pass", "failed to import: SyntaxError"),
        ("import sys; sys.exit(3)", r"failed to import: SystemExit: 3 \(line 1\)"),
        ("raise KeyboardInterrupt", "failed to import: KeyboardInterrupt"),
    ],
)
def test_other_files_are_invalid(worker: WorkerPeer, tmp_path: Path, source: str, words: str) -> None:
    """RUN-6, RUN-4, RUN-2, RUN-14: code -4, what was found, and the accepted forms."""
    error = worker.load(tmp_path / "app.py", source)["error"]
    assert error["code"] == -4
    assert re.search(words, error["message"])
    assert (
        "accepted forms: main(channel); main(channel, application_instance_id, file_man" in error["message"]
    )
    assert worker.run("app")["return_code"] == -3


def test_a_failed_import_is_logged_with_its_traceback(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-6: at level error."""
    worker.load(tmp_path / "app.py", "def broken():\n    raise ValueError('here')\nbroken()\n")
    line = worker.server.expect("log")["params"]
    assert line["level"] == "error"
    assert "in broken" in line["text"]
    assert "ValueError: here" in line["text"]


def test_a_new_version_is_used_by_the_next_instance(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-33: also one that was written in the same second; a running instance keeps what it began with."""
    source = "WORD = {}\ndef main(channel):\n    channel.wait_for_idle()\n    return WORD\n"
    worker.load(tmp_path / "app.py", source.format(1))
    worker.start("app")
    waiting = worker.server.expect("channel.wait_for_idle")
    worker.load(tmp_path / "app.py", source.format(2))
    worker.start("app")
    worker.server.respond(worker.server.expect("channel.wait_for_idle"), {"state": "IDLE"})
    assert worker.end()["return_code"] == 2
    worker.server.respond(waiting, {"state": "IDLE"})
    assert worker.end()["return_code"] == 1


def test_loading_leaves_no_files_behind(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-1: the folder of applications holds what was put there."""
    worker.load(tmp_path / "app.py", "def main(channel): pass\n")
    assert [each.name for each in tmp_path.iterdir()] == ["app.py"]


def test_a_missing_file_is_no_application_of_that_name(worker: WorkerPeer, tmp_path: Path) -> None:
    """RUN-14: -3."""
    params = {"name": "app", "path": str(tmp_path / "app.py")}
    error = worker.server.request("application.load", params)["error"]
    assert error["code"] == -3
    assert str(tmp_path / "app.py") in error["message"]


def test_prosody_uas_is_the_same_module(worker: WorkerPeer, tmp_path: Path) -> None:
    """GEN-2: in every form of import."""
    source = """
        import offhook.uas
        import prosody.uas
        from prosody import uas
        from prosody.uas import Error, Hangup, ICanRun

        def main(channel):
            return int(prosody.uas is offhook.uas is uas and Error is offhook.uas.Error)
    """
    assert "result" in worker.load(tmp_path / "app.py", source)
    assert worker.run("app")["return_code"] == 1


def test_an_installed_prosody_is_left_alone(
    worker: WorkerPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GEN-2: the real package is imported instead, and a warning is logged once."""
    for name in ("prosody", "prosody.uas"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "prosody").mkdir()
    (tmp_path / "prosody" / "__init__.py").write_text("")
    (tmp_path / "prosody" / "uas.py").write_text("REAL = 7\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    worker.configure()
    line = worker.server.expect("log")["params"]
    assert line["level"] == "warning"
    assert "prosody" in line["text"]
    worker.load(tmp_path / "app.py", "from prosody.uas import REAL\ndef main(channel):\n    return REAL\n")
    assert worker.run("app")["return_code"] == 7
