"""The run of an application's ``main``, as a test sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offhook.enums import Cause, State
from offhook.testing._server import LONGEST_SECONDS, RehearsalError

if TYPE_CHECKING:
    from offhook.testing._server import TestServer


class Instance:
    """The run of an application's ``main``: for a call that came, or by ``Rehearsal.start``."""

    def __init__(self, server: TestServer, number: int) -> None:
        self._server = server
        self._number = number

    @property
    def ended(self) -> bool:
        """Whether ``main`` has ended."""
        return bool(self._known()["ended"])

    def until_ended(self, within: float = 60.0) -> bool:
        """Wait for the end of ``main``.

        Args:
            within: how many seconds at most.

        Returns:
            Whether it has ended.
        """
        request = {"instance": self._number, "within": min(within, LONGEST_SECONDS)}
        return bool(self._server.request("instance.await", **request)["happened"])

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

    @property
    def state(self) -> State:
        """The state of the channel that ``main`` was given."""
        return State[self._known()["state"]]

    @property
    def cause(self) -> Cause:
        """That channel's clearing cause; it has a meaning when its call is over."""
        return Cause[self._known()["cause"]]

    def __repr__(self) -> str:
        return f"<Instance {self._status()}>"

    def _status(self) -> dict[str, Any] | None:
        status: dict[str, Any] | None = self._server.request("instance.status", instance=self._number)
        return status

    def _known(self) -> dict[str, Any]:
        known = self._status()
        if known is None:
            raise RehearsalError("no instance of the application was started for this call")
        return known

    def _over(self) -> dict[str, Any]:
        self.until_ended(_ENDING_SECONDS)
        known = self._known()
        if not known["ended"]:
            waits = " and ".join(known["waits_for"]) or "nothing that the server knows of"
            raise AssertionError(
                f"main has not ended {_ENDING_SECONDS:.0f} s later: it waits for {waits}, "
                f"its channel is {known['state']}"
            )
        return known


_ENDING_SECONDS = 60.0
