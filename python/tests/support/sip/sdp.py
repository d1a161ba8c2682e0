"""Session descriptions as far as a caller needs them (RFC 8866, RFC 3264)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

STATIC_PAYLOADS = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 18: "G729/8000"}


@dataclass
class MediaDescription:
    """One m-line with what belongs to it."""

    kind: str
    port: int
    protocol: str
    formats: list[int]
    attributes: list[str] = field(default_factory=list)
    connection: str | None = None

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name; an empty string for one without value."""
        for attribute in self.attributes:
            key, _, value = attribute.partition(":")
            if key == name:
                return value
        return None

    def encoding(self, payload_type: int) -> str | None:
        """The name and rate of a payload type, for example `PCMA/8000`."""
        for attribute in self.attributes:
            if attribute.startswith(f"rtpmap:{payload_type} "):
                return attribute.split(" ", 1)[1].split("/1")[0]
        return STATIC_PAYLOADS.get(payload_type)

    @property
    def encodings(self) -> list[str | None]:
        """The encodings of all formats in order."""
        return [self.encoding(payload_type) for payload_type in self.formats]

    @property
    def direction(self) -> str:
        """`sendrecv`, `sendonly`, `recvonly` or `inactive`."""
        for direction in ("sendonly", "recvonly", "inactive"):
            if direction in self.attributes:
                return direction
        return "sendrecv"


@dataclass
class SessionDescription:
    """A whole session description."""

    origin: str
    connection: str | None
    media: list[MediaDescription]
    attributes: list[str] = field(default_factory=list)

    @property
    def audio(self) -> MediaDescription:
        """The first audio stream that is not refused."""
        return next(media for media in self.media if media.kind == "audio" and media.port)

    @property
    def address(self) -> tuple[str, int]:
        """Where audio is to be sent."""
        line = self.audio.connection or self.connection
        assert line is not None, "no c-line"
        return line.split()[2], self.audio.port


def parse(text: str) -> SessionDescription:
    """Parse strictly: lines end in CRLF, the first ones come in their order."""
    assert text.endswith("\r\n"), f"the last line of {text!r} has no CRLF"
    lines = text[:-2].split("\r\n")
    assert all(len(line) > 2 and line[1] == "=" for line in lines), f"a bad line in {lines}"
    assert lines[0] == "v=0", f"{lines[0]!r} is not v=0"
    assert [line[0] for line in lines[:3]] == ["v", "o", "s"], f"{lines[:3]} are not v, o, s"
    description = SessionDescription(lines[1][2:], None, [])
    for line in lines[3:]:
        kind, value = line[0], line[2:]
        if kind == "m":
            name, port, protocol, *formats = value.split()
            description.media.append(
                MediaDescription(name, int(port.split("/")[0]), protocol, [int(each) for each in formats])
            )
        elif kind == "c":
            if description.media:
                description.media[-1].connection = value
            else:
                description.connection = value
        elif kind == "a":
            (description.media[-1] if description.media else description).attributes.append(value)
    return description


def offer(
    host: str,
    port: int,
    codecs: Sequence[str] = ("PCMA/8000", "PCMU/8000"),
    *,
    direction: str = "sendrecv",
    connection: str | None = None,
    telephone_event: int | None = 101,
    extra: Sequence[str] = (),
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    version: int = 1,
    payloads: dict[str, int] | None = None,
) -> str:
    """A session description with one audio stream.

    Args:
        host: our address, IPv4 or IPv6.
        port: our RTP port; 0 refuses the stream.
        codecs: encodings in order, for example `PCMA/8000`.
        direction: the stream's direction.
        connection: another address for the c-line, for example `0.0.0.0`.
        telephone_event: the payload type of telephone events, `None` for none.
        extra: further lines of the audio stream, such as `a=ptime:40`.
        before: whole lines in front of the audio stream, such as other m-lines.
        after: whole lines behind it.
        version: the session version of the o-line.
        payloads: payload types for encodings that have no static one.
    """
    family = "IP6" if ":" in host else "IP4"
    static = {encoding: number for number, encoding in STATIC_PAYLOADS.items()}
    numbers = {encoding: (payloads or {}).get(encoding, static.get(encoding, 0)) for encoding in codecs}
    formats = [*numbers.values(), *([telephone_event] if telephone_event is not None else [])]
    lines = [
        "v=0",
        f"o=caller 4711 {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {connection or host}",
        "t=0 0",
        *before,
        f"m=audio {port} RTP/AVP {' '.join(map(str, formats))}",
        *(f"a=rtpmap:{number} {encoding}" for encoding, number in numbers.items()),
    ]
    if telephone_event is not None:
        lines += [f"a=rtpmap:{telephone_event} telephone-event/8000", f"a=fmtp:{telephone_event} 0-15"]
    lines += [f"a={direction}", *extra, *after]
    return "".join(f"{line}\r\n" for line in lines)
