"""The media store as applications see it: ``file_man`` (``FILE-1`` to ``FILE-8``)."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from offhook import _arguments
from offhook import cipher as _cipher
from offhook._request import for_success
from offhook.cipher import AESCBCCipher
from offhook.errors import Error

if TYPE_CHECKING:
    from offhook._core import Channel

__all__ = ["UASFileManagement"]

_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@-:")
_SOUND_EXTENSIONS = (".wav", ".wave")
_EXTENSIONS = (*_SOUND_EXTENSIONS, ".tif", ".tiff")
_ACCEPTED = (
    "a name of a-z A-Z 0-9 . _ / @ - that ends in .wav, .wave, .tif or .tiff, does not begin with /, "
    "has no .., // or /./, and is at most 1024 bytes long, 255 between two /"
)

_PLAYABLE_FORMATS = {
    (0x0001, 8): "unsigned 8-bit PCM",
    (0x0001, 16): "signed 16-bit PCM",
    (0x0006, 8): "G.711 A-law",
    (0x0007, 8): "G.711 mu-law",
    (0x0010, 4): "OKI ADPCM",
    (0x0011, 4): "IMA ADPCM",
    (0x0017, 4): "Dialogic OKI ADPCM",
}
"""WAV format tag and bits a sample (``FILE-7``)."""

_EXTENSIBLE = 0xFFFE


class UASFileManagement:
    """Looks after the files below the media root; ``main`` is given one that is ready (``FILE-1``).

    Names follow ``FILE-4``; there are no wildcards. Every function sees each earlier write, deletion or
    renaming of every instance (``FILE-13``). The functions wait for the file system only, ``validate`` with a
    cipher for the server, which decrypts.
    """

    __slots__ = ("_channel", "_root")

    def __init__(self, media_root: str, channel: Channel | None = None) -> None:
        self._root = os.path.realpath(media_root)
        self._channel = channel
        """The channel of the instance that it belongs to."""

    def exists(self, filename: str) -> bool:
        """Whether there is such a file.

        Raises:
            Error: if the name breaks ``FILE-4`` or leads out of the media root (``FILE-6``).
        """
        return os.path.isfile(self._path("exists()", "filename", filename))

    def delete_file(self, filename: str) -> bool:
        """Delete a file; ``False`` if there is none. A job that plays it goes on (``FILE-13``).

        Raises:
            Error: as ``exists``, and if the file system refuses.
        """
        path = self._path("delete_file()", "filename", filename)
        if not os.path.isfile(path):
            return False
        try:
            os.unlink(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Error(f"delete_file(): {filename!r} cannot be deleted: {error.strerror}") from error
        return True

    def rename(self, current_name: str, new_name: str) -> bool:
        """Rename or move a file; folders of the new name are made.

        Returns:
            ``False`` if there is no file ``current_name`` or there is one ``new_name`` already, which is
            kept (``FILE-3``).

        Raises:
            Error: as ``exists``, and if the file system refuses.
        """
        source = self._path("rename()", "current_name", current_name)
        target = self._path("rename()", "new_name", new_name)
        if not os.path.isfile(source):
            return False
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # A link fails if the target exists, and a rename would replace it: so nobody's file is lost in
            # a race.
            os.link(source, target)
            os.unlink(source)
        except (FileNotFoundError, FileExistsError):
            return False
        except OSError as error:
            raise Error(
                f"rename(): {current_name!r} cannot be renamed to {new_name!r}: {error.strerror}"
            ) from error
        return True

    def validate(self, filename: str, cipher: AESCBCCipher | None = None) -> bool:
        """Whether a file is there and has content that can be played (``FILE-2``, ``FILE-7``).

        Args:
            filename: a name by ``FILE-4``.
            cipher: the credentials of an encrypted file. If the file can be decrypted with them, the rest of
                the instance may play it with them (``FP-17``).

        Raises:
            Error: as ``exists``, and if ``cipher`` is no cipher.
        """
        path = self._path("validate()", "filename", filename)
        encryption = _cipher.parameter("validate()", cipher)
        if encryption:
            if self._channel is None:
                raise Error("validate() with a cipher asks the server; accepted: the file_man of an instance")
            params = {"channel": self._channel._id, "file": filename, **encryption}
            return self._channel._wire.perform(for_success("file.validate", params))
        try:
            with open(path, "rb") as file:
                return _is_playable(file)
        except OSError:
            return False

    def _path(self, function: str, argument: str, name: Any) -> str:
        check_name(function, argument, name)
        path = os.path.join(self._root, name)
        resolved = os.path.realpath(path)
        if os.path.commonpath((self._root, resolved)) != self._root:
            raise _arguments.refuse(function, argument, name, "a name that stays below the media root")
        return path


def check_name(where: str, argument: str, name: Any) -> None:
    """Check a name of the media store (``FILE-4``, ``FILE-5``).

    Raises:
        Error: if it is not acceptable.
    """
    if not (
        isinstance(name, str)
        and _CHARACTERS.issuperset(name)
        and name.lower().endswith(_EXTENSIONS)
        and not name.startswith("/")
        and not (".." in name or "//" in name or "/./" in name)
        and len(name) <= 1024
        and all(len(part) <= 255 for part in name.split("/"))
    ):
        raise _arguments.refuse(where, argument, name, _ACCEPTED)


def check_wav_name(where: str, argument: str, name: Any) -> None:
    """Check the name of a file that is to hold sound.

    Raises:
        Error: if it breaks ``FILE-4``, or is the name of a picture.
    """
    check_name(where, argument, name)
    if not name.lower().endswith(_SOUND_EXTENSIONS):
        raise _arguments.refuse(where, argument, name, "a name that ends in .wav or .wave")


def _is_playable(file: BinaryIO) -> bool:
    """Whether it is a WAV file with a format of ``FILE-7`` and a data chunk."""
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return False
    understood = False
    while True:
        chunk = file.read(8)
        if len(chunk) < 8:
            return False
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data":
            return understood
        if name == b"fmt ":
            body = file.read(min(size, 64))
            understood = len(body) >= 16 and _is_understood(body)
            size -= len(body)
        file.seek(size + (size & 1 if name != b"fmt " else (size + len(body)) & 1), os.SEEK_CUR)


def _is_understood(body: bytes) -> bool:
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    return (tag, bits) in _PLAYABLE_FORMATS and channels in (1, 2) and 6000 <= rate <= 48000
