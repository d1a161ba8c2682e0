"""Application files: loading one, and telling its form by its ``main`` (``RUN-1`` to ``RUN-6``)."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any, NamedTuple

ACCEPTED_FORMS = (
    "accepted forms: main(channel); "
    "main(channel, application_instance_id, file_man, my_log, application_parameters); "
    "main(channel, application_instance_id, file_man, my_log, application_parameters, outbound_parameters); "
    'each with def or async def, the last two in a file with __uas_identify__ = "application"'
)

_FORMS = {1: "short", 5: "inbound", 6: "outbound"}


class InvalidApplication(Exception):
    """The file is not a valid application; the message says what was found (``RUN-6``)."""


class Application(NamedTuple):
    """An application that can be run."""

    name: str
    main: Callable[..., Any]
    form: str
    """``short``, ``inbound``, ``outbound``, or ``common``: a module that only other applications import."""
    is_async: bool
    version: str | None

    @property
    def direction(self) -> str:
        """The direction in which it is started (``RUN-3``)."""
        return "outbound" if self.form == "outbound" else "inbound"


def load(name: str, path: str) -> Application:
    """Import the file and look at its ``main``.

    The folder of the file is put on the import path, so that an application finds the modules beside it
    (``RUN-2``).

    Raises:
        InvalidApplication: if it cannot be run.
    """
    module = _import(name, path)
    identity = getattr(module, "__uas_identify__", None)
    version = getattr(module, "__uas_version__", None)
    version = None if version is None else str(version)
    if identity == "common":
        return Application(name, _not_runnable, "common", False, version)
    main = getattr(module, "main", None)
    if main is None:
        raise InvalidApplication(f"{path} has no main; {ACCEPTED_FORMS}")
    if not callable(main):
        raise InvalidApplication(f"{path} has a main that is not a function: {main!r:.100}; {ACCEPTED_FORMS}")
    form = _form(path, main)
    if form != "short" and identity != "application":
        raise InvalidApplication(
            f"{path} has __uas_identify__ = {identity!r:.100}; "
            f"accepted for the form found: 'application'; {ACCEPTED_FORMS}"
        )
    # An object with an async __call__ is a coroutine function too.
    is_async = any(map(inspect.iscoroutinefunction, (main, type(main).__call__)))
    return Application(name, main, form, is_async, version)


def _import(name: str, path: str) -> ModuleType:
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Under a name of its own: an application called json.py must not get into anybody's way.
    module_name = f"offhook_application_{name}"
    loader = _FreshLoader(module_name, path)
    spec = importlib.util.spec_from_file_location(module_name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise InvalidApplication(f"{path} is not a Python file; accepted: a file with the extension .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # SystemExit too: a file that ends the interpreter is as invalid as any.
        del sys.modules[module_name]
        raise InvalidApplication(
            f"{path} failed to import: {_innermost(error, path)}; {ACCEPTED_FORMS}"
        ) from error
    return module


class _FreshLoader(importlib.machinery.SourceFileLoader):
    """Compiles the file as it is.

    The cache of compiled files goes by whole seconds and would miss a version written a moment ago (RUN-33).
    """

    def get_code(self, fullname: str) -> CodeType:
        """The compiled file."""
        return self.source_to_code(self.get_data(self.path), self.path)


def _innermost(error: BaseException, path: str) -> str:
    words = traceback.format_exception_only(type(error), error)[-1].strip()
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{words} (line {lines[-1]})" if lines else words


def _form(path: str, main: Callable[..., Any]) -> str:
    try:
        signature = inspect.signature(main)
    except (TypeError, ValueError) as error:
        raise InvalidApplication(
            f"{path} has a main of unknown signature: {error}; {ACCEPTED_FORMS}"
        ) from None
    positional = 0
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional += 1
        elif parameter.kind is parameter.VAR_POSITIONAL or (
            parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        ):
            raise InvalidApplication(f"{path} has main{signature}, which has {parameter}; {ACCEPTED_FORMS}")
    form = _FORMS.get(positional)
    if form is None:
        found = f"{positional} positional parameter{'' if positional == 1 else 's'}"
        raise InvalidApplication(f"{path} has main{signature} with {found}; {ACCEPTED_FORMS}")
    return form


def _not_runnable(*_: Any) -> None:
    raise InvalidApplication("a common module has no main")
