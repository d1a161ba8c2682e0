"""The network on which tests of calls run in virtual time."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from support.network import VirtualNetwork
from support.sip import Caller
from support.virtual_server import VirtualServer

pytestmark = pytest.mark.usefixtures("built_program")

APPLICATION = """
    def main(channel):
        channel.ring(1, True)
        channel.answer()
        channel.FilePlayer.say("Good morning.")
        channel.wait_for_idle(1)
"""


def digest_of_a_call(folder: Path) -> str:
    """A call from its beginning to its end: a digest of every packet and its time."""
    folder.mkdir()
    with contextlib.closing(VirtualNetwork()) as network:
        server = VirtualServer(network, folder, APPLICATION)
        with Caller(network, server.address) as caller:
            call = caller.invite(reliable="supported")
            call.wait_for(200)
            call.media.start_sending(call.remote_media)
            call.send_digit("5")
            call.wait_for_request("BYE", 30)
        return str(network.request("clock.now")["digest"])


def test_a_call_is_the_same_packet_by_packet_every_time(tmp_path: Path) -> None:
    """Tags, ports, sound and every time: nothing depends on the machine."""
    assert digest_of_a_call(tmp_path / "once") == digest_of_a_call(tmp_path / "again")


def test_a_port_that_is_closed_receives_nothing(tmp_path: Path) -> None:
    """What is on its way to it is lost, and the others go on."""
    with contextlib.closing(VirtualNetwork()) as network:
        taken: list[tuple[str, bytes]] = []
        sender = network.open("127.0.0.1", lambda *_: None)
        closed, kept = (
            network.open("127.0.0.1", lambda datagram, *_, name=name: taken.append((name, datagram)))
            for name in ("closed", "kept")
        )
        for octets in (b"one", bytes(range(256))):
            for port in (closed, kept):
                sender.sendto(octets, port.address)
            network.sleep(0.01)
            closed.close()
        assert taken == [("closed", b"one"), ("kept", b"one"), ("kept", bytes(range(256)))]
