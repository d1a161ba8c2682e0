"""Linphone's command-line client, without a sound card: it says a file, and stores what it hears."""

from __future__ import annotations

import array
import os
import subprocess
from pathlib import Path
from types import TracebackType

from .kamailio import PASSWORD, REALM
from .server import LOOPBACK, free_port
from .sound import read_wav
from .waiting import wait_until

CONFIGURATION = """[sip]
sip_port=0
sip_tcp_port={sip}
sip_tls_port=0
default_proxy=0
register_only_when_network_is_up=0
guess_hostname=0
bind_address={host}
[net]
mtu=0
[rtp]
audio_rtp_port={rtp}
bind_address={host}
[proxy_0]
reg_proxy=<sip:{host}:{proxy};transport=tcp>
reg_identity=sip:{user}@{host}:{proxy}
reg_expires=600
reg_sendregister=1
publish=0
[auth_info_0]
username={user}
passwd={password}
realm={realm}
"""


class Linphone:
    """A running client that registers over TCP with a proxy, and answers calls by itself.

    A context manager.
    """

    def __init__(self, folder: Path, proxy: int, says: Path, user: str = "linphone") -> None:
        self.folder = folder
        self._says = says
        self._told = folder / "told.txt"
        home = folder / "home"
        # It does not make the folder of its database.
        (home / ".local" / "share" / "linphone").mkdir(parents=True)
        text = CONFIGURATION.format(
            host=LOOPBACK,
            sip=free_port(),
            rtp=free_port(),
            proxy=proxy,
            user=user,
            password=PASSWORD,
            realm=REALM,
        )
        (folder / "linphonerc").write_text(text)
        self._environment = {**os.environ, "HOME": str(home)}
        self._process: subprocess.Popen[str] | None = None

    @property
    def told(self) -> str:
        """What it has printed so far."""
        return self._told.read_text(errors="replace")

    def call(self, address: str) -> None:
        """Dials."""
        self._type(f"call {address}")

    def wait_until_ended(self) -> None:
        """Waits for the end of a call that was up."""
        wait_until(lambda: " ended (" in self.told, "the end of the call", lambda: self.told)

    def quit(self) -> None:
        """Ends the client, which completes the file that it records."""
        if self._process is not None and self._process.poll() is None:
            self._type("quit")
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise AssertionError(f"linphonec does not quit:\n{self.told}") from None

    def heard(self) -> tuple[int, array.array[int]]:
        """The sampling rate and the samples of what came from the far end, once it has quit."""
        return read_wav(self.folder / "heard.wav")

    def __enter__(self) -> Linphone:
        with self._told.open("wb") as told:
            self._process = subprocess.Popen(
                ["linphonec", "-c", "linphonerc", "-a", "-d", "1", "-l", "linphone.log"],
                cwd=self.folder, env=self._environment, stdin=subprocess.PIPE, stdout=told, stderr=told,
                text=True,
            )  # fmt: skip
        for command in ("ipv6 disable", "soundcard use files", "record heard.wav", f"play {self._says}"):
            self._type(command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.quit()

    def _type(self, command: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
