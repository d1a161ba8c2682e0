"""The pytest plugin: the fixture ``offhook``."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from offhook.testing._rehearsal import DEFAULT_SEED, Rehearsal
from offhook.testing._report import report

_rehearsals = pytest.StashKey["list[Rehearsal]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("offhook")
    group.addoption(
        "--offhook-seed",
        type=int,
        default=DEFAULT_SEED,
        help=f"where all chance in simulated calls comes from (default: {DEFAULT_SEED})",
    )
    group.addoption(
        "--offhook-artifacts",
        type=Path,
        default=Path("offhook-artifacts"),
        help="folder for what is kept of the calls of a failed test (default: offhook-artifacts)",
    )


@pytest.fixture
def offhook(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """Simulated callers for applications; see :class:`offhook.testing.Rehearsal`.

    Application files are looked for beside the test's file, then in pytest's root folder, then in the
    current one.
    """
    folders = [request.path.parent, request.config.rootpath]
    with Rehearsal(seed=request.config.getoption("offhook_seed"), folders=folders) as rehearsal:
        rehearsals = request.node.stash.setdefault(_rehearsals, [])
        rehearsals.append(rehearsal)
        yield rehearsal
        # A test may be run once more.
        rehearsals.remove(rehearsal)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.CallInfo[None], None]:
    """Show what the callers of a failed test saw and heard, and keep it as files."""
    outcome = yield
    result = outcome.get_result()  # type: ignore[attr-defined]
    if not result.failed or result.when != "call":
        return
    for rehearsal in item.stash.get(_rehearsals, []):
        folder = item.config.getoption("offhook_artifacts") / re.sub(r"[^\w.\-\[\]]+", "-", item.nodeid)
        words = report(rehearsal, folder)
        if words:
            result.sections.append(("simulated calls", words))
