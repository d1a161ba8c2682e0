"""Applications of a few lines in virtual time, which tell the test what they saw."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from offhook.testing import Call, Rehearsal

_HEAD = """
import json

import offhook
from offhook.uas import *


def tell(values):
    with open("told.json", "w") as file:
        json.dump(values, file)


def main(channel):
"""


def run(rehearsal: Rehearsal, folder: Path, body: str, **options: Any) -> Call:
    """Call an application whose `main` has that body."""
    path = folder / "app.py"
    path.write_text(_HEAD + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n")
    return rehearsal.call(path, **options)


def told(call: Call, folder: Path) -> Any:
    """What the application told, once it has ended without an exception."""
    assert call.instance.exception is None, call.instance.exception
    return json.loads((folder / "told.json").read_text())
