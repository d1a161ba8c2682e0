"""``python -m offhook``: run the program ``offhook`` with the same arguments."""

from __future__ import annotations

import os
import subprocess
import sys

from offhook._find import ProgramNotFound, find_program


def main() -> int:
    """Replace this process by the program where that is possible; otherwise run it and return its status."""
    try:
        program = find_program()
    except ProgramNotFound as error:
        print(f"offhook: {error}", file=sys.stderr)
        return 1
    arguments = [program, *sys.argv[1:]]
    if os.name == "nt":
        return subprocess.run(arguments, check=False).returncode
    return os.execv(program, arguments)


if __name__ == "__main__":
    sys.exit(main())
