"""Kamailio between offhook and telephones: a registrar, and a proxy that stays on the way (Record-Route)."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from types import TracebackType

from .server import LOOPBACK, free_port
from .waiting import wait_until

REALM = "kamailio.test"
PASSWORD = "secret"

CONFIGURATION = """#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
dns=no
rev_dns=no
auto_aliases=no
listen=udp:{host}:{port}
listen=tcp:{host}:{port}

loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "xlog.so"

# An address of its own for each phone, which this configuration does not look up (RFC 5627).
modparam("registrar", "gruu_enabled", 0)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (has_totag()) {{
        if (loose_route()) {{
            xlog("L_NOTICE", "routed $rm from $pr\\n");
            t_relay();
            exit;
        }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    t_check_trans();
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "1"); exit; }}
        save("location");
        xlog("L_NOTICE", "registered $fU by $pr\\n");
        exit;
    }}
    if (is_method("INVITE")) {{
        if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{ proxy_challenge("{realm}", "1"); exit; }}
        consume_credentials();
        record_route();
    }}
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"""


class Kamailio:
    """A running Kamailio on one port of UDP and TCP; a context manager.

    It challenges every REGISTER and every INVITE (user: anybody, password: `PASSWORD`).
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir()
        self._log = folder / "kamailio.log"
        text = CONFIGURATION.format(host=LOOPBACK, port=self.port, realm=REALM, password=PASSWORD)
        (folder / "kamailio.cfg").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text(errors="replace")

    def wait_until_registered(self, user: str) -> None:
        """Waits until it has stored where a user is."""
        wait_until(lambda: f"registered {user} by" in self.log, f"a REGISTER of {user}", lambda: self.log)

    def __enter__(self) -> Kamailio:
        command = [
            "kamailio", "-f", "kamailio.cfg", "-DD", "-E", "-m", "16", "-M", "4",
            "-P", str(self.folder / "kamailio.pid"), "-Y", str(self.folder), "-w", str(self.folder),
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        wait_until(self._answers, "Kamailio's start", lambda: self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            # Its first process ends the others.
            self._process.terminate()
            self._process.wait(timeout=20)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK, 0))
            probe.settimeout(0.2)
            own = probe.getsockname()[1]
            request = (
                f"OPTIONS sip:{LOOPBACK}:{self.port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {LOOPBACK}:{own};branch=z9hG4bK{own}alive;rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:probe@{LOOPBACK}>;tag=p{own}\r\n"
                f"To: <sip:{LOOPBACK}:{self.port}>\r\n"
                f"Call-ID: alive-{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            ).encode()
            try:
                probe.sendto(request, (LOOPBACK, self.port))
                return probe.recv(65535).startswith(b"SIP/2.0 200")
            except (TimeoutError, ConnectionRefusedError):
                return False
