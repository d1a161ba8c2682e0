"""Checks of arguments, made before anything is sent to the far end (``GEN-9`` to ``GEN-11``).

Each check raises ``Error`` with a message that names the function (``where``, which also
holds the state of the channel), the argument, its value, and what is accepted (``RING-6``, ``EXC-3``).
"""

from __future__ import annotations

import math
import reprlib

from offhook.errors import Error

CODECS = ("g711a", "g711u", "g722", "opus", "g729")
"""The codec names of ``RING-51``."""

DIGITS = frozenset("0123456789ABCD*#")
"""The digits that a far end can press (``DTMF-14``)."""

LONGEST_ADDRESS = 1024
"""Characters of an address."""

LONGEST_SECONDS = 1e9
"""Longer times are cut to this one: thirty years are no different from no limit."""

LONGEST_MILLISECONDS = 10**12
"""The same in milliseconds."""


def refuse(where: str, argument: str, value: object, accepted: str) -> Error:
    """Make the error for an argument that is not acceptable."""
    return Error(f"{where}: {argument} is {shown(value)}; accepted: {accepted}")


def shown(value: object) -> str:
    """The value for a message: short, and safe whatever the value's own ``repr`` does."""
    return _SHORT.repr(value)


def seconds(where: str, argument: str, value: float | None) -> float | None:
    """Check a time in seconds: ``None``, or a finite int or float of at least 0 (``GEN-9``, ``RING-15``)."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and value != math.inf:
        return value if value <= LONGEST_SECONDS else LONGEST_SECONDS
    raise refuse(where, argument, value, "None, or a finite number of seconds of at least 0")


def milliseconds(
    where: str, argument: str, value: int | None, least: int = 0, most: int = LONGEST_MILLISECONDS
) -> int | None:
    """Check a time in whole milliseconds, ``None`` included (``GEN-10``)."""
    return None if value is None else whole(where, argument, value, least, most)


def whole(where: str, argument: str, value: int, least: int, most: int) -> int:
    """Check a whole number from ``least`` to ``most``."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise refuse(where, argument, value, f"a whole number from {least} to {most}")


def flag(where: str, argument: str, value: bool) -> bool:
    """Check a truth value."""
    if value is True or value is False:
        return value
    raise refuse(where, argument, value, "True or False")


def choice(where: str, argument: str, value: str, accepted: tuple[str, ...]) -> str:
    """Check a word that must be one of a few."""
    if isinstance(value, str) and value in accepted:
        return value
    raise refuse(where, argument, value, ", ".join(map(repr, accepted)))


def codecs(where: str, value: str | None) -> str | None:
    """Check a list of codecs such as ``g711a;g711u`` (``RING-50``, ``RING-51``)."""
    if value is None:
        return None
    accepted = f"None, or names separated by ';' out of {', '.join(CODECS)}"
    if not isinstance(value, str):
        raise refuse(where, "codecs", value, accepted)
    for name in value.split(";"):
        if name.strip().lower() not in CODECS:
            raise refuse(where, "codecs", value, accepted)
    return value


def digits(where: str, argument: str, value: str | None) -> str | None:
    """Check a set of digits; ``None`` and the empty string are accepted (``FP-12``)."""
    if value is None or (isinstance(value, str) and DIGITS.issuperset(value)):
        return value
    raise refuse(where, argument, value, "None, or digits out of 0123456789ABCD*#")


def text(where: str, argument: str, value: str) -> str:
    """Check words to be spoken: a string that is valid Unicode and not blank."""
    if isinstance(value, str) and value.strip() and is_unicode(value):
        return value
    raise refuse(where, argument, value, "a string of valid Unicode that is not blank")


def address(where: str, argument: str, value: str) -> str:
    """Check the type of an address; whether it has one of the forms of ``CALL-19`` the server decides."""
    if isinstance(value, str) and len(value) <= LONGEST_ADDRESS and value.isprintable():
        return value
    raise refuse(where, argument, value, f"a string of at most {LONGEST_ADDRESS} printable characters")


def is_unicode(value: str) -> bool:
    """Whether the string can be written as UTF-8, that is, holds no lone surrogate."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_SHORT = reprlib.Repr()
_SHORT.maxstring = 120
_SHORT.maxother = 120
