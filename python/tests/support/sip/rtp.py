"""The media side of a caller: RTP and RTCP received with times, RTP sent (RFC 3550, RFC 4733)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from support.network import Address, Network, Port
from support.sip import audio

FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
DIGITS = "0123456789*#ABCD"
PCMU = 0


@dataclass(frozen=True)
class RtpPacket:
    """An RTP packet that was received."""

    at: float
    """When it arrived, by the clock of its network."""
    source: Address
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


def parse(datagram: bytes, at: float, source: Address) -> RtpPacket:
    """Parse a packet; a phone server sends none with padding, extension or contributing sources."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
    assert first == 0x80, f"the first octet of an RTP packet is {first:#x}"
    return RtpPacket(at, source, bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, datagram[12:])


class MediaSession:
    """A pair of ports for RTP and RTCP; a test reads what has come, and waits for what has not."""

    def __init__(self, network: Network, host: str) -> None:
        self.network = network
        self.packets: list[RtpPacket] = []
        self.reports: list[bytes] = []
        self.rtp, self.rtcp = network.open_pair(host, self._take_rtp, self._take_rtcp)
        self.port = self.rtp.address[1]
        self._sender: _Sender | None = None
        self._stop: Callable[[], None] = lambda: None

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
        fulfilled = self.network.wait_for(lambda: condition(self.packets), seconds)
        assert fulfilled, f"{what} did not come in {seconds} s; {len(self.packets)} packets did"
        return list(self.packets)

    def wait_for_report(self, kind: int, seconds: float = 10.0) -> bytes:
        """Wait for a compound RTCP packet that holds a packet of that type (200 SR, 201 RR, 203 BYE)."""
        found = self.network.wait_for(
            lambda: [each for each in self.reports if kind in report_types(each)], seconds
        )
        assert found, f"no RTCP packet of type {kind} came in {seconds} s"
        return found[0]

    def heard(self, since: float = 0.0, until: float = float("inf")) -> list[int]:
        """The audio that arrived in that time, on one time line; what is missing is silence."""
        packets = [
            packet
            for packet in list(self.packets)
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

    def start_sending(self, remote: Address, payload_type: int = 8, octet: int = 0xD5) -> None:
        """Send a packet every 20 ms in the background until `stop_sending`."""
        self._sender = _Sender(self.rtp, remote, payload_type, bytes([octet]) * FRAME_SAMPLES)
        self._stop = self.network.every(FRAME_SECONDS, self._sender.send)

    def change_sound(self, octet: int) -> None:
        """Go on sending in the background, with another sound on the same time line."""
        assert self._sender is not None, "nothing is being sent"
        self._sender.payload = bytes([octet]) * FRAME_SAMPLES

    def stop_sending(self) -> None:
        """Stop to send."""
        if self._sender is not None:
            self._stop()
            self._sender = None

    def send_digit(self, remote: Address, digit: str, payload_type: int = 101, ssrc: int = 0x1234) -> None:
        """Press a key: one telephone event of 100 ms, all its packets at once, the end three times."""
        event = DIGITS.index(digit)
        start = int(self.network.now() * 8000) & 0xFFFFFFFF
        sequence = start & 0xFFFF
        for index, (end, duration) in enumerate(((0, 160), (0, 480), (1, 800), (1, 800), (1, 800))):
            second = (0x80 if index == 0 else 0) | payload_type
            header = struct.pack("!BBHII", 0x80, second, (sequence + index) & 0xFFFF, start, ssrc)
            self.rtp.sendto(header + struct.pack("!BBH", event, end << 7 | 10, duration), remote)

    def _take_rtp(self, datagram: bytes, source: Address, at: float) -> None:
        self.packets.append(parse(datagram, at, source))

    def _take_rtcp(self, datagram: bytes, _source: Address, _at: float) -> None:
        self.reports.append(datagram)

    def close(self) -> None:
        """Close both ports."""
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
    """One stream of RTP, frame by frame."""

    def __init__(self, rtp: Port, remote: Address, payload_type: int, payload: bytes) -> None:
        self._rtp = rtp
        self._remote = remote
        self._second = 0x80 | payload_type
        self.payload = payload
        self._sequence, self._timestamp = 1000, 160000

    def send(self) -> None:
        """Send the next frame."""
        header = struct.pack("!BBHII", 0x80, self._second, self._sequence, self._timestamp, 0xCA11)
        self._rtp.sendto(header + self.payload, self._remote)
        # The first packet has the marker.
        self._second &= 0x7F
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
