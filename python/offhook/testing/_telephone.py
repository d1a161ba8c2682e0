"""A telephone in a call, as a test sees it: what comes, what is heard, what the person does."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offhook.testing._heard import Heard
from offhook.testing._server import LONGEST_SECONDS

if TYPE_CHECKING:
    from offhook.testing._server import TestServer


class Telephone(abc.ABC):
    """A simulated person's telephone in a call; the test says what that person does.

    Every time is virtual: waiting costs no real time. A function that waits says how long at most.
    """

    def __init__(self, server: TestServer) -> None:
        self._server = server

    @property
    @abc.abstractmethod
    def _number(self) -> int:
        """The number of the call in the test server."""

    @property
    @abc.abstractmethod
    def listened(self) -> list[Heard]:
        """The outcome of every ``hears_`` function so far."""

    # What comes from the server

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
        """Who ended the call: ``"caller"``, ``"callee"``, or ``"application"``, which may be the server."""
        ended = self._status()["ended"]
        return None if ended is None else str(ended["by"])

    @property
    def status(self) -> int | None:
        """The SIP code that tells how the call ended: 200 if it was answered; ``None`` while it is up."""
        ended = self._status()["ended"]
        return None if ended is None else int(ended["status"])

    @property
    def now(self) -> float:
        """Seconds since the INVITE."""
        return float(self._status()["now"])

    @property
    def began(self) -> float:
        """When the INVITE was sent or came, in seconds since the beginning of the rehearsal."""
        return float(self._status()["began"])

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

    def wait_until(self, seconds: float) -> None:
        """Let time go by until so many seconds since the INVITE; do nothing if they have gone by."""
        left = seconds - self.now
        if left > 0:
            self.wait(left)

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
        """Hang up: BYE. Before the answer a caller gives up (CANCEL), and a callee refuses the call (480)."""
        self._act(hang_up=None)

    def keep(
        self, folder: str | Path, title: str = "One call, as one of its ends saw and heard it"
    ) -> list[Path]:
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
        # A deed without any argument is but a name.
        ((name, argument),) = deed.items()
        act = name if argument is None else deed
        self._server.request("call.act", call=self._number, act=act)
