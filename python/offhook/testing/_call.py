"""A call of a simulated person, as a test sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from offhook.enums import Cause, State
from offhook.testing._heard import Heard
from offhook.testing._server import RehearsalError

if TYPE_CHECKING:
    from offhook.testing._server import TestServer

LONGEST_SECONDS = 86400.0
"""Nothing is waited for any longer."""


class Call:
    """A call that a simulated person has made; the test says what that person does.

    Every time is virtual: waiting costs no real time. A function that waits says how long at most.
    """

    def __init__(self, server: TestServer, number: int) -> None:
        self._server = server
        self._number = number
        self._responses_told = 0
        self.listened: list[Heard] = []
        self.instance = Instance(self)

    # What comes from the server

    def response(self, within: float = 32.0) -> int | None:
        """Wait for the next response to the INVITE, other than 100, and return its code.

        Each response is returned once: ``183`` the first time, ``200`` the next.

        Args:
            within: how many seconds at most.

        Returns:
            The SIP code, or ``None`` if none comes.
        """
        deadline = self.now + within
        while True:
            responses = self._status()["responses"]
            if self._responses_told < len(responses):
                self._responses_told += 1
                return int(responses[self._responses_told - 1]["status"])
            left = deadline - self.now
            if left <= 0 or self.ended:
                return None
            self._await("response" if not responses else "answered", left)

    @property
    def responses(self) -> list[int]:
        """The codes of all responses to the INVITE so far, without 100 and without repetitions."""
        return [int(response["status"]) for response in self._status()["responses"]]

    @property
    def early_media(self) -> bool:
        """Whether a provisional response has brought a session description: sound before the answer."""
        return any(each["sdp"] and each["status"] < 200 for each in self._status()["responses"])

    @property
    def answered(self) -> bool:
        """Whether the call has been answered, however it went on."""
        return any(200 <= each["status"] < 300 for each in self._status()["responses"])

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self._status()["ended"] is not None

    @property
    def ended_by(self) -> str | None:
        """Who ended the call: ``"caller"`` or ``"application"``, which may be the server in its place."""
        ended = self._status()["ended"]
        return None if ended is None else str(ended["by"])

    @property
    def status(self) -> int | None:
        """The SIP code that tells how the call ended: 200 if it was answered; ``None`` while it is up."""
        ended = self._status()["ended"]
        return None if ended is None else int(ended["status"])

    @property
    def cause(self) -> Cause:
        """The clearing cause that the application sees; it has a meaning when the call is over."""
        return Cause[self.instance._known()["cause"]]

    @property
    def state(self) -> State:
        """The state of the application's channel."""
        return State[self.instance._known()["state"]]

    @property
    def now(self) -> float:
        """Seconds since the INVITE."""
        return float(self._status()["now"])

    @property
    def ladder(self) -> str:
        """Every SIP message of the call, one a line: time, direction, what it is."""
        lines = (f"{at:8.3f} {arrow} {summary}" for at, arrow, summary in self._status()["ladder"])
        return "\n".join(lines)

    # What the person hears

    def hears_tone(self, name: str, within: float = 10.0, at_least: float | None = None) -> Heard:
        """Listen for a tone of the catalogue: its frequencies and its cadence, at any level.

        Like every ``hears_`` function it looks at what came since the last thing that was recognised, and
        listens on: what it looks for has to begin within so many seconds from now. Time goes on no further
        than it takes.

        Args:
            name: such as ``ringback.gb``; ``offhook tones`` lists them.
            within: seconds.
            at_least: so many seconds of the tone are enough; ``None`` takes a whole pass and the beginning
                of the next.

        Returns:
            Something that is true if it was heard, and that tells what was heard instead if not.
        """
        return self._hears(f"tone {name}", {"tone": {"name": name, "at_least": at_least}}, within)

    def hears_file(self, file: str | Path, within: float = 10.0) -> Heard:
        """Listen for a WAV file, from its beginning to its end.

        Args:
            file: its name in the server's media root, as the application has it, or a path.
            within: seconds in which it begins.
        """
        return self._hears(f"file {file}", {"file": str(file)}, within)

    def hears_speech(self, text: str, within: float = 10.0) -> Heard:
        """Listen for what the server's speech engine makes of a text, in the server's voice.

        Another word, or another voice, is not recognised.

        Args:
            text: what is said, as the application has it; one sentence of several will do.
            within: seconds in which it begins.
        """
        return self._hears(f"speech “{text}”", {"speech": text}, within)

    def hears_beep(self, within: float = 10.0) -> Heard:
        """Listen for one short tone, 80 ms to two seconds of one frequency.

        Args:
            within: seconds in which it begins.
        """
        return self._hears("a beep", "beep", within)

    def hears_silence(self, seconds: float) -> Heard:
        """Listen for so many seconds from now on, in which nothing is to be heard."""
        return self._hears(f"{seconds} s of silence", {"silence": seconds}, 0.0)

    def hears_digits(self, digits: str, within: float = 10.0) -> Heard:
        """Wait for keys that the application presses.

        Args:
            digits: such as ``123#``.
            within: seconds in which the first of them comes.
        """
        return self._hears(f"digits {digits}", {"digits": digits}, within)

    # Time

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self._server.request("clock.wait", seconds=seconds)

    def until_answered(self, within: float = 60.0) -> bool:
        """Wait for the answer.

        Returns:
            Whether the call has been answered; ``False`` if it ends first or the time is over.
        """
        return self._await("answered", within)

    def until_ended(self, within: float = 60.0) -> bool:
        """Wait for the end of the call.

        Returns:
            Whether the call is over.
        """
        return self._await("ended", within)

    # What the person does

    def press(self, digits: str) -> None:
        """Press keys, 100 ms each and 100 ms apart.

        Args:
            digits: ``0`` to ``9``, ``*``, ``#``, ``A`` to ``D``; a comma is a pause of half a second.
        """
        self._act(press=digits)

    def say(self, text: str) -> None:
        """Speak a text, which takes as long as it takes."""
        self._act(say=text)

    def play(self, file: str | Path) -> None:
        """Play a WAV file into the telephone, which takes as long as it lasts."""
        self._act(play=str(file))

    def hang_up(self) -> None:
        """Hang up: BYE, or CANCEL while the call is not answered."""
        self._act(hang_up=None)

    def cancel(self) -> None:
        """Give up before the answer.

        Raises:
            RehearsalError: if the call has been answered; then one hangs up.
        """
        if self.answered:
            raise RehearsalError("cancel() of a call that has been answered; accepted: hang_up()")
        self._act(hang_up=None)

    def __repr__(self) -> str:
        status = self._status()
        codes = ", ".join(str(response["status"]) for response in status["responses"])
        return (
            f"<Call {self._number + 1}: {status['state']} after {status['now']:.3f} s, responses [{codes}]>"
        )

    def keep(self, folder: str | Path, title: str = "One call, as the caller saw and heard it") -> list[Path]:
        """Write the call so far into files: ``heard.wav``, ``call.svg`` and ``ladder.txt``.

        With pytest this is done for every call of a failed test.

        Returns:
            The files.
        """
        kept = self._server.request(
            "call.keep", call=self._number, folder=str(Path(folder).resolve()), title=title
        )
        return [Path(file) for file in kept["files"]]

    # The test server

    def _hears(self, what: str, expectation: Any, within: float) -> Heard:
        outcome = self._server.request("call.hears", call=self._number, what=expectation, within=within)
        heard = Heard(what, outcome)
        self.listened.append(heard)
        return heard

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = self._server.request("call.status", call=self._number)
        return status

    def _await(self, what: str, within: float) -> bool:
        request = {"call": self._number, "what": what, "within": min(within, LONGEST_SECONDS)}
        return bool(self._server.request("call.await", **request)["happened"])

    def _act(self, **deed: Any) -> None:
        act = "hang_up" if "hang_up" in deed else deed
        self._server.request("call.act", call=self._number, act=act)


