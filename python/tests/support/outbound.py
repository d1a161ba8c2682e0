"""Servers that place calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from support.server import Server

S = TypeVar("S", bound=Server)

HEAD = r"""
import json
import sys
import time
from offhook.uas import *

__uas_identify__ = "application"
__uas_version__ = "1"


def tell(*values):
    # In one piece, so that the lines of instances that run side by side stay apart.
    sys.stdout.write(f"told {json.dumps(values)}\n")


"""
OUTBOUND = HEAD + "def main(channel, instance, file_man, my_log, application_parameters, parameters):\n"
INBOUND = HEAD + "def main(channel, instance, file_man, my_log, application_parameters):\n"


def serve_with(
    serve: Callable[..., S], folder: Path, configuration: str, source: str, **settings: object
) -> S:
    """A server with a configuration file."""
    path = folder / f"offhook-{len(list(folder.glob('*.toml')))}.toml"
    path.write_text(configuration)
    return serve(source, config=path, **settings)
