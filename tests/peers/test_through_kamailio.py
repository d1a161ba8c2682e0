"""Calls both ways through Kamailio, which registers our trunk and both phones.

It stays on the way of every call. offhook speaks UDP; Linphone speaks TCP with Kamailio, baresip UDP.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .baresip import Baresip
from .kamailio import PASSWORD, Kamailio
from .linphone import Linphone
from .server import LOOPBACK, Offhook, binary
from .sound import read_wav, seconds_of, write_sine
from .waiting import wait_until

TONES = """
from offhook.uas import ToneManager, TonePlayer

__uas_identify__ = "application"


def tones(channel):
    manager = ToneManager()
    for name, hertz in (("before", 600), ("after", 1100)):
        manager.create_tone(
            [({"frequency": hertz, "amplitude": 10}, {"frequency": 0, "amplitude": 0},
              {"duration": 1000, "add": "summation"})],
            name,
        )
    return TonePlayer(channel, manager)


def talk(channel, player, name):
    channel.FileRecorder.start(name)
    player.play("after", 2)
    channel.FileRecorder.stop()
    channel.hang_up()

"""

CALLED = (
    TONES
    + """
def main(channel, application_instance_id, file_man, my_log, application_parameters):
    player = tones(channel)
    channel.ring(1.5, negotiate_early_media=True, custom_ringtone="before", loop_ringtone=True)
    channel.answer()
    talk(channel, player, "called.wav")
    return 0
"""
)

CALLING = (
    TONES
    + """
def main(channel, application_instance_id, file_man, my_log, application_parameters, outbound_parameters):
    player = tones(channel)
    if channel.call(outbound_parameters) is not channel.State.ANSWERED:
        return 1
    talk(channel, player, "calling.wav")
    return 0
"""
)

SETTINGS = """
[[service]]
number = "*"
application = "called"

[[service]]
name = "calling"
application = "calling"
direction = "outbound"

[[trunk]]
name = "kamailio"
address = "{host}:{port}"
user = "offhook"
password = "{password}"
register = true
"""

SAID_HERTZ = 440


class House:
    """A Kamailio with which an offhook is registered, and what the phones say."""

    def __init__(self, folder: Path, kamailio: Kamailio, offhook: Offhook) -> None:
        self.kamailio = kamailio
        self.offhook = offhook
        self.says = folder / "says.wav"
        write_sine(self.says, SAID_HERTZ, 30)

    def address(self, user: str) -> str:
        """The address of a user behind Kamailio."""
        return f"sip:{user}@{LOOPBACK}:{self.kamailio.port}"

    def start(self, user: str) -> None:
        """Has offhook call a user."""
        command = [str(binary()), "start", "calling", "--parameters", self.address(user)]
        subprocess.run(command, cwd=self.offhook.folder, check=True, timeout=20, capture_output=True)

    def wait_for_instances(self, number: int) -> None:
        """Waits until so many instances have ended, all of them as they should."""

        def log() -> str:
            return self.offhook.log.read_text(errors="replace")

        wait_until(lambda: log().count("return_code=") >= number, "the end of the instance", log)
        assert log().count("return_code=0 ") == number, log()

    def assert_heard_by_us(self, name: str) -> None:
        """What our application recorded is what the phone says."""
        rate, samples = read_wav(self.offhook.folder / name)
        # A phone may begin to talk some time after it was answered.
        assert seconds_of(samples, rate, SAID_HERTZ) >= 1.0, f"{len(samples) / rate} s were recorded"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Kamailio, and an offhook that is registered with it."""
    folder = tmp_path / "offhook"
    folder.mkdir()
    with Kamailio(tmp_path / "kamailio") as kamailio:
        settings = folder / "offhook.toml"
        settings.write_text(SETTINGS.format(host=LOOPBACK, port=kamailio.port, password=PASSWORD))
        applications = {"called": CALLED, "calling": CALLING}
        with Offhook(folder, applications, "--config", str(settings)) as offhook:
            kamailio.wait_until_registered("offhook")
            yield House(tmp_path, kamailio, offhook)


def test_linphone_and_offhook_call_each_other_over_tcp(house: House, tmp_path: Path) -> None:
    """CALL-14, RING-21, RING-47, REC-1: early media, answer and sound both ways, by way of a proxy."""
    with Linphone(tmp_path / "caller", house.kamailio.port, house.says) as phone:
        house.kamailio.wait_until_registered("linphone")
        phone.call(house.address("offhook"))
        phone.wait_until_ended()
    rate, samples = phone.heard()
    assert 1.0 <= seconds_of(samples, rate, 600) <= 2.0, phone.told
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, phone.told
    house.wait_for_instances(1)
    house.assert_heard_by_us("called.wav")

    with Linphone(tmp_path / "callee", house.kamailio.port, house.says, "called") as phone:
        house.kamailio.wait_until_registered("called")
        house.start("called")
        phone.wait_until_ended()
    rate, samples = phone.heard()
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, phone.told
    house.wait_for_instances(2)
    house.assert_heard_by_us("calling.wav")
    assert house.kamailio.log.count("routed BYE") == 2


def test_baresip_and_offhook_call_each_other_over_udp(house: House, tmp_path: Path) -> None:
    """CALL-14, RING-21, RING-47, REC-1: the same over UDP, with another phone."""
    phone = Baresip(tmp_path / "caller", house.kamailio.port, house.says)
    said = phone.dial(house.address("offhook"), 8)
    rate, samples = phone.heard()
    assert 1.0 <= seconds_of(samples, rate, 600) <= 2.0, said
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, said
    house.wait_for_instances(1)
    house.assert_heard_by_us("called.wav")

    with Baresip(tmp_path / "callee", house.kamailio.port, house.says, "called") as phone:
        house.kamailio.wait_until_registered("called")
        house.start("called")
        phone.wait_until_ended()
    rate, samples = phone.heard()
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, phone.told
    house.wait_for_instances(2)
    house.assert_heard_by_us("calling.wav")
    assert house.kamailio.log.count("routed BYE") == 2
