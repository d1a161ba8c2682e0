"""Named tones and the player of tones: ``ToneManager`` and ``TonePlayer`` (``TONE-1`` to ``TONE-16``)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from offhook import _arguments
from offhook._job import Job
from offhook._request import Message, Request
from offhook.enums import PlayerState, TonePlayerCause
from offhook.errors import Error

if TYPE_CHECKING:
    from offhook._core import Channel

__all__ = ["PredefinedTones", "ToneManager", "TonePlayer"]

ToneInfo = Sequence["tuple[Mapping[str, int], Mapping[str, int], Mapping[str, Any]]"]
"""The type of ``tone_info`` (``TONE-4``)."""


class PredefinedTones(str, enum.Enum):
    """The names of the predefined tones; the members are strings (``TONE-2``, ``TONE-10``)."""

    RINGBACK = "RINGBACK"
    """United States: 440 + 480 Hz, 2 s on, 4 s off, each at -19 dBm0."""
    RINGBACK_UK = "RINGBACK_UK"
    """400 + 450 Hz, 0.4 s on, 0.2 s off, 0.4 s on, 2 s off, each at -19 dBm0."""
    RINGBACK_EU = "RINGBACK_EU"
    """425 Hz, 1 s on, 4 s off, at -13 dBm0."""

    def __str__(self) -> str:
        return str(self.value)


class _Catalogue:
    """The tones that every tone manager knows: those of the server, once it has named them."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = tuple(tone.value for tone in PredefinedTones)
        self.default: str = PredefinedTones.RINGBACK.value

    def learn(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys((*(tone.value for tone in PredefinedTones), *names)))


catalogue = _Catalogue()
"""One for the whole worker process."""


class ToneManager:
    """Knows tones by name: the predefined ones, those of the countries, and its own (``TONE-1``).

    Args:
        my_log: the logger that ``main`` was given; optional. A tone that is created is logged to it at
            ``debug``.

    Country tones are known as ``<tone>.<country>``, for example ``ringback.fr`` or ``busy.de`` (``TONE-9``).

    >>> tone_manager = ToneManager()
    >>> tone_manager.create_tone(
    ...     [
    ...         (
    ...             {"frequency": 425, "amplitude": 13},
    ...             {"frequency": 0, "amplitude": 0},
    ...             {"duration": 200, "add": "summation"},
    ...         )
    ...     ],
    ...     "blip",
    ... )
    True
    >>> "blip" in tone_manager.tones()
    True
    """

    __slots__ = ("_log", "_tones")

    PredefinedTones = PredefinedTones

    def __init__(self, my_log: Any = None) -> None:
        self._log = my_log
        self._tones: dict[str, list[list[Any]]] = {}

    @classmethod
    def set_default(cls, tone: str) -> None:
        """Set the default ringback of the whole worker process (``TONE-3``).

        Args:
            tone: a predefined or country name; the first default is ``RINGBACK``.

        Raises:
            Error: if the name is not known.
        """
        if not isinstance(tone, str) or _plain(tone) not in catalogue.names:
            raise _arguments.refuse("ToneManager.set_default()", "tone", tone, _listed(catalogue.names))
        catalogue.default = _plain(tone)

    @classmethod
    def default(cls) -> str:
        """The name of the default ringback."""
        return catalogue.default

    def create_tone(self, tone_info: ToneInfo, tone_name: str) -> bool:
        """Add a tone, or replace one that this manager created before (``TONE-4`` to ``TONE-7``).

        Args:
            tone_info: a list of tuples ``(tone_a, tone_b, how)``, played in order. ``tone_a`` and
                ``tone_b`` are dictionaries with ``frequency`` (0 to 9999 Hz, 0 is silence) and
                ``amplitude`` (0 to 99, the level in dBm0 with its sign reversed). ``how`` has ``duration``
                (0 to 9999 ms) and ``add``: ``'summation'``, or ``'modulation'``, which lets ``tone_b``
                modulate the amplitude of ``tone_a``.
            tone_name: a name that is neither predefined nor a country's.

        Returns:
            ``True``.

        Raises:
            Error: if the name or an entry is not acceptable; the message names the index, the key and the
                value, and nothing is added.
        """
        where = "ToneManager.create_tone()"
        if not isinstance(tone_name, str) or not tone_name.strip() or not _arguments.is_unicode(tone_name):
            raise _arguments.refuse(where, "tone_name", tone_name, "a string that is not blank")
        name = _plain(tone_name)
        if name in catalogue.names:
            raise _arguments.refuse(where, "tone_name", tone_name, "a name that is not predefined")
        sequence = _sequence(where, tone_info)
        # One assignment of one key: a thread that looks the tone up sees the old one or the new one.
        self._tones[name] = sequence
        if self._log is not None:
            self._log.debug(f"tone {name} created with {len(sequence)} entries")
        return True

    def tones(self) -> list[str]:
        """The names of all tones that this manager knows (``TONE-8``)."""
        return [*catalogue.names, *self._tones]

    def _tone(self, where: str, argument: str, name: Any) -> dict[str, Any]:
        """The tone for the server: its name, and for a tone of our own what it consists of."""
        if isinstance(name, str):
            name = _plain(name)
            own = self._tones.get(name)
            if own is not None:
                return {"tone": name, "sequence": own}
            if name in catalogue.names:
                return {"tone": name}
        raise _arguments.refuse(where, argument, name, _listed(self.tones()))