class Instance:
    """The run of the application's ``main`` for a call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def ended(self) -> bool:
        """Whether ``main`` has ended."""
        return bool(self._known()["ended"])

    @property
    def return_code(self) -> int | None:
        """What ``main`` returned (``RUN-13``); waits for its end, at most for 60 s.

        Raises:
            AssertionError: if ``main`` has not ended by then; the message says what it waits for.
        """
        code = self._over()["return_code"]
        return None if code is None else int(code)

    @property
    def exception(self) -> str | None:
        """The last line of the traceback if ``main`` raised, else ``None``; waits like ``return_code``."""
        words = self._over()["exception"]
        return None if words is None else str(words)

    @property
    def waits_for(self) -> list[str]:
        """What the application waits for at this moment, such as ``["channel.ring"]``."""
        return [str(method) for method in self._known()["waits_for"]]

    def __repr__(self) -> str:
        return f"<Instance {self._call._status()['instance']}>"

    def _known(self) -> dict[str, Any]:
        instance: dict[str, Any] | None = self._call._status()["instance"]
        if instance is None:
            raise RehearsalError("no instance of the application was started for this call")
        return instance

    def _over(self) -> dict[str, Any]:
        self._call._await("returned", _ENDING_SECONDS)
        known = self._known()
        if not known["ended"]:
            waits = " and ".join(known["waits_for"]) or "nothing that the server knows of"
            raise AssertionError(
                f"main has not ended {_ENDING_SECONDS:.0f} s later: it waits for {waits}, "
                f"its channel is {known['state']}"
            )
        return known


_ENDING_SECONDS = 60.0
