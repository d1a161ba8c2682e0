"""The network as a user agent sees it."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Address = tuple[str, int]

Take = Callable[[bytes, Address, float], None]
"""Takes a datagram: its bytes, who sent it, when it arrived."""

GLANCE_SECONDS = 0.02
"""How long something that no datagram announces, such as a line of a log, may go unnoticed by `wait_for`."""


class Port(ABC):
    """A UDP port that is open."""

    def __init__(self, address: Address) -> None:
        self.address = address

    @abstractmethod
    def sendto(self, datagram: bytes, remote: Address) -> None:
        """Send a datagram."""

    @abstractmethod
    def close(self) -> None:
        """Close it; nothing is received from then on."""


class Network(ABC):
    """Ports, a clock, and waiting.

    What arrives is handed over one datagram at a time: on real sockets by a thread of the network, on a
    virtual network while the test waits. Conditions that are waited for see no half of it.

    Args:
        chance: where tags and branches come from.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    @abstractmethod
    def now(self) -> float:
        """Seconds by the clock of this network."""

    @abstractmethod
    def open(self, host: str, take: Take) -> Port:
        """Open a port; what arrives goes to `take`."""

    @abstractmethod
    def open_pair(self, host: str, take_rtp: Take, take_rtcp: Take) -> tuple[Port, Port]:
        """Open an even port for RTP and the next one for RTCP."""

    @abstractmethod
    def every(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Let something be done now and again and again; calling the result ends that."""

    @abstractmethod
    def wait_for(self, condition: Callable[[], T], seconds: float) -> T:
        """Wait until the condition gives something true, at most so long; what it gave last."""

    @abstractmethod
    def close(self) -> None:
        """Close what is left."""

    def sleep(self, seconds: float) -> None:
        """Let time go by; what arrives is handed over meanwhile."""
        self.wait_for(lambda: False, seconds)

    def token(self, octets: int) -> str:
        """Something that nobody else has, in hexadecimal digits."""
        return f"{self._chance.getrandbits(8 * octets):0{2 * octets}x}"
