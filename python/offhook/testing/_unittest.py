"""The kit for unittest."""

from __future__ import annotations

import inspect
import unittest
from pathlib import Path

from offhook.testing._rehearsal import DEFAULT_SEED, Rehearsal


class TestCase(unittest.TestCase):
    """A test case with a rehearsal of its own for each test, as ``self.offhook``.

    Application files are looked for beside the file of the test case, then in the current folder. A subclass
    may set another ``seed``.
    """

    __test__ = False

    seed: int = DEFAULT_SEED
    offhook: Rehearsal

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__test__ = True

    def setUp(self) -> None:
        """Make the rehearsal; a subclass that has its own must call this one."""
        super().setUp()
        folder = Path(inspect.getfile(type(self))).parent
        self.offhook = Rehearsal(seed=self.seed, folders=[folder])
        self.addCleanup(self.offhook.close)
