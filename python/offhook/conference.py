"""Settings of a party in a conference (``CONF-1`` to ``CONF-4``), nested in ``UASCallChannel`` (``GEN-20``).

The functions that take them belong to a later version.
"""

from __future__ import annotations

from offhook import _arguments
from offhook.media import PlayableMedia

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
        self.exit_on_dtmf_digit = _arguments.digits(where, "exit_on_dtmf_digit", exit_on_dtmf_digit)
        self.two_party_optimisation = _arguments.flag(where, "two_party_optimisation", two_party_optimisation)
        self.start_muted = _arguments.flag(where, "start_muted", start_muted)
        self.OnEntryMedia = PlayableMedia()
        self.OnExitMedia = PlayableMedia()
        self.PrefixMedia = PlayableMedia()
        self.MuteOnDTMFDigits = MuteOnDTMFDigits()


class MuteOnDTMFDigits:
    """The digits that mute and unmute a party (``CONF-4``)."""

    __slots__ = ("mute", "unmute")

    def __init__(self) -> None:
        self.mute: str | None = None
        self.unmute: str | None = None

    def set_digits(self, mute: str = "0", unmute: str = "1") -> None:
        """Set the digits; until it is called no digit mutes or unmutes.

        Raises:
            Error: if an argument is not made of digits.
        """
        self.mute = _arguments.digits("set_digits()", "mute", mute)
        self.unmute = _arguments.digits("set_digits()", "unmute", unmute)
