"""The pytest plugin: the fixture ``offhook``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from offhook.testing._rehearsal import DEFAULT_SEED, Rehearsal


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("offhook")
    group.addoption(
        "--offhook-seed",
        type=int,
        default=DEFAULT_SEED,
        help=f"where all chance in simulated calls comes from (default: {DEFAULT_SEED})",
    )


@pytest.fixture
def offhook(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """Simulated callers for applications; see :class:`offhook.testing.Rehearsal`.

    Application files are looked for beside the test's file, then in pytest's root folder, then in the
    current one.
    """
    folders = [request.path.parent, request.config.rootpath]
    with Rehearsal(seed=request.config.getoption("offhook_seed"), folders=folders) as rehearsal:
        yield rehearsal
