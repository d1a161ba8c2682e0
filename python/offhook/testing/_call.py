"""A call of a simulated person, as a test sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offhook.enums import Cause, State
from offhook.testing._heard import Heard
from offhook.testing._instance import Instance
from offhook.testing._server import RehearsalError
from offhook.testing._telephone import Telephone

if TYPE_CHECKING:
    from offhook.testing._server import TestServer


class Call(Telephone):
    """A call that a simulated person has made; the test says what that person does.

    Attributes:
        instance: the run of the application for this call.
    """

    def __init__(self, server: TestServer, number: int, instance: int) -> None:
        super().__init__(server)
        self._call = number
        self._listened: list[Heard] = []
        self._responses_told = 0
        self.instance = Instance(server, instance)

    @property
    def listened(self) -> list[Heard]:
        """The outcome of every ``hears_`` function so far."""
        return self._listened

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
    def cause(self) -> Cause:
        """The clearing cause that the application sees; it has a meaning when the call is over."""
        return self.instance.cause

    @property
    def state(self) -> State:
        """The state of the application's channel."""
        return self.instance.state

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

    @property
    def _number(self) -> int:
        return self._call
