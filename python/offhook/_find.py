"""Where the program ``offhook`` is, in every kind of install."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator

VARIABLE = "OFFHOOK_BINARY"


class ProgramNotFound(FileNotFoundError):
    """The program is in none of the places; the message lists them."""


def find_program() -> str:
    """The path of the program.

    Raises:
        ProgramNotFound: if it is nowhere; the message says where it looked.
    """
    name = "offhook" + (sysconfig.get_config_var("EXE") or "")
    looked: list[str] = []
    for folder_or_file in _candidates(name):
        if folder_or_file not in looked:
            if os.path.isfile(folder_or_file) and os.access(folder_or_file, os.X_OK):
                return folder_or_file
            looked.append(folder_or_file)
    on_path = shutil.which(name)
    if on_path is not None and not _is_python_script(on_path):
        return on_path
    places = "".join(f"\n  {place}" for place in looked)
    raise ProgramNotFound(
        f"the program {name} was not found; looked at:{places}\n  every folder of PATH\n"
        f"set {VARIABLE} to its path, or install it with: pip install offhook"
    )


def _candidates(name: str) -> Iterator[str]:
    explicit = os.environ.get(VARIABLE)
    if explicit:
        yield explicit
    # A usual install, a virtual environment included.
    yield os.path.join(sysconfig.get_path("scripts"), name)
    # A virtual environment whose base has the package.
    yield os.path.join(sysconfig.get_path("scripts", vars={"base": sys.base_prefix}), name)
    # pip install --user
    yield os.path.join(sysconfig.get_path("scripts", scheme=_user_scheme()), name)
    package = os.path.dirname(os.path.abspath(__file__))
    # pip install --target, which puts a bin folder beside the packages.
    yield os.path.join(os.path.dirname(package), "bin", name)
    # pip install --prefix: <prefix>/lib/pythonX.Y/site-packages/offhook.
    yield os.path.normpath(os.path.join(os.path.dirname(package), "..", "..", "..", "bin", name))
    # A source tree: <tree>/python/offhook beside <tree>/target.
    tree = os.path.dirname(os.path.dirname(package))
    for profile in ("release", "debug"):
        yield os.path.join(tree, "target", profile, name)


def _user_scheme() -> str:
    if sys.platform == "darwin" and sys._framework:  # type: ignore[attr-defined,unused-ignore]
        return "osx_framework_user"
    return "nt_user" if os.name == "nt" else "posix_user"


def _is_python_script(path: str) -> bool:
    """Whether it is a wrapper that would only come back here."""
    with open(path, "rb") as file:
        return file.read(2) == b"#!"
