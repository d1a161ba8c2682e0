"""The rehearsal of applications: servers, workers, callers, callees and their clock, for one test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from offhook.testing._call import Call
from offhook.testing._callee import Callee
from offhook.testing._instance import Instance
from offhook.testing._link import Link
from offhook.testing._person import AnyPerson, Person
from offhook.testing._server import RehearsalError, TestServer

DEFAULT_SEED = 1

_SILENT = Person()
_GOOD = Link()
_BUSY = 486


class Rehearsal:
    """Runs applications for simulated callers and callees, with real servers and workers in virtual time.

    Use it as a context manager, or call ``close``. Nothing is started before the first call.

    Args:
        seed: where all chance comes from: the same seed gives the same run, packet by packet.
        folders: where application files are looked for if their path is not absolute; at the end the current
            folder.
        patience: seconds of real time that application code may work, or wait outside the API, before the
            test fails.
        python: the interpreter of the applications; ``None`` for the one of the test.

    Example::

        with Rehearsal() as offhook:
            call = offhook.call("app.py")
            assert call.response() == 180
    """

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        folders: Iterable[Path] = (),
        patience: float = 10.0,
        python: str | None = None,
    ) -> None:
        self.seed = seed
        self.calls: list[Call] = []
        self.callees: list[Callee] = []
        self._folders = [*folders, Path()]
        self._patience = patience
        self._python = python
        self._server: TestServer | None = None
        self._served: dict[tuple[Any, ...], int] = {}

    def call(
        self,
        application: str | Path,
        *,
        to: str | None = None,
        caller: str = "caller",
        early_media: bool = True,
        codecs: str | None = None,
        sdp: bool | None = None,
        reliable: str | None = None,
        headers: Mapping[str, str] | None = None,
        mute: bool = False,
        person: AnyPerson = _SILENT,
        gives_up_after: float | None = None,
        hangs_up_after: float | None = None,
        link: Link = _GOOD,
        parameters: str = "",
        auto_ring: bool = False,
        extra_channels: int = 0,
        media_root: str | Path | None = None,
        server_codecs: str | None = None,
        voice: str | None = None,
    ) -> Call:
        """Let a simulated person call an application; return as soon as the INVITE is sent.

        Args:
            application: the Python file.
            to: the called number or name; ``None`` for the application's name.
            caller: the caller's number or name.
            early_media: whether the caller can have sound before the answer. ``False`` is a caller that
                sends no offer and knows nothing of reliable provisional responses.
            codecs: the codecs that the caller offers, first choice first: ``"g711u;g711a"``.
            sdp: whether the INVITE carries an offer; ``None`` goes by ``early_media``.
            reliable: what the caller says about 100rel: ``"supported"``, ``"required"`` or ``"absent"``;
                ``None`` goes by ``early_media``.
            headers: further header fields of the INVITE.
            mute: the caller sends neither RTP nor RTCP.
            person: who calls: :class:`Person`, :class:`AnsweringMachine` or :class:`Fax`.
            gives_up_after: seconds after the INVITE at which the caller gives up if there is no answer.
            hangs_up_after: seconds after the answer at which the caller hangs up.
            link: the caller's line: delay, jitter, loss, drift, NAT.
            parameters: the service's ``application_parameters`` (``RUN-7``).
            auto_ring: the service rings by itself on arrival (``RUN-12``).
            extra_channels: how many extra channels an instance has, 0 to 3 (``RUN-23``).
            media_root: the folder of media files; ``None`` for the application's.
            server_codecs: the server's codec list (``RING-50``).
            voice: the voice in which the server speaks, such as ``en-US``.

        Raises:
            RehearsalError: if an argument is not acceptable.
            InvalidApplicationError: if the application cannot be loaded.
        """
        path = self._find(application)
        number = self._serve(path, parameters, auto_ring, extra_channels, media_root, server_codecs, voice)
        started = self._started().request(
            "call.start",
            server=number,
            to=path.stem if to is None else to,
            caller=caller,
            codecs=codecs,
            sdp=early_media if sdp is None else sdp,
            reliable=reliable or ("supported" if early_media else "absent"),
            headers=list((headers or {}).items()),
            mute=mute,
            person=person._described(),
            gives_up_after=gives_up_after,
            hangs_up_after=hangs_up_after,
            link=dataclasses.asdict(link),
        )
        call = Call(self._started(), started["call"], started["instance"])
        self.calls.append(call)
        return call

    def start(
        self,
        application: str | Path,
        outbound_parameters: str = "",
        *,
        parameters: str = "",
        extra_channels: int = 0,
        media_root: str | Path | None = None,
        server_codecs: str | None = None,
        voice: str | None = None,
    ) -> Instance:
        """Start an instance of an application that dials, as ``offhook start`` does (``RUN-9``).

        What it calls has to be put up by :meth:`callee`; any other number is answered with 404.

        Args:
            application: the Python file.
            outbound_parameters: what the start request gives to this instance (``RUN-7``).
            parameters: the service's ``application_parameters`` (``RUN-7``).
            extra_channels: how many extra channels an instance has, 0 to 3 (``RUN-23``).
            media_root: the folder of media files; ``None`` for the application's.
            server_codecs: the server's codec list (``RING-50``).
            voice: the voice in which the server speaks, such as ``en-US``.

        Raises:
            RehearsalError: if an argument is not acceptable.
            InvalidApplicationError: if the application cannot be loaded.
        """
        path = self._find(application)
        number = self._serve(path, parameters, False, extra_channels, media_root, server_codecs, voice)
        started = self._started().request("service.start", server=number, parameters=outbound_parameters)
        return Instance(self._started(), started["instance"])

    def callee(
        self,
        address: str,
        *,
        answers_after: float | None = None,
        busy: bool = False,
        refuses: int | None = None,
        hangs_up_after: float | None = None,
        early_media: bool = False,
        person: AnyPerson = _SILENT,
        codecs: str | None = None,
        mute: bool = False,
        link: Link = _GOOD,
    ) -> Callee:
        """Put up a telephone that applications can call; several can ring at once.

        Args:
            address: its number, such as ``"+441632960000"``, or ``"sip:anna@example.com"``. A leading ``+``
                is not looked at. The same address again takes the place of the telephone before.
            answers_after: seconds of ringing; ``None`` rings until the test answers or refuses.
            busy: refuses every call with 486.
            refuses: refuses every call with this SIP code, 300 to 699.
            hangs_up_after: seconds after the answer at which the callee hangs up; only with
                ``answers_after``.
            early_media: rings with 183 and a session description, so that the test can let the caller hear
                something before the answer; without it with 180.
            person: who answers: :class:`Person`, :class:`AnsweringMachine` or :class:`Fax`.
            codecs: the codecs that the telephone accepts, first choice first: ``"g711u;g711a"``.
            mute: it sends neither RTP nor RTCP.
            link: its line: delay, jitter, loss, drift, NAT.

        Raises:
            RehearsalError: if an argument is not acceptable.
        """
        if busy and refuses is not None:
            raise RehearsalError(f"busy together with refuses={refuses}; accepted: one of them")
        started = self._started().request(
            "callee.start",
            address=address,
            answers_after=answers_after,
            refuses=_BUSY if busy else refuses,
            hangs_up_after=hangs_up_after,
            early_media=early_media,
            person=person._described(),
            codecs=codecs,
            mute=mute,
            link=dataclasses.asdict(link),
        )
        callee = Callee(self._started(), started["callee"], address)
        self.callees.append(callee)
        return callee

    def wait(self, seconds: float) -> None:
        """Let time go by for everybody."""
        self._started().request("clock.wait", seconds=seconds)

    def capture(self, file: str | Path) -> None:
        """Write every packet from now on into a capture file (pcap), which Wireshark reads.

        Packets are in it as they are sent, those that get lost too; its clock begins with the rehearsal.

        Args:
            file: where to; one that is there is written over.

        Raises:
            RehearsalError: if it cannot be written.
        """
        self._started().request("hall.capture", file=str(Path(file).resolve()))

    @property
    def now(self) -> float:
        """Seconds of virtual time since the beginning."""
        return float(self._started().request("clock.now")["now"])

    @property
    def digest(self) -> str:
        """A digest of every packet so far and its time: the same for the same seed and test."""
        return str(self._started().request("clock.now")["digest"])

    @property
    def log(self) -> str:
        """What server and applications have logged so far, tracebacks and printed lines included."""
        return "" if self._server is None else self._server.log()

    def close(self) -> None:
        """End every call, the servers and their workers."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> TestServer:
        if self._server is None:
            self._server = TestServer(self.seed, self._patience, self._python)
        return self._server

    def _serve(
        self,
        path: Path,
        parameters: str,
        auto_ring: bool,
        extra_channels: int,
        media_root: str | Path | None,
        codecs: str | None,
        voice: str | None,
    ) -> int:
        key = (path, parameters, auto_ring, extra_channels, media_root, codecs, voice)
        number = self._served.get(key)
        if number is None:
            started = self._started().request(
                "server.start",
                application=str(path),
                parameters=parameters,
                auto_ring=auto_ring,
                extra_channels=extra_channels,
                media_root=None if media_root is None else str(Path(media_root).resolve()),
                codecs=codecs,
                voice=voice,
            )
            number = self._served[key] = int(started["server"])
        return number

    def _find(self, application: str | Path) -> Path:
        for folder in self._folders:
            path = folder / application
            if path.is_file():
                return path.resolve()
        looked = ", ".join(str(folder.resolve()) for folder in self._folders)
        raise RehearsalError(f"there is no application file {str(application)!r}; looked in {looked}")
