"""Callers with a network of their own: one keeps what it sends, one sends everything twice."""

from __future__ import annotations

from support.sip.caller import Caller


class RecordingCaller(Caller):
    """Keeps every datagram that it sends, so that a test can send it again, or altered."""

    def __init__(self, server: tuple[str, int], host: str = "127.0.0.1") -> None:
        self.sent: list[bytes] = []
        super().__init__(server, host)

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
