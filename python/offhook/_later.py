"""What the documented API has and this version does not provide.

Nothing of it fails silently: whoever reaches for such a name gets an ``Error`` that says so.
"""

from __future__ import annotations

from offhook.errors import NotAvailable

CHANNEL = frozenset(
    (
        "DTMFDetector",
        "DTMFPlayer",
        "ExtraChannel",
        "FaxReceiver",
        "FaxSender",
        "FileRecorder",
        "SpeechDetector",
        "call",
        "call_conference_room",
        "connect",
        "disconnect",
        "hold",
        "retrievable_transfer",
        "retrieve",
        "retrieve_transferred_call",
        "start_call",
        "transfer_to_conference_room",
        "transfer_to_inbound_service",
        "wait_for_answer",
        "wait_for_answer_machine",
    )
)
"""Attributes of ``UASCallChannel``."""

FILE_PLAYER = frozenset(("pause", "resume", "seek"))
"""Methods of ``FilePlayer`` (``FP-9``)."""

ENCRYPTED_FILES = "encrypted media files are not provided by this version of offhook"


def missing(owner: str, name: str, later: frozenset[str]) -> AttributeError:
    """The exception for an attribute that was not found: of the API but not provided, or unknown."""
    if name in later:
        return NotAvailable(f"{owner}.{name} is not provided by this version of offhook")
    return AttributeError(f"{owner!r} has no attribute {name!r}")
