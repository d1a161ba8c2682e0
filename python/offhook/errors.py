"""The exceptions of the call-channel API (rules ``EXC-1`` to ``EXC-4``)."""

from __future__ import annotations

__all__ = ["Error", "Hangup", "OffhookError"]


class OffhookError(Exception):
    """Base of every exception that offhook raises by itself (``EXC-2``).

    The message names the function, the state of the channel, and the states or
    values that are allowed (``EXC-3``).
    """


class Error(OffhookError):
    """The state, an argument or a busy resource forbids the operation (``EXC-1``).

    Nothing has been sent to the far end; the call is as it was (``GEN-11``).
    """


class Hangup(OffhookError):
    """The operation needs a live call and the call is gone (``EXC-1``).

    A short-form application may let it leave ``main``: that counts as return
    code 0 (``RUN-17``).
    """


class NotAvailable(Error, AttributeError):
    """An attribute of the documented API that cannot be used here.

    It is an ``AttributeError`` too, so that ``hasattr`` and ``getattr`` with a
    default work as they do for any attribute that does not exist.
    """
