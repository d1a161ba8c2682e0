"""The program under test on the virtual network, in virtual time."""

from __future__ import annotations

import re
from pathlib import Path

from support.network import VirtualNetwork
from support.server import Server

SIP_PORT = 5060
WORKER = re.compile(r" worker=(\d+)")


class VirtualServer(Server):
    """The same program with the same settings, inside the test server.

    Servers of one test share its log. Lines that belong to a worker of another server are left out of `log`.
    """

    def __init__(
        self,
        network: VirtualNetwork,
        folder: Path,
        source: str,
        host: str = "127.0.0.1",
        **settings: object,
    ) -> None:
        super().__init__(network, folder, source, (host, SIP_PORT), **settings)
        self._rehearsal = network
        # What was logged before is not about this server.
        self._read = len(network.server.read_log())
        self._lines: list[str] = []
        options = [f"--{name.replace('_', '-')}={value}" for name, value in self._settings.items()]
        started = network.request("server.serve", arguments=[*options, str(self.application)])
        self._number: int = started["server"]
        first, count = started["workers"]
        self._workers = range(first, first + count)

    @property
    def log(self) -> str:
        """What was logged so far, but for what is about other servers."""
        new = self._rehearsal.server.read_log(self._read)
        self._read += len(new)
        self._lines += filter(self._is_ours, new.decode(errors="replace").splitlines())
        return "\n".join([*self._lines, ""])

    def start_instances(self, service: str, *parameters: str) -> None:
        """Start an instance for each of the parameters."""
        started = self._rehearsal.request(
            "server.start_instances", server=self._number, service=service, parameters=parameters
        )
        assert "problem" not in started, started["problem"]

    def stop(self) -> None:
        """End the server and its workers."""
        self._rehearsal.request("server.stop", server=self._number)

    def _is_ours(self, line: str) -> bool:
        worker = WORKER.search(line)
        return worker is None or int(worker[1]) in self._workers
