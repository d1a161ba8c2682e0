"""The call channel of blocking applications: ``UASCallChannel``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from offhook._core import Channel, ICanRun
from offhook._extra import ExtraChannels
from offhook._job import ChannelObject
from offhook._requests import incoming, joining, outgoing
from offhook.conference import ConferenceLifetimeControl, ConferencePartyMediaSettings
from offhook.digits import UASCallDTMFDetector, UASCallDTMFPlayer
from offhook.enums import Cause, LiveSpeakerDetectionSettings, State
from offhook.headers import SIP
from offhook.media import PlayableMedia, UASCallFilePlayer
from offhook.recorder import UASCallFileRecorder
from offhook.tones import TonePlayer

if TYPE_CHECKING:
    from offhook._request import Known, Request

__all__ = ["SIP", "ICanRun", "UASCallChannel"]

T = TypeVar("T")


class UASCallChannel(Channel):
    """A channel, which carries one call leg at a time; ``main`` is given its primary channel.

    Functions that wait let other threads run (``GEN-14``). A function that needs a live call raises
    ``Hangup`` when the state is ``IDLE`` and ``Error`` in any other state in which it is not allowed
    (``GEN-6``). A function that waits when the call clears does not raise but returns (``GEN-7``). One
    blocking call-control function at a time runs on a channel; ``hang_up``, ``reject``, ``wait_for_idle``,
    ``state``, ``cause``, ``transfer_cause`` and every ``stop`` are always allowed, from every thread
    (``GEN-21``).
    """

    __slots__ = ()

    _tone_player_type = TonePlayer

    def _make_objects(self) -> tuple[ChannelObject, ...]:
        return (
            UASCallFilePlayer(self),
            UASCallFileRecorder(self),
            UASCallDTMFDetector(self),
            UASCallDTMFPlayer(self),
        )

    def _control(self, function: str, request: Request[T] | Known[T]) -> T:
        """Perform a blocking call-control function in its turn (``GEN-21``)."""
        self._begin(function)
        try:
            return self._wire.perform(request)
        finally:
            self._finish()

    # Objects

    @property
    def FilePlayer(self) -> UASCallFilePlayer:
        """Plays files and speaks text (``FP-1``)."""
        return cast(UASCallFilePlayer, self._objects["FilePlayer"])

    @property
    def FileRecorder(self) -> UASCallFileRecorder:
        """Records the far end's audio (``REC-1``)."""
        return cast(UASCallFileRecorder, self._objects["FileRecorder"])

    @property
    def DTMFDetector(self) -> UASCallDTMFDetector:
        """Collects the digits that the far end presses (``DTMF-3``)."""
        return cast(UASCallDTMFDetector, self._objects["DTMFDetector"])

    @property
    def DTMFPlayer(self) -> UASCallDTMFPlayer:
        """Sends digits to the far end (``DTMF-14``)."""
        return cast(UASCallDTMFPlayer, self._objects["DTMFPlayer"])

    @property
    def TonePlayer(self) -> TonePlayer:
        """Plays tones, once a ``TonePlayer(channel, tone_manager)`` has been made (``TONE-12``).

        Raises:
            Error: if there is none; it is an ``AttributeError`` too.
        """
        return cast(TonePlayer, self._attached_tone_player())

    @property
    def ExtraChannel(self) -> ExtraChannels[UASCallChannel]:
        """The further channels for outbound calls that the service allows (``RUN-23``, ``RUN-24``)."""
        return self._extra_channels

    # Taking a call, and letting go of it

    def ring(
        self,
        seconds_ringtime: float | None = 0,
        negotiate_early_media: bool = False,
        custom_ringtone: str | PlayableMedia | None = None,
        loop_ringtone: bool = False,
        codecs: str | None = None,
    ) -> State:
        """Signal ringing to the caller, or play a ringtone as early media (``RING-1`` to ``RING-54``).

        Allowed in ``CALL_INCOMING`` and, any number of times, in ``RING_INCOMING``.

        Args:
            seconds_ringtime: seconds to ring. 0 does not block: a ringtone goes on in the background until
                it ends. A greater number blocks so long and then stops the ringtone. ``None`` blocks for
                the duration of ``custom_ringtone``.
            negotiate_early_media: negotiate early media if it is available. Once negotiated it stays in
                force (``RING-32``); ``Details.early_media`` tells.
            custom_ringtone: what the caller hears under early media: a ``PlayableMedia``, the name of a
                tone that the channel's tone player knows, or ``None`` for nothing. It is ignored without
                early media.
            loop_ringtone: repeat the ringtone without a gap. It counts as ``False`` if ``seconds_ringtime``
                is ``None``.
            codecs: codecs for the call in order of priority, for example ``g711a;g711u``; ``None``: the
                default list.

        Returns:
            The state: ``RING_INCOMING``, or ``IDLE`` if the caller cleared meanwhile (``RING-4``).

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument or the ringtone forbids it; nothing has been sent and ``ring``
                can be called again.
        """
        request = incoming.ring(
            self, seconds_ringtime, negotiate_early_media, custom_ringtone, loop_ringtone, codecs
        )
        return self._control("ring", request)

    def answer(self, codecs: str | None = None) -> State:
        """Answer the call and block until the caller has acknowledged it (``ANS-1`` to ``ANS-14``).

        Allowed in ``CALL_INCOMING`` and ``RING_INCOMING``. The header fields in ``SIP.HeaderFieldsToSend``
        are sent.

        Args:
            codecs: codecs in order of priority, for example ``g711a;g711u``; ``None``: the list given to
                ``ring``, otherwise the default.

        Returns:
            ``ANSWERED``, or ``IDLE`` if the call cleared, for example because no ACK arrived in 32 s.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state or an argument forbids it, or there is no codec in common; then the call has
                been refused with 488.
        """
        return self._control("answer", incoming.answer(self, codecs))

    def reject(self, cause: Cause | None = None, raw_cause: str | int | None = None) -> State:
        """Refuse an incoming call or release a connected one (``REJ-1`` to ``REJ-9``).

        Blocks until the call is ``IDLE`` or for 60 s at most.

        Args:
            cause: one of the causes that ``CAU-1`` gives a code for; ``None`` is ``REJECTED``.
            raw_cause: a SIP code from 400 to 699 except 401 and 407, such as ``'486'``; it overrides
                ``cause``.

        Returns:
            The state; ``State.ERROR`` if ``raw_cause`` is not supported, with the call left in place.

        Raises:
            Error: if the state or an argument forbids it. In ``IDLE`` it does nothing.
        """
        return self._wire.perform(incoming.reject(self, cause, raw_cause))

    def hang_up(self) -> State:
        """Release the call in any state (``HUP-1`` to ``HUP-9``).

        Blocks until the call is ``IDLE`` or for 60 s at most; if another state is returned,
        ``wait_for_idle`` waits on. In ``IDLE`` it does nothing. It never raises ``Hangup``. Another thread
        may call it while a function waits on the channel (``GEN-15``).
        """
        return self._wire.perform(incoming.hang_up(self))

    def wait_for_idle(self, seconds_timeout: float | None = None) -> State:
        """Block until the call is ``IDLE`` without clearing it (``HUP-10``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit.

        Returns:
            The state when the wait ended.

        Raises:
            Error: if ``seconds_timeout`` is not acceptable.
        """
        return self._wire.perform(incoming.wait_for_idle(self, seconds_timeout))

    # Placing a call

    def call(
        self,
        call_to: str,
        call_from: str = "",
        seconds_timeout: float | None = 120,
        codecs: str | None = None,
        live_speaker_detect: LiveSpeakerDetectionSettings | None = None,
        lsd_timeout_milliseconds: int = 7000,
    ) -> State:
        """Place a call and block until it is answered, has failed, or the time is over (``CALL-1``).

        The header fields in ``SIP.HeaderFieldsToSend`` are sent (``CALL-7``).

        Args:
            call_to: whom to call: a telephone number, or an address such as ``sip:100@example.org``,
                ``tel:+441234567890``, ``loc:`` and an inbound service, or ``con:`` and a conference room
                (``CALL-19``).
            call_from: who calls; mandatory for a telephone number unless the trunk has an identity
                (``CALL-6``).
            seconds_timeout: the longest time to the answer, ``None`` for no limit; then the call is abandoned
                and ``cause()`` is ``TIMEOUT`` (``CALL-4``).
            codecs: codecs to offer in order of priority, for example ``g711a;g711u``; ``None``: the default.
            live_speaker_detect: judge whether a person, a machine or a fax has answered, before the function
                returns; ``Details.far_end_type`` has the result (``LSD-1``, ``LSD-6``). ``None``: off.
            lsd_timeout_milliseconds: the longest time for that, 500 to 10000 (``LSD-5``).

        Returns:
            ``ANSWERED``, or ``IDLE``: ``cause()`` tells why, also where there is no route (``CALL-21``).

        Raises:
            Error: if the channel is not ``IDLE``, an argument or the address forbids it (``CALL-20``), or on
                the primary channel of an inbound application (``CALL-22``). ``Hangup`` is never raised.
        """
        request = outgoing.call(
            self, call_to, call_from, seconds_timeout, codecs, live_speaker_detect, lsd_timeout_milliseconds
        )
        return self._control("call", request)

    def start_call(
        self,
        call_to: str,
        call_from: str = "",
        codecs: str | None = None,
        live_speaker_detect: LiveSpeakerDetectionSettings | None = None,
        lsd_timeout_milliseconds: int = 7000,
    ) -> State:
        """Place a call and return at once (``CALL-15``); ``wait_for_answer`` waits.

        The arguments and errors are those of ``call``.

        Returns:
            ``CALL_OUTGOING`` if the call was started (``CALL-16``).
        """
        request = outgoing.start_call(
            self, call_to, call_from, codecs, live_speaker_detect, lsd_timeout_milliseconds
        )
        return self._control("start_call", request)

    def wait_for_answer(self, seconds_timeout: float | None = 120) -> State:
        """Block until the call is ``ANSWERED`` or ``IDLE`` (``CALL-17``, ``CALL-18``).

        With live speaker detection it blocks until that is over too (``LSD-6``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit. If it comes first, the present state is
                returned and the call goes on.

        Raises:
            Error: if the state or ``seconds_timeout`` forbids it, or as ``call`` (``CALL-22``). ``Hangup`` is
                never raised.
        """
        return self._control("wait_for_answer", outgoing.wait_for_answer(self, seconds_timeout))

    def wait_for_answer_machine(
        self,
        milliseconds_min_beep_duration: int = 180,
        milliseconds_post_beep_silence: int = 1000,
        milliseconds_no_beep_silence: int = 4000,
        seconds_timeout: float | None = 10,
    ) -> bool:
        """Block until an answering machine seems ready to record (``LSD-7``, ``LSD-8``).

        Args:
            milliseconds_min_beep_duration: shorter beeps do not count.
            milliseconds_post_beep_silence: the silence that must follow a beep.
            milliseconds_no_beep_silence: the unbroken silence that counts without any beep.
            seconds_timeout: the longest wait, ``None`` for no limit.

        Returns:
            ``True`` when a beep and its silence, or the silence without a beep, was heard; ``False`` when the
            time is over or the call has cleared.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any state but ``ANSWERED``, or for an argument (``LSD-9``).
        """
        request = outgoing.wait_for_answer_machine(
            self,
            milliseconds_min_beep_duration,
            milliseconds_post_beep_silence,
            milliseconds_no_beep_silence,
            seconds_timeout,
        )
        return self._wire.perform(request)

    # Two calls

    def connect(self, other_call: UASCallChannel) -> bool:
        """Join the audio of two calls of this instance in both directions (``CONN-1``).

        Blocks until that is confirmed or has failed, for 10 s at most. Afterwards the receivers of both
        channels work and their transmitters raise ``Error`` (``CONN-5``). The end of either call ends the
        connection; the other stays ``ANSWERED`` (``CONN-6``).

        Args:
            other_call: a channel in state ``ANSWERED``; if it is in another, the result is ``False``.

        Returns:
            Whether they are connected; then each ``Details.connected_id`` is the other's ``call_id``.

        Raises:
            Hangup: if this call is ``IDLE``.
            Error: in any other state but ``ANSWERED``, if either side transmits, is connected or in a
                conference, or ``other_call`` is this channel or of another instance (``CONN-3``).
        """
        return self._control("connect", joining.connect(self, other_call))

    def disconnect(self) -> bool:
        """Undo a connection; both calls stay ``ANSWERED`` (``CONN-7``).

        Returns:
            ``False`` if the call is not connected (``CONN-8``).

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any other state but ``ANSWERED``.
        """
        return self._control("disconnect", joining.disconnect(self))

    def hold(self, music: PlayableMedia | None = None) -> State:
        """Put the far end on hold and block until it has replied (``HOLD-1``, ``HOLD-2``).

        Args:
            music: what the far end hears meanwhile, repeated; ``None``: silence (``HOLD-3``).

        Returns:
            ``ON_HOLD``; ``ANSWERED`` if the far end refused; ``IDLE`` if the call cleared.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any other state but ``ANSWERED``, on a connected channel, or for ``music``.
        """
        return self._control("hold", joining.hold(self, music))

    def retrieve(self) -> State:
        """Take the far end off hold and block until it has replied (``HOLD-4``).

        Returns:
            ``ANSWERED``; ``ON_HOLD`` if the far end refused; ``IDLE`` if the call cleared.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any other state but ``ON_HOLD``.
        """
        return self._control("retrieve", joining.retrieve(self))

    def retrievable_transfer(
        self,
        other_call: UASCallChannel,
        call_to: str | None = None,
        call_from: str = "",
        ringback_tone: str | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to another destination, from where it can be retrieved (``XFER-1``).

        Blocks until the destination has answered or the transfer has failed; meanwhile the state is
        ``TRANSFERRING`` (``XFER-10``). Afterwards the two legs are joined, and players and recorders raise
        ``Error`` on both channels until the call is retrieved (``XFER-15``).

        Args:
            other_call: an outbound channel in state ``IDLE``, which becomes the other leg (``XFER-5``).
            call_to: the destination as in ``call``; it must be given (``XFER-6``).
            call_from: who calls; empty: the caller's id, or the number that was dialled (``XFER-7``).
            ringback_tone: what the transferred party hears while it rings: a tone that the channel's tone
                player knows; ``None``: the default ringback (``XFER-8``).
            seconds_timeout: the longest time to the answer, ``None`` for no limit.

        Returns:
            ``TRANSFERRED``; ``ANSWERED`` if it failed, and ``IDLE`` if the call cleared: ``transfer_cause()``
            tells why (``XFER-12``).

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any other state but ``ANSWERED``, or for an argument.
        """
        request = joining.transfer(
            self, "retrievable_transfer", other_call, call_to, call_from, ringback_tone, seconds_timeout
        )
        return self._control("retrievable_transfer", request)

    def transfer_to_inbound_service(
        self,
        other_call: UASCallChannel,
        call_to: str,
        call_from: str = "",
        ringback_tone: str | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to an inbound service of this server (``XFER-2``).

        Arguments, results and errors are those of ``retrievable_transfer``, but ``call_to`` is the name of an
        inbound service.
        """
        request = joining.transfer(
            self,
            "transfer_to_inbound_service",
            other_call,
            call_to,
            call_from,
            ringback_tone,
            seconds_timeout,
        )
        return self._control("transfer_to_inbound_service", request)

    def transfer_to_conference_room(
        self,
        other_call: UASCallChannel,
        conference_room_name: str,
        talker_and_listener: bool = True,
        conference_lifetime_control: ConferenceLifetimeControl | None = None,
        conference_party_media_settings: ConferencePartyMediaSettings | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Transfer the call to a conference room, from where it can be retrieved (``XFER-3``).

        Args:
            other_call: an outbound channel in state ``IDLE``, which becomes the leg to the room.
            conference_room_name: 1 to 47 ASCII letters and digits; who uses the same name meets (``CONF-6``).
            talker_and_listener: ``False``: the party only listens (``CONF-9``).
            conference_lifetime_control: how the party affects the room (``CONF-1``).
            conference_party_media_settings: what the party hears and makes the room hear (``CONF-2``).
            seconds_timeout: the longest time, ``None`` for no limit.

        Results and errors are those of ``retrievable_transfer``.
        """
        request = joining.transfer_to_conference_room(
            self,
            other_call,
            conference_room_name,
            talker_and_listener,
            conference_lifetime_control,
            conference_party_media_settings,
            seconds_timeout,
        )
        return self._control("transfer_to_conference_room", request)

    def retrieve_transferred_call(self, seconds_timeout: float | None = 60) -> State:
        """Take a transferred call back (``XFER-18``); the other leg is hung up (``XFER-20``).

        Args:
            seconds_timeout: the longest time, ``None`` for no limit.

        Returns:
            ``ANSWERED``; ``TRANSFERRED`` if it failed; ``IDLE`` if the call cleared.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: in any other state but ``TRANSFERRED``, or for ``seconds_timeout``.
        """
        request = joining.retrieve_transferred_call(self, seconds_timeout)
        return self._control("retrieve_transferred_call", request)

    def call_conference_room(
        self,
        conference_room_name: str,
        talker_and_listener: bool = True,
        conference_lifetime_control: ConferenceLifetimeControl | None = None,
        conference_party_media_settings: ConferencePartyMediaSettings | None = None,
        seconds_timeout: float | None = 120,
    ) -> State:
        """Place this outbound channel into a conference room (``CONF-5``).

        The arguments are those of ``transfer_to_conference_room``. Afterwards the channel is an ordinary
        outbound call whose far end is the room: it plays to and records from the room (``CONF-16``).

        Returns:
            ``ANSWERED``, or ``IDLE``: ``cause()`` is ``NOCHANNELS`` if the room is full (``CONF-15``).

        Raises:
            Error: if the channel is not ``IDLE``, for an argument, or on the primary channel of an inbound
                application (``CALL-22``).
        """
        request = joining.call_conference_room(
            self,
            conference_room_name,
            talker_and_listener,
            conference_lifetime_control,
            conference_party_media_settings,
            seconds_timeout,
        )
        return self._control("call_conference_room", request)
