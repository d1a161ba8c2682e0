"""Calls by baresip, a softphone that a user might have: it calls, hears, records and hangs up."""

from __future__ import annotations

import array
import math
import subprocess
import time
import wave
from pathlib import Path

from .conftest import Serve
from .server import LOOPBACK, free_port

TONE_THEN_ANSWER_THEN_TONE = """
def main(channel):
    from offhook.uas import ToneManager, TonePlayer
    tones = ToneManager()
    tone = lambda hertz: [({"frequency": hertz, "amplitude": 10}, {"frequency": 0, "amplitude": 0},
                           {"duration": 1000, "add": "summation"})]
    tones.create_tone(tone(600), "before")
    tones.create_tone(tone(1100), "after")
    player = TonePlayer(channel, tones)
    channel.ring(2, negotiate_early_media=True, custom_ringtone="before", loop_ringtone=True)
    channel.answer()
    player.play("after", 2)
"""

ANSWER_AND_WAIT = """
def main(channel):
    channel.ring(0.5)
    channel.answer()
    channel.FilePlayer.say("Good morning. This sentence is heard by a softphone.")
    channel.wait_for_idle(20)
"""

MODULES = "/usr/lib/baresip/modules"


class Baresip:
    """A softphone without a sound card: it sends a file, and stores what it hears."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        silence = folder / "silence.wav"
        with wave.open(str(silence), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(2 * 8000 * 20))
        (folder / "config").write_text(
            f"sip_listen {LOOPBACK}:{free_port()}\n"
            f"audio_path {folder}\n"
            f"audio_source aufile,{silence}\n"
            f"audio_player aufile,{folder / 'player.wav'}\n"
            f"audio_alert aufile,{folder / 'alert.wav'}\n"
            "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
            f"rtp_ports {free_port()}-65000\nrtcp_mux no\n"
            f"module_path {MODULES}\n"
            "module account.so\nmodule g711.so\nmodule aufile.so\nmodule sndfile.so\nmodule menu.so\n"
            f"snd_path {folder}\n"
        )
        (folder / "accounts").write_text(f"<sip:softphone@{LOOPBACK}>;regint=0;audio_codecs=PCMA/8000/1\n")
        (folder / "contacts").write_text("")

    def call(self, port: int, seconds: int) -> str:
        """Dials, stays for at most `seconds`, hangs up, and returns what the softphone printed."""
        command = [
            "baresip", "-4", "-f", str(self.folder), "-t", str(seconds),
            "-e", f"/dial sip:service@{LOOPBACK}:{port}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20, check=False)
        return done.stdout + done.stderr

    def heard(self) -> tuple[int, array.array[int]]:
        """The sampling rate and the samples of what came from the far end."""
        files = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda file: file.stat().st_size)
        assert files, f"the softphone recorded nothing: {[file.name for file in self.folder.iterdir()]}"
        with wave.open(str(files[-1]), "rb") as file:
            samples = array.array("h")
            samples.frombytes(file.readframes(file.getnframes()))
            return file.getframerate(), samples


def level_dbm0(samples: array.array[int], rate: int, hertz: float) -> float:
    """The level of one frequency: a sine of full scale is +3.14 dBm0."""
    count = len(samples)
    real = sum(value * math.cos(2 * math.pi * hertz * index / rate) for index, value in enumerate(samples))
    imaginary = sum(
        value * math.sin(2 * math.pi * hertz * index / rate) for index, value in enumerate(samples)
    )
    amplitude = 2 * math.hypot(real, imaginary) / count
    return 20 * math.log10(max(amplitude, 1e-3) / 32768) + 3.14


def seconds_of(samples: array.array[int], rate: int, hertz: float) -> float:
    """For how long a frequency is heard at a clear level, in steps of 100 ms."""
    step = rate // 10
    blocks = [samples[start : start + step] for start in range(0, len(samples) - step + 1, step)]
    return sum(0.1 for block in blocks if level_dbm0(block, rate, hertz) > -20)


def test_a_softphone_hears_early_media_and_then_the_answered_call(serve: Serve, tmp_path: Path) -> None:
    """RING-21, RING-35, RING-47, UR-7: a tone before the answer, another after it, each at its level."""
    server = serve(TONE_THEN_ANSWER_THEN_TONE)
    phone = Baresip(tmp_path / "phone")
    said = phone.call(server.port, 8)
    rate, samples = phone.heard()
    assert 1.5 <= seconds_of(samples, rate, 600) <= 2.3, said
    assert 1.5 <= seconds_of(samples, rate, 1100) <= 2.3, said


def test_a_softphone_that_hangs_up_ends_the_call(serve: Serve, tmp_path: Path) -> None:
    """HUP-10, CAU-1: the softphone's BYE ends the application's wait, with a record that says 0."""
    server = serve(ANSWER_AND_WAIT)
    phone = Baresip(tmp_path / "phone")
    begin = time.monotonic()
    phone.call(server.port, 6)
    assert time.monotonic() - begin < 15
    server.stop()
    record = server.records.read_text().splitlines()
    assert len(record) == 1
    assert record[0].split(" [")[0].split()[-1] == "0"
    _, samples = phone.heard()
    loud = max(abs(value) for value in samples)
    assert loud > 2000, "the sentence was not heard"
