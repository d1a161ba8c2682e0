"""The credentials of an encrypted media file (``FILE-11``, ``FILE-12``)."""

from __future__ import annotations

from typing import Any

from offhook._arguments import refuse

__all__ = ["AESCBCCipher"]

_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


class AESCBCCipher:
    """Key and vector of AES in CBC mode with PKCS #7 padding (``FILE-12``).

    Args:
        key: 32, 48 or 64 hexadecimal digits: a key of 128, 192 or 256 bits.
        vector: 32 hexadecimal digits: an initialisation vector of 128 bits.

    Raises:
        Error: if either is anything else. The message never shows what was given,
            because keys appear in no log (``FILE-11``).

    >>> AESCBCCipher("00" * 16, "11" * 16)
    AESCBCCipher(aescbc, 128 bits)
    """

    __slots__ = ("_key", "_vector")

    id = 0
    """The cipher's number (``FILE-11``)."""
    name = "aescbc"
    """The cipher's name (``FILE-11``)."""

    def __init__(self, key: str, vector: str) -> None:
        self._key = _octets("key", key, (32, 48, 64))
        self._vector = _octets("vector", vector, (32,))

    def _on_the_wire(self) -> dict[str, str]:
        """What the server needs to decrypt and encrypt; it keeps them no longer than that (``FILE-11``)."""
        return {"key": self._key.hex(), "vector": self._vector.hex()}

    def __repr__(self) -> str:
        return f"AESCBCCipher({self.name}, {len(self._key) * 8} bits)"


def parameter(where: str, cipher: Any) -> dict[str, Any]:
    """The parameter ``cipher`` of a request, none for ``None``.

    Raises:
        Error: if it is no cipher.
    """
    if cipher is None:
        return {}
    if not isinstance(cipher, AESCBCCipher):
        raise refuse(where, "cipher", cipher, "None, or an AESCBCCipher")
    return {"cipher": cipher._on_the_wire()}


def _octets(argument: str, value: str, lengths: tuple[int, ...]) -> bytes:
    if isinstance(value, str) and len(value) in lengths and _HEXADECIMAL.issuperset(value):
        return bytes.fromhex(value)
    found = f"a string of {len(value)} characters" if isinstance(value, str) else f"a {type(value).__name__}"
    accepted = f"{' or '.join(str(length) for length in lengths)} hexadecimal digits"
    raise refuse("AESCBCCipher()", argument, _Secret(found), accepted)


class _Secret:
    """Stands in a message for a value that must not be shown."""

    def __init__(self, description: str) -> None:
        self._description = description

    def __repr__(self) -> str:
        return self._description
