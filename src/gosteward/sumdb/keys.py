"""Keys that verify notes: `NAME+HASH+BASE64`, as GOSUMDB has them. Pure.

HASH is the first four bytes of SHA256(NAME || "\\n" || key) in hexadecimal, the key being 0x01 and 32 bytes of Ed25519.
Source: golang.org/x/mod/sumdb/note (`NewVerifier`, `keyHash`); cmd/go/internal/modfetch/key.go.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from gosteward.errors import UsageError
from gosteward.golang.proxyurls import DEFAULT_DATABASE
from gosteward.sumdb import ed25519, encodings

PUBLIC_DATABASE = f"{DEFAULT_DATABASE}+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
HASH_SIZE = 4
ED25519 = 1
_HINT = "a key is NAME+HASH+BASE64, as in GOSUMDB"


class Key(NamedTuple):
    """Who may sign.  name: such as that of a database.  hash: 4 bytes.  public: 32 bytes of Ed25519."""

    name: str
    hash: bytes
    public: bytes

    @property
    def shown(self) -> str:
        """Name and hash, as messages name a key."""
        return f"{self.name}+{self.hash.hex()}"

    @property
    def written(self) -> str:
        """All of it, as `parse` reads it."""
        return f"{self.shown}+{encodings.encoded(bytes([ED25519]) + self.public)}"


def parse(text: str) -> Key:
    """Read a key.

    Raises:
        UsageError: it is malformed, has a typing mistake (the hash tells), or is of an algorithm other than Ed25519.
    """
    name, _, rest = text.partition("+")
    wanted, _, base64 = rest.partition("+")
    encoding = encodings.decoded(base64)
    if not is_name(name) or not re.fullmatch(r"[0-9a-fA-F]{8}", wanted) or not encoding:
        raise UsageError("malformed key", subject=text, hint=_HINT)
    if hash_of(name, encoding).hex() != wanted.lower():
        raise UsageError("the hash in the key does not fit: a typing mistake", subject=text, hint=_HINT)
    if encoding[0] != ED25519 or len(encoding) != 1 + ed25519.KEY_SIZE:
        raise UsageError("the key is not for Ed25519", subject=text, hint=_HINT)
    return Key(name, bytes.fromhex(wanted), encoding[1:])


def hash_of(name: str, encoding: bytes) -> bytes:
    """The four bytes that name a key beside its name.  encoding: with the byte of its algorithm."""
    return hashlib.sha256(name.encode() + b"\n" + encoding).digest()[:HASH_SIZE]


def is_name(name: str) -> bool:
    """Whether a signer may be called so: no Unicode space, no plus sign, no half of a surrogate pair."""
    return bool(name) and not re.search(r"[\s+\ud800-\udfff]", name)
