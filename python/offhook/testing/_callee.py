"""Telephones that applications call, as a test sees them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from offhook.testing._heard import Heard
from offhook.testing._server import LONGEST_SECONDS, RehearsalError
from offhook.testing._telephone import Telephone

if TYPE_CHECKING:
    from offhook.testing._server import TestServer


@dataclasses.dataclass(frozen=True)
class Invite:
    """The request by which a callee is called.

    Attributes:
        uri: the address that was called.
        headers: its header fields in order, as they came over the line.
        body: the session description, or nothing.
    """

    uri: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str | None:
        """The value of the first header field of that name, in any spelling; ``None`` without one."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known.lower() == wanted), None)

    @property
    def caller(self) -> str:
        """The user part of ``From``: the number or name that a display shows."""
        value = self.header("From") or self.header("f") or ""
        return value.partition("sip:")[2].partition("@")[0]


class ReceivedCall(Telephone):
    """One call that a callee has got."""

    def __init__(self, server: TestServer, number: int) -> None:
        super().__init__(server)
        self._call = number
        self._listened: list[Heard] = []

    @property
    def listened(self) -> list[Heard]:
        """The outcome of every ``hears_`` function so far."""
        return self._listened

    @property
    def invite(self) -> Invite:
        """The request with which the call began."""
        known = self._server.request("call.invite", call=self._number)
        headers = tuple((str(name), str(value)) for name, value in known["headers"])
        return Invite(str(known["uri"]), headers, str(known["body"]))

    def __repr__(self) -> str:
        codes = ", ".join(str(code) for code in self.responses)
        return f"<ReceivedCall after {self.now:.3f} s, responses [{codes}]>"

    @property
    def _number(self) -> int:
        return self._call


class Callee(Telephone):
    """A telephone that applications can call; the test says what the person at it does.

    What is asked of it and done at it concerns the latest call that has come. :meth:`until_called` waits for
    one; what is asked before there is any raises :class:`RehearsalError`.

    Attributes:
        address: its number or SIP address.
    """

    def __init__(self, server: TestServer, number: int, address: str) -> None:
        super().__init__(server)
        self.address = address
        self._callee = number
        self._calls: list[ReceivedCall] = []
        self._told = 0

    @property
    def calls(self) -> list[ReceivedCall]:
        """The calls that have come, the first one first."""
        self._learn(self._server.request("callee.calls", callee=self._callee)["calls"])
        return list(self._calls)

    @property
    def called(self) -> bool:
        """Whether a call has come."""
        return bool(self.calls)

    @property
    def invite(self) -> Invite:
        """The request with which the latest call began."""
        return self._latest.invite

    @property
    def listened(self) -> list[Heard]:
        """The outcome of every ``hears_`` function in the latest call."""
        return self._latest.listened

    def until_called(self, within: float = 60.0) -> bool:
        """Wait for a call. Each call is waited for once: another call waits for the next one.

        Args:
            within: how many seconds at most.

        Returns:
            Whether one has come.
        """
        request = {"callee": self._callee, "more_than": self._told, "within": min(within, LONGEST_SECONDS)}
        self._learn(self._server.request("callee.await", **request)["calls"])
        come = len(self._calls) > self._told
        self._told += come
        return come

    def until_answered(self, within: float = 60.0) -> bool:
        """Wait for a call, if none has come, and for its answer.

        Args:
            within: how many seconds at most for each.

        Returns:
            Whether it has been answered; ``False`` if it ends first or the time is over.
        """
        return (self.called or self.until_called(within)) and super().until_answered(within)

    def until_ended(self, within: float = 60.0) -> bool:
        """Wait for a call, if none has come, and for its end.

        Args:
            within: how many seconds at most for each.

        Returns:
            Whether it is over.
        """
        return (self.called or self.until_called(within)) and super().until_ended(within)

    def answer(self) -> None:
        """Answer the latest call."""
        self._act(answer=None)

    def refuse(self, status: int = 486) -> None:
        """Refuse the latest call.

        Args:
            status: the SIP code, 300 to 699.

        Raises:
            RehearsalError: if ``status`` is another one.
        """
        self._act(refuse=status)

    def __repr__(self) -> str:
        return f"<Callee {self.address}: {len(self.calls)} calls>"

    @property
    def _latest(self) -> ReceivedCall:
        calls = self.calls
        if not calls:
            raise RehearsalError(f"{self.address} has not been called; accepted: after until_called()")
        return calls[-1]

    @property
    def _number(self) -> int:
        return self._latest._number

    def _learn(self, numbers: list[int]) -> None:
        known = len(self._calls)
        self._calls += [ReceivedCall(self._server, number) for number in numbers[known:]]