class TonePlayerCore(Job[PlayerState, TonePlayerCause]):
    """What the blocking and the async tone player have in common."""

    __slots__ = ("_tone_manager",)

    Cause = TonePlayerCause
    State = PlayerState

    _name = "TonePlayer"
    _prefix = "tone_player"
    _states = PlayerState
    _causes = TonePlayerCause

    def __init__(self, channel: Channel, tone_manager: ToneManager) -> None:
        super().__init__(channel)
        if not isinstance(self, getattr(channel, "_tone_player_type", ())):
            raise _arguments.refuse("TonePlayer()", "channel", channel, "a call channel")
        if not isinstance(tone_manager, ToneManager):
            raise _arguments.refuse("TonePlayer()", "tone_manager", tone_manager, "a ToneManager")
        self._tone_manager = tone_manager
        channel._attach_tone_player(self)

    def _start(self, tone_name: str, loop: bool) -> Request[bool]:
        params = self._params("start", tone_name, loop, None)
        return self._until_started("play", {**params, "wait": False})

    def _play(self, tone_name: str, seconds_timeout: float | None) -> Request[TonePlayerCause]:
        params = self._params("play", tone_name, seconds_timeout is not None, seconds_timeout)
        return self._until_over("play", {**params, "wait": True})

    def _params(self, function: str, tone_name: str, loop: bool, seconds_timeout: float | None) -> Message:
        where = self._channel._transmitter_site(f"TonePlayer.{function}")
        return {
            "channel": self._channel._id,
            "tone": self._tone_manager._tone(where, "tone_name", tone_name),
            "loop": _arguments.flag(where, "loop", loop),
            "seconds_timeout": _arguments.seconds(where, "seconds_timeout", seconds_timeout),
        }


