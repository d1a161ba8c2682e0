"""The media side of a caller: RTP and RTCP received with times, RTP sent (RFC 3550, RFC 4733)."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from support.sip import audio

FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
DIGITS = "0123456789*#ABCD"
PCMU = 0


@dataclass(frozen=True)
class RtpPacket:
    """An RTP packet that was received."""

    at: float
    """When it arrived, by `time.monotonic`."""
    source: tuple[str, int]
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @property
    def samples(self) -> list[int]:
        """The decoded audio."""
        return (
            audio.decode_ulaw(self.payload) if self.payload_type == PCMU else audio.decode_alaw(self.payload)
        )


def parse(datagram: bytes, at: float, source: tuple[str, int]) -> RtpPacket:
    """Parse a packet; a phone server sends none with padding, extension or contributing sources."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
    assert first == 0x80, f"the first octet of an RTP packet is {first:#x}"
    return RtpPacket(at, source, bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, datagram[12:])


class MediaSession:
    """A pair of sockets for RTP and RTCP.

    The caller's thread calls `receive_rtp` and `receive_rtcp`; a test reads what has come, and waits for
    what has not.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.rtp, self.rtcp = _pair(host)
        self.port: int = self.rtp.getsockname()[1]
        self.packets: list[RtpPacket] = []
        self.reports: list[bytes] = []
        self._arrived = threading.Condition()
        self._sender: _Sender | None = None

    def wait_for_packets(self, count: int, seconds: float = 5.0) -> list[RtpPacket]:
        """Wait until so many packets have come in all; the packets."""
        return self.wait_until(lambda packets: len(packets) >= count, seconds, f"{count} RTP packets")

    def wait_until(
        self,
        condition: Callable[[list[RtpPacket]], bool],
        seconds: float = 5.0,
        what: str = "the RTP awaited",
    ) -> list[RtpPacket]:
        """Wait until what has come fulfils the condition; the packets."""
        with self._arrived:
            fulfilled = self._arrived.wait_for(lambda: condition(self.packets), seconds)
            assert fulfilled, f"{what} did not come in {seconds} s; {len(self.packets)} packets did"
            return list(self.packets)

    def wait_for_report(self, kind: int, seconds: float = 10.0) -> bytes:
        """Wait for a compound RTCP packet that holds a packet of that type (200 SR, 201 RR, 203 BYE)."""
        with self._arrived:
            found: list[bytes] = []

            def look() -> bool:
                found[:] = [each for each in self.reports if kind in report_types(each)]
                return bool(found)

            assert self._arrived.wait_for(look, seconds), f"no RTCP packet of type {kind} came in {seconds} s"
            return found[0]

    def heard(self, since: float = 0.0, until: float = float("inf")) -> list[int]:
        """The audio that arrived in that time, on one time line; what is missing is silence."""
        with self._arrived:
            packets = [
                packet
                for packet in self.packets
                if since <= packet.at < until and packet.payload_type in (0, 8)
            ]
        if not packets:
            return []
        base = packets[0].timestamp
        samples: list[int] = []
        for packet in packets:
            offset = (packet.timestamp - base) & 0xFFFFFFFF
            if offset < 0x80000000:
                samples.extend([0] * (offset + len(packet.payload) - len(samples)))
                samples[offset : offset + len(packet.payload)] = packet.samples
        return samples

    def start_sending(self, remote: tuple[str, int], payload_type: int = 8, octet: int = 0xD5) -> None:
        """Send a packet every 20 ms in the background until `stop_sending`."""
        self._sender = _Sender(self.rtp, remote, payload_type, bytes([octet]) * FRAME_SAMPLES)
        self._sender.start()

    def change_sound(self, octet: int) -> None:
        """Go on sending in the background, with another sound on the same time line."""
        assert self._sender is not None, "nothing is being sent"
        self._sender.payload = bytes([octet]) * FRAME_SAMPLES

    def stop_sending(self) -> None:
        """Stop to send."""
        if self._sender is not None:
            self._sender.stop()
            self._sender = None

    def send_digit(
        self, remote: tuple[str, int], digit: str, payload_type: int = 101, ssrc: int = 0x1234
    ) -> None:
        """Press a key: one telephone event of 100 ms, all its packets at once, the end three times."""
        event = DIGITS.index(digit)
        start = int(time.monotonic() * 8000) & 0xFFFFFFFF
        sequence = start & 0xFFFF
        for index, (end, duration) in enumerate(((0, 160), (0, 480), (1, 800), (1, 800), (1, 800))):
            second = (0x80 if index == 0 else 0) | payload_type
            header = struct.pack("!BBHII", 0x80, second, (sequence + index) & 0xFFFF, start, ssrc)
            self.rtp.sendto(header + struct.pack("!BBH", event, end << 7 | 10, duration), remote)

    def receive_rtp(self) -> None:
        """Take what the RTP socket has."""
        for datagram, source, at in _datagrams(self.rtp):
            packet = parse(datagram, at, source)
            with self._arrived:
                self.packets.append(packet)
                self._arrived.notify_all()

    def receive_rtcp(self) -> None:
        """Take what the RTCP socket has."""
        for datagram, _, _ in _datagrams(self.rtcp):
            with self._arrived:
                self.reports.append(datagram)
                self._arrived.notify_all()

    def close(self) -> None:
        """Close both sockets."""
        self.stop_sending()
        self.rtp.close()
        self.rtcp.close()


def report_types(compound: bytes) -> list[int]:
    """The packet types of a compound RTCP packet."""
    types = []
    while len(compound) >= 4:
        _, kind, words = struct.unpack_from("!BBH", compound)
        types.append(kind)
        compound = compound[4 * (words + 1) :]
    return types


class _Sender:
    """Sends a frame every 20 ms by its own clock."""

    def __init__(
        self, rtp: socket.socket, remote: tuple[str, int], payload_type: int, payload: bytes
    ) -> None:
        self._rtp = rtp
        self._remote = remote
        self._payload_type = payload_type
        self.payload = payload
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtp-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        sequence, timestamp, due = 1000, 160000, time.monotonic()
        marker = 0x80
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            second = marker | self._payload_type
            header = struct.pack("!BBHII", 0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 0xCA11)
            self._rtp.sendto(header + self.payload, self._remote)
            marker = 0
            sequence, timestamp, due = sequence + 1, timestamp + FRAME_SAMPLES, due + FRAME_SECONDS


def _pair(host: str) -> tuple[socket.socket, socket.socket]:
    """An even port for RTP and the next one for RTCP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.bind((host, 0))
        port = rtp.getsockname()[1]
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if port % 2:
                raise OSError
            rtcp.bind((host, port + 1))
        except OSError:
            rtp.close()
            rtcp.close()
            continue
        rtp.setblocking(False)
        rtcp.setblocking(False)
        return rtp, rtcp
    raise AssertionError("no pair of free ports")


def _datagrams(from_socket: socket.socket) -> Iterator[tuple[bytes, tuple[str, int], float]]:
    while True:
        try:
            datagram, source = from_socket.recvfrom(65536)
        except OSError:  # Nothing more to read, an ICMP error, or closed meanwhile.
            return
        yield datagram, source[:2], time.monotonic()
