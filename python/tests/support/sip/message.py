"""SIP messages: text to objects and back (RFC 3261 sections 7 and 25)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Union

COMPACT_NAMES = {
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "s": "Subject",
    "t": "To",
    "v": "Via",
    "x": "Session-Expires",
}


class MalformedMessage(ValueError):
    """What was received is not a SIP message."""


@dataclass
class Headers:
    """An ordered list of header fields; names are compared without regard to letter case."""

    fields: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        """Append a header field."""
        self.fields.append((name, value))

    def all(self, name: str) -> list[str]:
        """The values of every header field of that name, one for each line."""
        return [value for each, value in self.fields if each.lower() == name.lower()]

    def first(self, name: str) -> str | None:
        """The value of the first header field of that name."""
        return next(iter(self.all(name)), None)

    def require(self, name: str) -> str:
        """The same, for a header field that must be there."""
        value = self.first(name)
        if value is None:
            raise MalformedMessage(f"no {name} header field in {[each for each, _ in self.fields]}")
        return value

    def tokens(self, name: str) -> list[str]:
        """The elements of a header field that is a list separated by commas, over all lines."""
        return [token.strip() for value in self.all(name) for token in value.split(",") if token.strip()]


@dataclass
class Request:
    """A SIP request."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: str = ""
    at: float = 0.0
    """When it arrived, by the clock of its network."""

    def encode(self) -> bytes:
        """The datagram."""
        return _encode(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass
class Response:
    """A SIP response."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: str = ""
    at: float = 0.0
    """When it arrived, by the clock of its network."""
    raw: bytes = b""
    """The datagram as it came, for comparing retransmissions."""

    def encode(self) -> bytes:
        """The datagram."""
        return _encode(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)

    @property
    def method(self) -> str:
        """The method of the request that it answers."""
        return self.headers.require("CSeq").split()[1]

    @property
    def sequence(self) -> int:
        """The CSeq number of the request that it answers."""
        return int(self.headers.require("CSeq").split()[0])

    @property
    def to_tag(self) -> str | None:
        """The tag of the To header field."""
        return parameter(self.headers.require("To"), "tag")

    @property
    def is_reliable(self) -> bool:
        """Whether it is a provisional response that wants a PRACK (RFC 3262)."""
        return "100rel" in self.headers.tokens("Require") and self.headers.first("RSeq") is not None


Message = Union[Request, Response]


def parse(datagram: bytes, at: float) -> Message:
    """Parse a datagram strictly: what a careful peer would stumble over is an error here."""
    head, separator, body = datagram.partition(b"\r\n\r\n")
    if not separator:
        raise MalformedMessage(f"no empty line after the header: {datagram!r}")
    start, *lines = head.decode().split("\r\n")
    headers = Headers()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9.!%*_+`'~-]+", name.strip()):
            raise MalformedMessage(f"a header line {line!r}")
        headers.add(COMPACT_NAMES.get(name.strip().lower(), name.strip()), value.strip())
    length = headers.first("Content-Length")
    if length is not None and int(length) != len(body):
        raise MalformedMessage(f"Content-Length is {length} and the body has {len(body)} bytes")
    response = re.fullmatch(r"SIP/2\.0 ([1-6]\d\d) (.*)", start)
    if response is not None:
        return Response(int(response[1]), response[2], headers, body.decode(), at, datagram)
    request = re.fullmatch(r"([A-Za-z0-9.!%*_+`'~-]+) (\S+) SIP/2\.0", start)
    if request is None:
        raise MalformedMessage(f"a start line {start!r}")
    return Request(request[1], request[2], headers, body.decode(), at)


def parameter(value: str, name: str) -> str | None:
    """A parameter of a header field in name-addr form, outside of the angle brackets."""
    after = value.rpartition(">")[2]
    for part in after.split(";"):
        key, _, content = part.partition("=")
        if key.strip().lower() == name:
            return content.strip()
    return None


def address(value: str) -> str:
    """The URI of a header field in name-addr or addr-spec form."""
    bracketed = re.search(r"<([^>]*)>", value)
    return bracketed[1] if bracketed else value.partition(";")[0].strip()


def _encode(start: str, headers: Headers, body: str) -> bytes:
    content = body.encode()
    lines = [
        start,
        *(f"{name}: {value}" for name, value in headers.fields),
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
