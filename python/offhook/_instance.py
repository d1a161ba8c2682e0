"""One run of an application's ``main``, and what comes of it (``RUN-13`` to ``RUN-18``)."""

from __future__ import annotations

import traceback
from typing import Any, NamedTuple

from offhook._application import Application
from offhook._core import Channel
from offhook._request import Message
from offhook.errors import Hangup
from offhook.files import UASFileManagement
from offhook.log import Log

NO_INTEGER = -1
CALL_GONE = -2
UNKNOWN_APPLICATION = -3
RESERVED_VALUE = -5
WRONG_DIRECTION = -6
SERVER_FAULT = -9

_RESERVED = range(-99, 0)
_LARGEST = 2**63


class Outcome(NamedTuple):
    """How an instance ended."""

    return_code: int
    exception: str | None = None
    """The last line of the traceback, if ``main`` raised."""
    hangup: bool = False
    """Whether it raised ``Hangup``."""
    traceback: str | None = None
    """The whole of it, as it was logged."""


def arguments(start: Message, form: str, channel: Channel, media_root: str, log: Log) -> tuple[Any, ...]:
    """What ``main`` is called with (``RUN-3``, ``RUN-7``)."""
    if form == "short":
        return (channel,)
    file_man = UASFileManagement(media_root, channel)
    inbound = (channel, start["instance"], file_man, log, start["application_parameters"])
    return inbound if form == "inbound" else (*inbound, start["outbound_parameters"] or "")


def run(application: Application, call: tuple[Any, ...], log: Log) -> Outcome:
    """Run a blocking ``main``. Whatever it raises, ``SystemExit`` too, ends only the instance."""
    try:
        return returned(application.main(*call), application.form)
    except BaseException as error:
        return raised(error, application.form, log)


async def run_async(application: Application, call: tuple[Any, ...], log: Log) -> Outcome:
    """Run a ``main`` that is a coroutine function."""
    try:
        return returned(await application.main(*call), application.form)
    except BaseException as error:
        return raised(error, application.form, log)


def returned(value: object, form: str) -> Outcome:
    """The outcome of a ``main`` that returned (``RUN-13``, ``RUN-14``)."""
    if value is None and form == "short":
        return Outcome(0)
    if not isinstance(value, int) or not -_LARGEST <= value < _LARGEST:
        return Outcome(NO_INTEGER)
    return Outcome(RESERVED_VALUE if value in _RESERVED else int(value))


def raised(error: BaseException, form: str, log: Log) -> Outcome:
    """The outcome of a ``main`` that raised (``RUN-16``, ``RUN-17``)."""
    hangup = isinstance(error, Hangup)
    if hangup and form == "short":
        return Outcome(0, None, True)
    try:
        whole = "".join(traceback.format_exception(type(error), error, _below_main(error))).rstrip()
        log.error(whole)
        words = traceback.format_exception_only(type(error), error)[-1].strip()
    except Exception:  # An exception whose own methods raise.
        words = whole = type(error).__name__
        log.error(words)
    return Outcome(NO_INTEGER, words[:1000], hangup, whole)


def _below_main(error: BaseException) -> Any:
    """The traceback without this module's frame, which tells an application's author nothing."""
    here = error.__traceback__
    return here.tb_next if here is not None and here.tb_next is not None else here
