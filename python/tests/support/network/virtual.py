"""The virtual network and clock of the test server, ``offhook rehearse``."""

from __future__ import annotations

import heapq
import itertools
import random
import sys
from collections.abc import Callable
from typing import Any

from offhook.testing._server import TestServer
from support.network.base import GLANCE_SECONDS, Address, Network, Port, T, Take

SEED = 1
PATIENCE_SECONDS = 20.0
"""Real seconds that an application may be at work."""


class VirtualPort(Port):
    """A port of the virtual network."""

    def __init__(self, network: VirtualNetwork, address: Address, take: Take) -> None:
        super().__init__(address)
        self._network = network
        self.take = take

    def sendto(self, datagram: bytes, remote: Address) -> None:
        """Send a datagram as soon as time goes on."""
        self._network.send(self.address, remote, datagram)

    def close(self) -> None:
        """Close the port."""
        self._network.forget(self)


class VirtualNetwork(Network):
    """Everything in one thread: time goes on while the test waits, and stands otherwise.

    The same test gives the same run: packet by packet, and to the nanosecond.
    """

    def __init__(self) -> None:
        super().__init__(random.Random(SEED))
        self.server = TestServer(SEED, PATIENCE_SECONDS, sys.executable, log_level="trace")
        self._now = 0.0
        self._ports: dict[Address, VirtualPort] = {}
        self._numbers = itertools.count(50000, 2)
        self._outgoing: list[dict[str, str]] = []
        self._due: list[tuple[float, int, _Timer]] = []
        self._timers = itertools.count()

    def now(self) -> float:
        """Virtual seconds since the beginning."""
        return self._now

    def open(self, host: str, take: Take) -> Port:
        """Open the next port."""
        return self._open((host, next(self._numbers)), take)

    def open_pair(self, host: str, take_rtp: Take, take_rtcp: Take) -> tuple[Port, Port]:
        """Open the next two ports."""
        number = next(self._numbers)
        return self._open((host, number), take_rtp), self._open((host, number + 1), take_rtcp)

    def every(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Plan something, from now on."""
        timer = _Timer(seconds, act)
        self._plan(self._now, timer)
        return timer.stop

    def wait_for(self, condition: Callable[[], T], seconds: float) -> T:
        """Let time go on, at most a glance at a time, and look again."""
        deadline = self._now + seconds
        while not (found := condition()) and self._now < deadline:
            self._pass(min(deadline, self._now + GLANCE_SECONDS))
        return found

    def sleep(self, seconds: float) -> None:
        """Let time go on."""
        deadline = self._now + seconds
        while self._now < deadline:
            self._pass(deadline)

    def close(self) -> None:
        """End the test server."""
        self.server.close()

    def request(self, method: str, **params: Any) -> Any:
        """Ask the test server."""
        return self.server.request(method, **params)

    def send(self, local: Address, remote: Address, datagram: bytes) -> None:
        """Send a datagram as soon as time goes on."""
        octets = datagram.decode("latin-1")
        self._outgoing.append({"from": _text(local), "to": _text(remote), "octets": octets})

    def forget(self, port: VirtualPort) -> None:
        """Close a port."""
        if self._ports.pop(port.address, None) is not None:
            self.request("door.close", address=_text(port.address))

    def _open(self, address: Address, take: Take) -> Port:
        self.request("door.open", address=_text(address))
        port = self._ports[address] = VirtualPort(self, address, take)
        return port

    def _pass(self, until: float) -> None:
        """Let time go on until something arrives or is due, at most until then."""
        while self._due and self._due[0][0] <= self._now:
            due, _, timer = heapq.heappop(self._due)
            if not timer.stopped:
                timer.act()
                self._plan(due + timer.seconds, timer)
        if self._due:
            until = min(until, self._due[0][0])
        send, self._outgoing = self._outgoing, []
        passed = self.request("door.pass", send=send, until=until)
        for each in passed["arrived"]:
            port = self._ports.get(_address(each["to"]))
            # It may have been closed by what came before.
            if port is not None:
                self._now = each["at"]
                port.take(each["octets"].encode("latin-1"), _address(each["from"]), each["at"])
        self._now = passed["now"]

    def _plan(self, due: float, timer: _Timer) -> None:
        heapq.heappush(self._due, (due, next(self._timers), timer))


class _Timer:
    """Something that is done again and again."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self.seconds = seconds
        self.act = act
        self.stopped = False

    def stop(self) -> None:
        """Do it no more."""
        self.stopped = True


def _text(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
