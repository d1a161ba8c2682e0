"""baresip, a softphone that a user might have: it says a file, and stores what it hears."""

from __future__ import annotations

import array
import subprocess
from pathlib import Path
from types import TracebackType

from .kamailio import PASSWORD
from .server import LOOPBACK, free_port
from .sound import RATE, read_wav, write_wav
from .waiting import wait_until

MODULES = "/usr/lib/baresip/modules"


class Baresip:
    """A softphone in a folder of its own.

    With the port of a proxy it is registered there; as a context manager it runs and answers by itself.
    """

    def __init__(
        self, folder: Path, proxy: int | None = None, says: Path | None = None, user: str = "softphone"
    ) -> None:
        self.folder = folder
        folder.mkdir()
        if says is None:
            says = folder / "silence.wav"
            write_wav(says, array.array("h", bytes(2 * RATE * 20)))
        (folder / "config").write_text(
            f"sip_listen {LOOPBACK}:{free_port()}\n"
            f"audio_path {folder}\n"
            f"audio_source aufile,{says}\n"
            f"audio_player aufile,{folder / 'player.wav'}\n"
            f"audio_alert aufile,{folder / 'alert.wav'}\n"
            "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
            f"rtp_ports {free_port()}-65000\nrtcp_mux no\n"
            f"module_path {MODULES}\n"
            "module account.so\nmodule g711.so\nmodule aufile.so\nmodule sndfile.so\nmodule menu.so\n"
            f"snd_path {folder}\n"
        )
        account = f"<sip:{user}@{LOOPBACK}>;regint=0"
        if proxy is not None:
            account = (
                f"<sip:{user}@{LOOPBACK}:{proxy};transport=udp>;regint=600;auth_user={user};"
                f"auth_pass={PASSWORD};answermode=auto"
            )
        (folder / "accounts").write_text(f"{account};audio_codecs=PCMA/8000/1\n")
        (folder / "contacts").write_text("")
        self._told = folder / "told.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def call(self, port: int, seconds: int) -> str:
        """Dials a server, stays for at most `seconds`, hangs up, and returns what the softphone printed."""
        return self.dial(f"sip:service@{LOOPBACK}:{port}", seconds)

    def dial(self, address: str, seconds: int) -> str:
        """The same for any address."""
        command = ["baresip", "-4", "-f", str(self.folder), "-t", str(seconds), "-e", f"/dial {address}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20, check=False)
        return done.stdout + done.stderr

    def heard(self) -> tuple[int, array.array[int]]:
        """The sampling rate and the samples of what came from the far end."""
        files = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda file: file.stat().st_size)
        assert files, f"the softphone recorded nothing: {[file.name for file in self.folder.iterdir()]}"
        return read_wav(files[-1])

    @property
    def told(self) -> str:
        """What the running softphone has printed so far."""
        return self._told.read_text(errors="replace")

    def wait_until_ended(self) -> None:
        """Waits for the end of a call that was up."""
        wait_until(lambda: "terminated" in self.told, "the end of the call", lambda: self.told)

    def __enter__(self) -> Baresip:
        with self._told.open("wb") as told:
            self._process = subprocess.Popen(
                ["baresip", "-4", "-f", str(self.folder)], stdin=subprocess.PIPE, stdout=told, stderr=told
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
