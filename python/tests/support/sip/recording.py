"""Callers with a network of their own: one keeps what it sends, one sends everything twice."""

from __future__ import annotations

from support.network import Address, Network
from support.sip.caller import Caller


class RecordingCaller(Caller):
    """Keeps every datagram that it sends, so that a test can send it again, or altered."""

    def __init__(self, network: Network, server: Address) -> None:
        self.sent: list[bytes] = []
        super().__init__(network, server)

    def send(self, datagram: bytes) -> None:
        """Send and keep."""
        self.sent.append(datagram)
        super().send(datagram)

    def __enter__(self) -> RecordingCaller:
        return self

    def last(self, method: str) -> bytes:
        """The newest request of that method that was sent."""
        return next(each for each in reversed(self.sent) if each.startswith(method.encode() + b" "))


class DuplicatingCaller(Caller):
    """Its network delivers every datagram twice."""

    def send(self, datagram: bytes) -> None:
        """Send twice."""
        super().send(datagram)
        super().send(datagram)
