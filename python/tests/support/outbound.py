"""Servers that place calls, and the command that starts their instances."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from support.server import ServerProcess, find_binary

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
    serve: Callable[..., ServerProcess], folder: Path, configuration: str, source: str, **settings: object
) -> ServerProcess:
    """A server with a configuration file."""
    path = folder / f"offhook-{len(list(folder.glob('*.toml')))}.toml"
    path.write_text(configuration)
    return serve(source, config=path, **settings)


def start(server: ServerProcess, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`offhook start`: what it printed, and its exit status."""
    binary = find_binary()
    assert binary is not None
    command = [str(binary), "start", service, "--control", str(server.folder / "offhook.sock"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