class TonePlayer(TonePlayerCore):
    """Plays named tones: ``channel.TonePlayer`` once it exists (``TONE-11`` to ``TONE-14``).

    Args:
        channel: the channel to attach to. A tone player that it has already is replaced (``TONE-12``).
        tone_manager: knows the tones that can be played, here and as a ringtone.

    Made for the async twin of a channel it is the async twin too, ``offhook.aio.TonePlayer`` (``GEN-16``).

    Raises:
        Error: if an argument is of another type, or the channel's tone player is playing.
    """

    __slots__ = ()

    def __new__(cls, channel: Channel, tone_manager: ToneManager) -> TonePlayer:  # noqa: D102
        twin = getattr(channel, "_tone_player_type", cls)
        if cls is TonePlayer and twin is not TonePlayer:
            # A class that is no subclass of this one: Python calls no second __init__ on its instance.
            return twin(channel, tone_manager)
        return super().__new__(cls)

    def start(self, tone_name: str, loop: bool = True) -> bool:
        """Start to play a tone and return ``True`` at once (``TONE-13``).

        Args:
            tone_name: a name that the tone manager knows.
            loop: repeat the tone until stopped; ``False``: once through.

        Raises:
            Hangup: if the call is ``IDLE``.
            Error: if the state, an argument or a running transmitter forbids it; the message lists the
                known names.
        """
        return self._channel._wire.perform(self._start(tone_name, loop))

    def play(self, tone_name: str, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Play a tone and block until it ends (``TONE-13``).

        Args:
            tone_name: a name that the tone manager knows.
            seconds_timeout: repeat the tone for so many seconds; ``None``: play it once.

        Returns:
            ``TIMEOUT`` after that time, ``NORMAL`` after once, or ``ABORTED``, ``HANGUP``, ``ERROR``.

        Raises:
            Hangup, Error: as ``start``.
        """
        return self._channel._wire.perform(self._play(tone_name, seconds_timeout))

    def stop(self) -> TonePlayerCause:
        """End the running job with ``ABORTED`` and return its cause.

        Without a job it returns the last cause. It never raises, also when the call is ``IDLE`` (``MED-12``).
        """
        return self._channel._wire.perform(self._stop())

    def wait_until_finished(self, seconds_timeout: float | None = None) -> TonePlayerCause:
        """Block until the running job ends and return its cause (``MED-13``).

        Args:
            seconds_timeout: the longest wait, ``None`` for no limit. If it comes first, the result is
                ``NONE`` and the job goes on.

        Raises:
            Error: if ``seconds_timeout`` is not acceptable.
        """
        return self._channel._wire.perform(self._wait(seconds_timeout))


def _sequence(where: str, tone_info: Any) -> list[list[Any]]:
    if not isinstance(tone_info, (list, tuple)) or not tone_info:
        raise _arguments.refuse(
            where, "tone_info", tone_info, "a list of at least one tuple (tone_a, tone_b, how)"
        )
    return [_entry(f"{where}: tone_info[{index}]", entry) for index, entry in enumerate(tone_info)]


def _entry(where: str, entry: Any) -> list[Any]:
    if not isinstance(entry, (list, tuple)) or len(entry) != 3:
        raise Error(f"{where} is {_arguments.shown(entry)}; accepted: a tuple (tone_a, tone_b, how)")
    tone_a, tone_b, how = entry
    add = _value(where, "how", how, "add", ("duration", "add"))
    if not isinstance(add, str) or add not in ("summation", "modulation"):
        raise _bad_value(where, "how", "add", add, "'summation' or 'modulation'")
    return [
        *_partial(where, "tone_a", tone_a),
        *_partial(where, "tone_b", tone_b),
        _number(where, "how", how, "duration", ("duration", "add"), 9999),
        add,
    ]


def _partial(where: str, part: str, values: Any) -> tuple[int, int]:
    keys = ("frequency", "amplitude")
    return _number(where, part, values, "frequency", keys, 9999), _number(
        where, part, values, "amplitude", keys, 99
    )


def _number(where: str, part: str, values: Any, key: str, keys: tuple[str, str], highest: int) -> int:
    value = _value(where, part, values, key, keys)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest:
        return int(value)
    raise _bad_value(where, part, key, value, f"an integer from 0 to {highest}")


def _value(where: str, part: str, values: Any, key: str, keys: tuple[str, str]) -> Any:
    if not isinstance(values, Mapping):
        raise Error(
            f"{where}: {part} is {_arguments.shown(values)}; "
            f"accepted: a dictionary of {keys[0]} and {keys[1]}"
        )
    for found in values:
        if found not in keys:
            raise Error(
                f"{where}: {part} has the key {_arguments.shown(found)}; accepted: {keys[0]} and {keys[1]}"
            )
    if key not in values:
        raise Error(f"{where}: {part} has no key {key!r}; accepted: {keys[0]} and {keys[1]}")
    return values[key]


def _bad_value(where: str, part: str, key: str, value: object, accepted: str) -> Error:
    return Error(f"{where}: {part}[{key!r}] is {_arguments.shown(value)}; accepted: {accepted}")


def _plain(name: str) -> str:
    """The name as a plain string, also from a ``PredefinedTones`` member."""
    return name.value if isinstance(name, PredefinedTones) else name


def _listed(names: Iterable[str]) -> str:
    return f"one of the known tones {', '.join(names)}"
