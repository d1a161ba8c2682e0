"""Digest authentication from the client's side (RFC 7616 section 3.4)."""

from __future__ import annotations

import hashlib
import re
import secrets

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def challenges(values: list[str]) -> dict[str, dict[str, str]]:
    """The parameters of each challenge, by its algorithm."""
    found = {}
    for value in values:
        pairs = re.findall(r'(\w+)=("[^"]*"|[^",\s]+)', value)
        parameters = {name: content.strip('"') for name, content in pairs}
        found[parameters["algorithm"]] = parameters
    return found


def authorization(
    challenge: dict[str, str], user: str, password: str, method: str, uri: str, count: int = 1
) -> str:
    """The value of the Authorization header field that answers a challenge with `qop=auth`."""
    hash_of = _HASHES[challenge["algorithm"]]

    def digest(*parts: str) -> str:
        return hash_of(":".join(parts).encode()).hexdigest()

    realm, nonce = challenge["realm"], challenge["nonce"]
    cnonce, nc = secrets.token_hex(8), f"{count:08x}"
    secret = digest(user, realm, password)
    response = digest(secret, nonce, nc, cnonce, "auth", digest(method, uri))
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        f'algorithm={challenge["algorithm"]}, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )
