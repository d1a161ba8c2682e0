"""Encrypted recordings in calls, in virtual time: recorded, validated, played, decrypted by somebody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from offhook.testing import Rehearsal
from support import sound

pytestmark = pytest.mark.usefixtures("built_program")

KEY = "8f" * 24
VECTOR = "3c" * 16

RECORD_AND_PLAY = f"""
from offhook.uas import AESCBCCipher, Error

__uas_identify__ = "application"


{{async_}}def main(channel, application_instance_id, file_man, my_log, application_parameters):
    cipher = AESCBCCipher("{KEY}", "{VECTOR}")
    {{await_}}channel.answer()
    {{await_}}channel.FileRecorder.record("a.wav", milliseconds_max_duration=2000, cipher=cipher)
    try:
        {{await_}}channel.FilePlayer.play("a.wav", cipher=cipher)
    except Error as error:
        assert "was not validated" in str(error), error
    else:
        return 1
    if file_man.validate("a.wav", AESCBCCipher("00" * 16, "{VECTOR}")):
        return 2
    if not file_man.validate("a.wav", cipher):
        return 3
    cause = {{await_}}channel.FilePlayer.play("a.wav", cipher=cipher)
    return 0 if cause is channel.FilePlayer.Cause.NORMAL else 4
"""


@pytest.mark.parametrize("is_async", [False, True])
def test_an_encrypted_recording_is_validated_and_played(
    offhook: Rehearsal, tmp_path: Path, is_async: bool
) -> None:
    """REC-4, FILE-2, FP-17, FILE-11: with the cipher it was recorded with, and in no other way."""
    words = {"async_": "async " if is_async else "", "await_": "await " if is_async else ""}
    path = tmp_path / "app.py"
    path.write_text(RECORD_AND_PLAY.format(**words))
    tone = tmp_path / "tone.wav"
    sound.write_wav(tone, sound.sine(1000, 3.0))
    call = offhook.call(path)
    assert call.until_answered()
    call.play(tone)
    assert call.instance.exception is None, call.instance.exception
    assert call.instance.return_code == 0
    assert b"RIFF" not in (tmp_path / "a.wav").read_bytes()


def test_openssl_decrypts_what_was_recorded(offhook: Rehearsal, tmp_path: Path) -> None:
    """FILE-11, FILE-12, REC-14: AES-192 in CBC mode with PKCS #7 padding, a WAV file of the right length."""
    path = tmp_path / "app.py"
    path.write_text(RECORD_AND_PLAY.format(async_="", await_=""))
    call = offhook.call(path)
    assert call.instance.return_code == 0, call.instance.exception
    command = ["openssl", "enc", "-d", "-aes-192-cbc", "-K", KEY, "-iv", VECTOR, "-in", "a.wav"]
    subprocess.run([*command, "-out", "clear.wav"], cwd=tmp_path, check=True)
    assert len(sound.read_wav(tmp_path / "clear.wav")) == pytest.approx(16000, abs=160)
