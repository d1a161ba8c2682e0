"""`file_man` and the names of the media store; ciphers."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from offhook.files import UASFileManagement
from offhook.uas import AESCBCCipher, Error
from support.peer import ChannelPeer
from support.threads import Running


@pytest.fixture
def files(tmp_path: Path) -> UASFileManagement:
    """A media store with `a.wav` and `folder/b.WAV`."""
    (tmp_path / "media" / "folder").mkdir(parents=True)
    (tmp_path / "media" / "a.wav").write_bytes(wav(7, 8, 8000))
    (tmp_path / "media" / "folder" / "b.WAV").write_bytes(b"not a WAV file")
    (tmp_path / "outside.wav").write_bytes(b"secret")
    return UASFileManagement(str(tmp_path / "media"))


def wav(
    tag: int, bits: int, rate: int, channels: int = 1, extra: bytes = b"", extensible: bool = False
) -> bytes:
    """A WAV file with four octets of audio."""
    if extensible:
        extension = struct.pack("<HHIH14s", 22, bits, 4, tag, b"\0" * 14)
        body = struct.pack("<HHIIHH", 0xFFFE, channels, rate, rate, 1, bits) + extension
    else:
        body = struct.pack("<HHIIHH", tag, channels, rate, rate, 1, bits)
    chunks = (
        b"fmt " + struct.pack("<I", len(body)) + body + extra + b"data" + struct.pack("<I", 4) + b"\0" * 4
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def test_exists_tells_whether_there_is_a_file(files: UASFileManagement) -> None:
    """FILE-1, FILE-3: a folder is none, and the name but for its extension is case-sensitive (FILE-5)."""
    assert files.exists("a.wav")
    assert files.exists("folder/b.WAV")
    assert not files.exists("A.wav")
    assert not files.exists("missing.wav")


def test_delete_file_deletes_once(files: UASFileManagement) -> None:
    """FILE-1, FILE-3, FILE-13: False for a file that does not exist."""
    assert files.delete_file("a.wav") is True
    assert not files.exists("a.wav")
    assert files.delete_file("a.wav") is False


def test_rename_moves_a_file_into_a_folder(files: UASFileManagement) -> None:
    """FILE-1, FILE-13: also into a folder that is not there yet."""
    assert files.rename("a.wav", "fresh/folder/c.wav") is True
    assert not files.exists("a.wav")
    assert files.validate("fresh/folder/c.wav")


def test_rename_keeps_an_existing_file(files: UASFileManagement) -> None:
    """FILE-3: False, and both files stay as they were."""
    assert files.rename("a.wav", "folder/b.WAV") is False
    assert files.validate("a.wav")
    assert not files.validate("folder/b.WAV")
    assert files.rename("missing.wav", "d.wav") is False


BAD_NAMES = [
    "",
    "a",
    "a.txt",
    "a.wav/",
    "/a.wav",
    "../outside.wav",
    "folder/../a.wav",
    "folder//b.wav",
    "folder/./b.wav",
    "a b.wav",
    "a*.wav",
    "a?.wav",
    "ä.wav",
    "a\0.wav",
    "a\n.wav",
    "x" * 252 + ".wav",
    "/".join(["x" * 200] * 6) + ".wav",
    5,
    None,
    b"a.wav",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_breaks_the_rules_is_refused(files: UASFileManagement, name: Any) -> None:
    """FILE-3, FILE-4, FILE-5: by every function, with what is accepted."""
    for function in (files.exists, files.delete_file, files.validate):
        with pytest.raises(Error, match=r"filename is .*; accepted: a name of a-z A-Z 0-9"):
            function(name)
    with pytest.raises(Error, match="current_name is"):
        files.rename(name, "d.wav")
    with pytest.raises(Error, match="new_name is"):
        files.rename("a.wav", name)


@pytest.mark.parametrize("name", ["a.wav", "A-1_b@c:d.WaVe", "f/g.tif", "h.TIFF", "x" * 251 + ".wav"])
def test_names_that_are_allowed(files: UASFileManagement, name: str) -> None:
    """FILE-4, FILE-5: the extension in either letter case."""
    assert files.exists(name) is (name == "a.wav")


def test_no_name_leaves_the_media_root_by_a_link(files: UASFileManagement, tmp_path: Path) -> None:
    """FILE-6: the resolved path counts."""
    (tmp_path / "media" / "link.wav").symlink_to(tmp_path / "outside.wav")
    (tmp_path / "media" / "out").symlink_to(tmp_path)
    for name in ("link.wav", "out/outside.wav"):
        with pytest.raises(Error, match="accepted: a name that stays below the media root"):
            files.exists(name)
    with pytest.raises(Error, match="below the media root"):
        files.rename("a.wav", "out/stolen.wav")


@pytest.mark.parametrize(
    ("tag", "bits", "rate"),
    [
        (6, 8, 8000),
        (7, 8, 6000),
        (1, 16, 48000),
        (1, 8, 11025),
        (0x11, 4, 8000),
        (0x10, 4, 6000),
        (0x17, 4, 11000),
    ],
)
def test_validate_accepts_the_formats_that_can_be_played(
    files: UASFileManagement, tmp_path: Path, tag: int, bits: int, rate: int
) -> None:
    """FILE-2, FILE-7: an odd chunk before the audio is skipped, an extensible header is read."""
    path = tmp_path / "media" / "c.wav"
    path.write_bytes(wav(tag, bits, rate, 2, extra=b"LIST" + struct.pack("<I", 3) + b"abc\0"))
    assert files.validate("c.wav") is True
    path.write_bytes(wav(tag, bits, rate, extensible=True))
    assert files.validate("c.wav", None) is True


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        wav(1, 24, 8000),
        wav(3, 32, 8000),
        wav(0x55, 0, 8000),
        wav(7, 8, 5999),
        wav(7, 8, 48001),
        wav(7, 8, 8000, 3),
        wav(7, 8, 8000).replace(b"data", b"none"),
        wav(7, 8, 8000)[:30],
    ],
)
def test_validate_refuses_what_cannot_be_played(
    files: UASFileManagement, tmp_path: Path, content: bytes
) -> None:
    """FILE-2, FILE-7, FILE-8: False, and False for a file that does not exist (FILE-3)."""
    (tmp_path / "media" / "c.wav").write_bytes(content)
    assert files.validate("c.wav") is False
    assert files.validate("missing.wav") is False


@pytest.mark.parametrize("valid", [True, False])
def test_validate_with_a_cipher_asks_the_server(peer: ChannelPeer, tmp_path: Path, valid: bool) -> None:
    """FILE-2, FILE-12: the server decrypts, and says whether the file is valid."""
    files = UASFileManagement(str(tmp_path), peer.channel)
    running = Running(files.validate, "a.wav", AESCBCCipher("aB" * 16, "0" * 32))
    request = peer.server.expect("file.validate")
    assert request["params"] == {
        "channel": peer.channel._id,
        "file": "a.wav",
        "cipher": {"key": "ab" * 16, "vector": "0" * 32},
    }
    peer.server.respond(request, {"done": valid})
    assert running.result() is valid


def test_validate_checks_name_and_cipher_before_it_asks(files: UASFileManagement) -> None:
    """FILE-3, FILE-12: nothing is sent."""
    cipher = AESCBCCipher("0" * 32, "0" * 32)
    with pytest.raises(Error, match=r"filename is '\.\./a\.wav'"):
        files.validate("../a.wav", cipher)
    with pytest.raises(Error, match="accepted: the file_man of an instance"):
        files.validate("a.wav", cipher)
    with pytest.raises(Error, match="cipher is 'key'; accepted: None, or an AESCBCCipher"):
        files.validate("a.wav", "key")  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [32, 48, 64])
def test_a_cipher_takes_keys_of_three_lengths(digits: int) -> None:
    """FILE-11, FILE-12: AES-CBC, id 0, and the key is never shown."""
    cipher = AESCBCCipher("aB" * (digits // 2), "cD" * 16)
    assert (cipher.id, cipher.name) == (0, "aescbc")
    assert "aB" not in repr(cipher).replace("aescbc", "")


@pytest.mark.parametrize(
    ("key", "vector", "argument"),
    [
        ("00" * 15, "00" * 16, "key"),
        ("zz" * 16, "00" * 16, "key"),
        (b"0" * 32, "00" * 16, "key"),
        ("00" * 16, "00" * 15, "vector"),
        ("00" * 16, "00" * 24, "vector"),
        ("00" * 16, None, "vector"),
    ],
)
def test_a_bad_key_or_vector_is_refused_without_showing_it(key: Any, vector: Any, argument: str) -> None:
    """FILE-11, FILE-12: the message describes what was given."""
    with pytest.raises(Error, match=rf"{argument} is a .*; accepted: 32") as caught:
        AESCBCCipher(key, vector)
    assert "0000" not in str(caught.value)
    assert "zzzz" not in str(caught.value)
