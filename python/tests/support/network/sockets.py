"""Real sockets and the clock of the machine."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable

from support.network.base import GLANCE_SECONDS, Address, Network, Port, T, Take

PATIENCE = 5.0


class SocketPort(Port):
    """A socket of this machine."""

    def __init__(self, network: SocketNetwork, opened: socket.socket, take: Take) -> None:
        super().__init__(opened.getsockname()[:2])
        opened.setblocking(False)
        self._network = network
        self._take = take
        self.socket = opened

    def sendto(self, datagram: bytes, remote: Address) -> None:
        """Send a datagram."""
        self.socket.sendto(datagram, remote)

    def receive(self) -> None:
        """Hand over what is there."""
        while True:
            try:
                datagram, source = self.socket.recvfrom(65536)
            except OSError:  # Nothing more to read, an ICMP error, or closed meanwhile.
                return
            self._take(datagram, source[:2], time.monotonic())

    def close(self) -> None:
        """Close the socket."""
        self._network.forget(self)
        self.socket.close()


class SocketNetwork(Network):
    """Sockets of this machine, which a thread of its own looks after, so that times of arrival are right."""

    def __init__(self) -> None:
        super().__init__(random.SystemRandom())
        # Held while something is handed over, and told of it.
        self._happened = threading.Condition()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, self._drain)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sip-caller", daemon=True)
        self._thread.start()

    def now(self) -> float:
        """The clock of the machine."""
        return time.monotonic()

    def open(self, host: str, take: Take) -> Port:
        """Bind a socket to a free port."""
        return self._register(_bound(host, 0), take)

    def open_pair(self, host: str, take_rtp: Take, take_rtcp: Take) -> tuple[Port, Port]:
        """Bind two sockets."""
        for _ in range(100):
            rtp = _bound(host, 0)
            port = rtp.getsockname()[1]
            with contextlib.suppress(OSError):
                if port % 2 == 0:
                    rtcp = _bound(host, port + 1)
                    return self._register(rtp, take_rtp), self._register(rtcp, take_rtcp)
            rtp.close()
        raise AssertionError("no pair of free ports")

    def every(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Let a thread of its own do something again and again."""
        stopped = threading.Event()

        def run() -> None:
            due = time.monotonic()
            while not stopped.wait(max(0.0, due - time.monotonic())):
                act()
                due += seconds

        thread = threading.Thread(target=run, name="rtp-sender", daemon=True)

        def stop() -> None:
            stopped.set()
            thread.join()

        thread.start()
        return stop

    def wait_for(self, condition: Callable[[], T], seconds: float) -> T:
        """Sleep until something has happened, or for a glance, and look again."""
        deadline = time.monotonic() + seconds
        with self._happened:
            while not (found := condition()) and (left := deadline - time.monotonic()) > 0:
                self._happened.wait(min(left, GLANCE_SECONDS))
            return found

    def close(self) -> None:
        """End the thread; ports are closed by those who opened them."""
        self._closing.set()
        self._wake.send(b".")
        self._thread.join(PATIENCE)
        for each in (self._wake, self._woken):
            each.close()
        self._selector.close()

    def forget(self, port: SocketPort) -> None:
        """Look after a port no longer."""
        with contextlib.suppress(KeyError, RuntimeError, ValueError):  # The network was closed before.
            self._selector.unregister(port.socket)

    def _register(self, opened: socket.socket, take: Take) -> Port:
        port = SocketPort(self, opened, take)
        self._selector.register(opened, selectors.EVENT_READ, port.receive)
        self._wake.send(b".")
        return port

    def _run(self) -> None:
        while not self._closing.is_set():
            ready = self._selector.select()
            with self._happened:
                for key, _ in ready:
                    key.data()
                self._happened.notify_all()

    def _drain(self) -> None:
        self._woken.recv(100)


def _bound(host: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
