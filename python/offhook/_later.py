"""What the documented API has and this version does not provide.

Nothing of it fails silently: whoever reaches for such a name gets an ``Error`` that says so.
"""

from __future__ import annotations

from offhook.errors import NotAvailable

CHANNEL = frozenset(("FaxReceiver", "FaxSender", "SpeechDetector"))
"""Attributes of ``UASCallChannel``."""


def missing(owner: str, name: str, later: frozenset[str]) -> AttributeError:
    """The exception for an attribute that was not found: of the API but not provided, or unknown."""
    if name in later:
        return NotAvailable(f"{owner}.{name} is not provided by this version of offhook")
    return AttributeError(f"{owner!r} has no attribute {name!r}")
