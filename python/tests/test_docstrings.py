"""The examples in docstrings run, and every public name has a docstring."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import offhook

MODULES = [
    f"offhook.{each.name}" for each in pkgutil.iter_modules(offhook.__path__) if each.name != "__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    """Each example gives what stands beside it."""
    failures = doctest.testmod(importlib.import_module(name)).failed
    assert failures == 0


def test_there_are_examples() -> None:
    """The test above has something to run."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) >= 4


def public_members(name: str) -> Iterator[tuple[str, Any]]:
    """The public classes and functions that a module defines, with the members of the classes."""
    module = importlib.import_module(name)
    for key, value in vars(module).items():
        if key.startswith("_") or getattr(value, "__module__", None) != name:
            continue
        if inspect.isclass(value):
            yield key, value
            for member, attribute in vars(value).items():
                if not member.startswith("_") and (
                    inspect.isfunction(attribute) or isinstance(attribute, property)
                ):
                    yield f"{key}.{member}", attribute
        elif inspect.isfunction(value):
            yield key, value


@pytest.mark.parametrize("name", [name for name in MODULES if not name.split(".")[1].startswith("_")])
def test_public_names_are_documented(name: str) -> None:
    """No public class, function, method or property without a docstring."""
    assert [key for key, value in public_members(name) if not inspect.getdoc(value)] == []
