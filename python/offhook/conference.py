"""Settings of a party in a conference (``CONF-1`` to ``CONF-4``), nested in the channel (``GEN-20``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offhook import _arguments
from offhook.files import check_name
from offhook.media import PlayableMedia

if TYPE_CHECKING:
    from offhook._core import Channel
    from offhook._request import Message

__all__ = ["ConferenceLifetimeControl", "ConferencePartyMediaSettings"]


class ConferenceLifetimeControl:
    """How a party's entry and exit affect the conference (``CONF-1``).

    Args:
        start_on_entry: this party's presence starts the conference.
        destroy_on_exit: the room is destroyed when this party leaves.

    Raises:
        Error: if an argument is not a bool.
    """

    __slots__ = ("destroy_on_exit", "start_on_entry")

    def __init__(self, start_on_entry: bool = True, destroy_on_exit: bool = False) -> None:
        where = "ConferenceLifetimeControl()"
        self.start_on_entry = _arguments.flag(where, "start_on_entry", start_on_entry)
        self.destroy_on_exit = _arguments.flag(where, "destroy_on_exit", destroy_on_exit)

    def _params(self, where: str) -> Message:
        """For the server. Attributes may have been assigned anything since, so they are checked here."""
        return {
            "start_on_entry": _arguments.flag(where, "start_on_entry", self.start_on_entry),
            "destroy_on_exit": _arguments.flag(where, "destroy_on_exit", self.destroy_on_exit),
        }


class ConferencePartyMediaSettings:
    """What a party hears and what it makes the conference hear (``CONF-2``, ``CONF-3``).

    Args:
        ringback_tone: tone heard while waiting to enter; ``None``: the default ringback.
        on_conference_stopped_file: file repeated to the party from its entry until the conference starts.
        beep_on_entry: beep to the conference when the party enters.
        exit_on_dtmf_digit: digit that makes the party leave; ``None``: off.
        two_party_optimisation: treat the room as two talkers.
        start_muted: enter muted.

    ``OnEntryMedia``, ``OnExitMedia`` and ``PrefixMedia`` are played to the conference; ``MuteOnDTMFDigits``
    names the digits that mute and unmute the party.

    Raises:
        Error: if an argument is of another type.
    """

    __slots__ = (
        "MuteOnDTMFDigits",
        "OnEntryMedia",
        "OnExitMedia",
        "PrefixMedia",
        "beep_on_entry",
        "exit_on_dtmf_digit",
        "on_conference_stopped_file",
        "ringback_tone",
        "start_muted",
        "two_party_optimisation",
    )

    def __init__(
        self,
        ringback_tone: str | None = None,
        on_conference_stopped_file: str | None = None,
        beep_on_entry: bool = True,
        exit_on_dtmf_digit: str | None = None,
        two_party_optimisation: bool = False,
        start_muted: bool = False,
    ) -> None:
        where = "ConferencePartyMediaSettings()"
        self.ringback_tone = ringback_tone
        self.on_conference_stopped_file = on_conference_stopped_file
        self.beep_on_entry = _arguments.flag(where, "beep_on_entry", beep_on_entry)
        self.exit_on_dtmf_digit = _digit(where, "exit_on_dtmf_digit", exit_on_dtmf_digit)
        self.two_party_optimisation = _arguments.flag(where, "two_party_optimisation", two_party_optimisation)
        self.start_muted = _arguments.flag(where, "start_muted", start_muted)
        self.OnEntryMedia = PlayableMedia()
        self.OnExitMedia = PlayableMedia()
        self.PrefixMedia = PlayableMedia()
        self.MuteOnDTMFDigits = MuteOnDTMFDigits()

    def _params(self, where: str, channel: Channel) -> Message:
        """For the server, all but the ringback. What has been assigned since is checked here."""
        file = self.on_conference_stopped_file
        if file is not None:
            check_name(where, "on_conference_stopped_file", file)
        digits = self.MuteOnDTMFDigits
        return {
            "stopped_file": file,
            "beep_on_entry": _arguments.flag(where, "beep_on_entry", self.beep_on_entry),
            "exit_digit": _digit(where, "exit_on_dtmf_digit", self.exit_on_dtmf_digit),
            "two_party": _arguments.flag(where, "two_party_optimisation", self.two_party_optimisation),
            "start_muted": _arguments.flag(where, "start_muted", self.start_muted),
            "entry": _announcement(where, "OnEntryMedia", self.OnEntryMedia, channel),
            "exit": _announcement(where, "OnExitMedia", self.OnExitMedia, channel),
            "prefix": _announcement(where, "PrefixMedia", self.PrefixMedia, channel),
            "mute_digit": _digit(where, "MuteOnDTMFDigits.mute", digits.mute),
            "unmute_digit": _digit(where, "MuteOnDTMFDigits.unmute", digits.unmute),
        }


class MuteOnDTMFDigits:
    """The digits that mute and unmute a party (``CONF-4``)."""

    __slots__ = ("mute", "unmute")

    def __init__(self) -> None:
        self.mute: str | None = None
        self.unmute: str | None = None

    def set_digits(self, mute: str = "0", unmute: str = "1") -> None:
        """Set the digits; until it is called no digit mutes or unmutes.

        Raises:
            Error: if an argument is not one digit.
        """
        self.mute, self.unmute = (
            _digit("set_digits()", name, value) for name, value in (("mute", mute), ("unmute", unmute))
        )


def room_name(where: str, argument: str, name: Any) -> str:
    """Check the name of a conference room (``CONF-6``).

    Raises:
        Error: if it is not 1 to 47 ASCII letters and digits.
    """
    if isinstance(name, str) and 1 <= len(name) <= LONGEST_ROOM_NAME and name.isascii() and name.isalnum():
        return name
    raise _arguments.refuse(where, argument, name, f"1 to {LONGEST_ROOM_NAME} ASCII letters and digits")


LONGEST_ROOM_NAME = 47
"""Characters of a room's name (``CONF-6``)."""


def _digit(where: str, argument: str, value: str | None) -> str | None:
    """Check a digit; ``None``: none."""
    if value is None or (isinstance(value, str) and len(value) == 1 and value in _arguments.DIGITS):
        return value
    raise _arguments.refuse(where, argument, value, "None, or one digit out of 0123456789ABCD*#")


def _announcement(where: str, argument: str, media: Any, channel: Channel) -> dict[str, str] | None:
    """What is played to the conference; ``None`` if neither text nor file has been set (``CONF-3``)."""
    if not isinstance(media, PlayableMedia):
        raise _arguments.refuse(where, argument, media, "a PlayableMedia")
    return media._source(where, channel) if media._is_set() else None
