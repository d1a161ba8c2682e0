"""A SIP user agent client over UDP that does what a test tells it (RFC 3261, 3262, 3311)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from support.network import Address, Network
from support.sip import message, sdp
from support.sip.message import Headers, Request, Response
from support.sip.rtp import MediaSession

PATIENCE = 5.0
"""Seconds after which something that does not come counts as missing."""

T = TypeVar("T")


class Caller:
    """One UDP port with the calls that were made from it.

    It answers requests and, for calls that ask for it, sends ACK and PRACK. Everything else is up to the
    test.

    Args:
        network: what carries the datagrams.
        server: address and port of the server under test.
        host: our own address; `None` for that of the server.
    """

    def __init__(self, network: Network, server: Address, host: str | None = None) -> None:
        self.network = network
        self.server = server
        self.host = server[0] if host is None else host
        self.malformed: list[str] = []
        """What the server sent that is not a SIP message; a test fails on it when the caller is closed."""
        self._calls: dict[str, Call] = {}
        self._port = network.open(self.host, self._take)
        self.port = self._port.address[1]

    # Calls

    def invite(
        self,
        user: str = "100",
        *,
        body: str | bool = True,
        reliable: str | None = None,
        codecs: Sequence[str] = ("PCMA/8000", "PCMU/8000"),
        headers: Sequence[tuple[str, str]] = (),
        auto_ack: bool = True,
        auto_prack: bool = True,
        **offer: Any,
    ) -> Call:
        """Send an INVITE.

        Args:
            user: the user part of the Request-URI.
            body: `True` for an offer made from `codecs` and `offer`, `False` for none, or the body itself.
            reliable: `supported`, `required` or `None`: the use of 100rel.
            codecs: encodings for the offer.
            headers: further header fields.
            auto_ack: send an ACK for each final response.
            auto_prack: send a PRACK for each reliable provisional response that is no retransmission.
            offer: further arguments of `sdp.offer`.
        """
        media = MediaSession(self.network, self.host)
        text = sdp.offer(self.host, media.port, codecs, **offer) if body is True else body or ""
        call = Call(self, user, media, text, reliable, headers, auto_ack, auto_prack)
        self._calls[call.call_id] = call
        call.send_invite()
        return call

    def request(self, method: str, *, headers: Sequence[tuple[str, str]] = (), body: str = "") -> Response:
        """Send a request outside of any call, such as OPTIONS, and await its final response."""
        call = Call(self, "100", None, body, None, headers, auto_ack=False, auto_prack=False)
        self._calls[call.call_id] = call
        sequence = call.send(method, sequence=1, tag=None, body=body, extra=headers)
        return call.wait_for_response(method, sequence)

    def answers_options(self, seconds: float) -> bool:
        """Whether an OPTIONS request gets a 200 in that time."""
        call = Call(self, "100", None, "", None, (), auto_ack=False, auto_prack=False)
        self._calls[call.call_id] = call
        call.send("OPTIONS", sequence=1, tag=None)
        try:
            return call.wait_for_response("OPTIONS", 1, seconds).status == 200
        except AssertionError:
            return False

    def send(self, datagram: bytes) -> None:
        """Send bytes as they are."""
        self._port.sendto(datagram, self.server)

    # Receiving

    def _take(self, datagram: bytes, _: Address, at: float) -> None:
        try:
            received = message.parse(datagram, at)
            call = self._calls.get(received.headers.require("Call-ID"))
        except (message.MalformedMessage, ValueError) as error:
            self.malformed.append(str(error))
            return
        if call is not None:
            call.take(received)

    def close(self) -> None:
        """Hang up what is left and close all ports."""
        for call in self._calls.values():
            call.give_up()
            if call.has_media:
                call.media.close()
        self._port.close()

    def __enter__(self) -> Caller:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None:
            assert not self.malformed, f"the server sent malformed messages: {self.malformed}"


class Call:
    """One call: an INVITE, its dialog, and all that came for them."""

    def __init__(
        self,
        caller: Caller,
        user: str,
        media: MediaSession | None,
        body: str,
        reliable: str | None,
        headers: Sequence[tuple[str, str]],
        auto_ack: bool,
        auto_prack: bool,
    ) -> None:
        self._caller = caller
        self._media = media
        self.call_id = f"{caller.network.token(8)}@{caller.host}"
        self.tag = caller.network.token(4)
        self.body = body
        self.auto_ack = auto_ack
        self.auto_prack = auto_prack
        self.responses: list[Response] = []
        """Every response to every request, retransmissions included, in order of arrival."""
        self.requests: list[Request] = []
        """Every request of the server in this dialog, in order of arrival."""
        self.sent_at = 0.0
        """When the INVITE was sent last."""
        self._user = user
        self._reliable = reliable
        self._headers = headers
        self._sequence = 1
        self._invite_branches = {1: self._branch()}
        self._invite = b""
        self._acknowledged: dict[tuple[int, str | None], bytes] = {}
        self._seen_rseq: set[tuple[str | None, str]] = set()
        self._ended = False
        self._answers = 1

    # Sending

    @property
    def network(self) -> Network:
        """What carries the datagrams, and its clock."""
        return self._caller.network

    @property
    def media(self) -> MediaSession:
        """Our end of the audio."""
        assert self._media is not None, "a request outside of a call has no media"
        return self._media

    @property
    def has_media(self) -> bool:
        """Whether there is one."""
        return self._media is not None

    def send_invite(self) -> None:
        """Send the INVITE; once more it is a retransmission."""
        if not self._invite:
            extra = (
                [("Supported" if self._reliable == "supported" else "Require", "100rel")]
                if self._reliable
                else []
            )
            extra += [("Allow", "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, OPTIONS"), *self._headers]
            request = self._request("INVITE", 1, self._invite_branches[1], None, self.body, extra)
            self._invite = request.encode()
        self.sent_at = self.network.now()
        self._caller.send(self._invite)

    def cancel(self) -> None:
        """Send a CANCEL for the INVITE (RFC 3261 section 9.1)."""
        self._caller.send(self._request("CANCEL", 1, self._invite_branches[1], None, "", ()).encode())

    def ack(self, response: Response, body: str = "") -> None:
        """Send the ACK for a final response to the INVITE."""
        if response.status < 300:
            request = self._request("ACK", response.sequence, self._branch(), response.to_tag, body, ())
            request.uri = self._remote_target(response)
        else:
            branch = self._invite_branches[response.sequence]
            request = self._request("ACK", response.sequence, branch, response.to_tag, "", ())
        datagram = request.encode()
        self._acknowledged[response.sequence, response.to_tag] = datagram
        self._caller.send(datagram)

    def prack(self, response: Response, body: str = "", rack: str | None = None) -> int:
        """Send a PRACK for a reliable provisional response; its CSeq number."""
        rack = rack or f"{response.headers.require('RSeq')} {response.headers.require('CSeq')}"
        return self.send("PRACK", body=body, extra=[("RAck", rack)], response=response)

    def update(self, body: str) -> int:
        """Send an UPDATE with an offer; its CSeq number."""
        return self.send("UPDATE", body=body)

    def reinvite(self, body: str = "") -> int:
        """Send a re-INVITE; its CSeq number."""
        return self.send("INVITE", body=body)

    def bye(self) -> int:
        """Send a BYE on the dialog, early or confirmed; its CSeq number."""
        self._ended = True
        return self.send("BYE")

    def send(
        self,
        method: str,
        *,
        body: str = "",
        extra: Sequence[tuple[str, str]] = (),
        response: Response | None = None,
        sequence: int | None = None,
        tag: str | None = "",
    ) -> int:
        """Send a request inside the dialog; its CSeq number."""
        if sequence is None:
            self._sequence += 1
            sequence = self._sequence
        dialog = response or self._dialog()
        if tag == "":
            tag = dialog.to_tag if dialog else None
        branch = self._branch()
        if method == "INVITE":
            self._invite_branches[sequence] = branch
        request = self._request(method, sequence, branch, tag, body, extra)
        if dialog is not None:
            request.uri = self._remote_target(dialog)
        self._caller.send(request.encode())
        return sequence

    def send_digit(self, digit: str) -> None:
        """Press a key."""
        self.media.send_digit(self.remote_media, digit)

    @property
    def remote_media(self) -> Address:
        """Where the server wants audio, by its newest session description."""
        bodies = [response.body for response in self.responses if response.body]
        assert bodies, "the server has sent no session description"
        return sdp.parse(bodies[-1]).address

    # Waiting

    def wait_for(self, status: int, seconds: float = PATIENCE) -> Response:
        """Wait for the first response to the INVITE with that status.

        Another final response ends the wait at once.
        """
        return self._wait(
            lambda: self._first(
                lambda each: each.method == "INVITE" and each.sequence == 1 and each.status == status
            ),
            seconds,
            f"{status}",
            lambda: self._first(
                lambda each: each.method == "INVITE" and each.sequence == 1 and each.status >= 200
            ),
        )

    def wait_for_final(self, seconds: float = PATIENCE) -> Response:
        """Wait for the first final response to the INVITE."""
        return self.wait_for_response("INVITE", 1, seconds)

    def wait_for_response(self, method: str, sequence: int, seconds: float = PATIENCE) -> Response:
        """Wait for the first final response to that request."""
        return self._wait(
            lambda: self._first(
                lambda each: each.method == method and each.sequence == sequence and each.status >= 200
            ),
            seconds,
            f"a final response to {method}",
        )

    def wait_for_request(self, method: str, seconds: float = PATIENCE) -> Request:
        """Wait for the first request of that method from the server."""
        return self._wait(
            lambda: next((each for each in self.requests if each.method == method), None),
            seconds,
            f"a {method}",
        )

    def has_received(self, method: str, seconds: float) -> bool:
        """Whether a request of that method comes in that time, or has come."""
        return self.network.wait_for(lambda: any(each.method == method for each in self.requests), seconds)

    def wait_for_count(self, status: int, count: int, seconds: float = PATIENCE) -> list[Response]:
        """Wait until so many responses to the INVITE with that status have come, retransmissions included."""

        def found() -> list[Response] | None:
            responses = [each for each in self.responses if each.method == "INVITE" and each.status == status]
            return responses if len(responses) >= count else None

        return self._wait(found, seconds, f"{count} times {status}")

    @property
    def statuses(self) -> list[int]:
        """The statuses of the responses to the INVITE, retransmissions of the same response left out."""
        statuses: list[int] = []
        seen: set[bytes] = set()
        for response in self.responses:
            if response.method == "INVITE" and response.sequence == 1 and response.raw not in seen:
                seen.add(response.raw)
                statuses.append(response.status)
        return statuses

    # Receiving

    def take(self, received: message.Message) -> None:
        """Take a message of this call and do what the call is set to do about it."""
        if isinstance(received, Request):
            # The reply goes first, so that a test that has seen the request may close everything.
            self._reply(received)
            self.requests.append(received)
            return
        self.responses.append(received)
        if received.method == "INVITE":
            self._acknowledge(received)

    def _acknowledge(self, response: Response) -> None:
        if response.status >= 200:
            repeated = self._acknowledged.get((response.sequence, response.to_tag))
            if repeated is not None:
                self._caller.send(repeated)
            elif self.auto_ack:
                self.ack(response, self._answer_to(response))
        elif response.is_reliable and self.auto_prack:
            key = response.to_tag, response.headers.require("RSeq")
            if key not in self._seen_rseq:
                self._seen_rseq.add(key)
                self.prack(response, self._answer_to(response))

    def _answer_to(self, response: Response) -> str:
        """Our answer, if the response is the first with an offer (RFC 3262 section 5)."""
        earlier = [
            each for each in self.responses if each is not response and each.body and each.raw != response.raw
        ]
        if self.body or not response.body or any(each.status < 200 and each.is_reliable for each in earlier):
            return ""
        offered = sdp.parse(response.body).audio
        codec = offered.encoding(offered.formats[0])
        assert codec is not None, f"the offer has no encoding for payload type {offered.formats[0]}"
        return sdp.offer(self._caller.host, self.media.port, (codec,))

    def _reply(self, request: Request) -> None:
        if request.method == "ACK":
            return
        headers = Headers()
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in request.headers.all(name):
                headers.add(name, value)
        if request.method == "BYE":
            self._ended = True
        body = ""
        if request.method in ("INVITE", "UPDATE") and request.body:
            directions = {"a=sendonly": "recvonly", "a=inactive": "inactive", "a=recvonly": "sendonly"}
            found = (ours for theirs, ours in directions.items() if theirs in request.body)
            codec = sdp.parse(request.body).audio
            encoding = codec.encoding(codec.formats[0]) or "PCMA/8000"
            self._answers += 1
            body = sdp.offer(
                self._caller.host,
                self.media.port,
                (encoding,),
                direction=next(found, "sendrecv"),
                version=self._answers,
            )
            headers.add("Contact", f"<sip:caller@{_host_port((self._caller.host, self._caller.port))}>")
            headers.add("Content-Type", "application/sdp")
        self._caller.send(Response(200, "OK", headers, body).encode())

    # The rest

    def give_up(self) -> None:
        """End the call as far as it goes, so that the server is not left with it."""
        final = self._first(
            lambda each: each.method == "INVITE" and each.sequence == 1 and each.status >= 200
        )
        if final is None and self._invite:
            self.cancel()
        elif final is not None and final.status < 300 and not self._ended:
            self.bye()

    def _first(self, wanted: Callable[[Response], bool]) -> Response | None:
        return next((each for each in self.responses if wanted(each)), None)

    def _wait(
        self,
        found: Callable[[], T | None],
        seconds: float,
        what: str,
        hopeless: Callable[[], Response | None] = lambda: None,
    ) -> T:
        self.network.wait_for(lambda: found() or hopeless(), seconds)
        value = found()
        came = [each.status for each in self.responses], [each.method for each in self.requests]
        assert value is not None, f"{what} did not come in {seconds} s; came: {came}"
        return value

    def _dialog(self) -> Response | None:
        """The newest response that made a dialog."""
        made = [
            each
            for each in self.responses
            if each.method == "INVITE" and 100 < each.status < 300 and each.to_tag
        ]
        return made[-1] if made else None

    def _remote_target(self, response: Response) -> str:
        contact = response.headers.first("Contact")
        return message.address(contact) if contact else self.target

    def _branch(self) -> str:
        return f"z9hG4bK{self.network.token(8)}"

    @property
    def target(self) -> str:
        """The Request-URI of the INVITE."""
        return f"sip:{self._user}@{_host_port(self._caller.server)}"

    def _request(
        self,
        method: str,
        sequence: int,
        branch: str,
        to_tag: str | None,
        body: str,
        extra: Sequence[tuple[str, str]],
    ) -> Request:
        own = _host_port((self._caller.host, self._caller.port))
        request = Request(method, self.target, body=body)
        add = request.headers.add
        add("Via", f"SIP/2.0/UDP {own};branch={branch};rport")
        add("Max-Forwards", "70")
        add("From", f'"A caller" <sip:caller@{own}>;tag={self.tag}')
        add("To", f"<{self.target}>" + (f";tag={to_tag}" if to_tag else ""))
        add("Call-ID", self.call_id)
        add("CSeq", f"{sequence} {method}")
        if method not in ("CANCEL", "BYE"):
            add("Contact", f"<sip:caller@{own}>")
        for name, value in extra:
            add(name, value)
        if body and request.headers.first("Content-Type") is None:
            add("Content-Type", "application/sdp")
        return request


def _host_port(place: Address) -> str:
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    return f"{host}:{place[1]}"
