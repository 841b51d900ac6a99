"""Keys that sign notes, and notes signed by them. Pure; what a key is made from comes from the caller.

    PRIVATE+KEY+NAME+HASH+BASE64

BASE64 is the byte 0x01 and the 32 bytes of the private key; HASH is that of the public key, see `keys`.
Source: golang.org/x/mod/sumdb/note (`GenerateKey`, `NewSigner`, `Sign`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gosteward.errors import UsageError
from gosteward.sumdb import ed25519, encodings, keys
from gosteward.sumdb.keys import ED25519, Key

_FORM = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class SigningKey(NamedTuple):
    """Who signs.  key: what verifies it.   seed: 32 bytes, secret."""

    key: Key
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.key.shown})"  # a secret does not get into messages


def made(name: str, seed: bytes) -> SigningKey:
    """A key.  seed: 32 bytes of chance. Raises UsageError: nobody can be called so."""
    if not keys.is_name(name) or not name.isprintable():
        raise UsageError("this cannot name a key", subject=name, hint="neither spaces nor + can be in it")
    public = ed25519.public_key(seed)
    return SigningKey(Key(name, keys.hash_of(name, bytes([ED25519]) + public), public), seed)


def written(signing: SigningKey) -> str:
    """The line that keeps a key: secret."""
    encoding = encodings.encoded(bytes([ED25519]) + signing.seed)
    return f"PRIVATE+KEY+{signing.key.shown}+{encoding}"


def parse(text: str) -> SigningKey:
    """Read the line of a key. What is wrong with it is said without any of it.

    Raises:
        UsageError: it is none, or damaged.
    """
    form = _FORM.fullmatch(text.strip())
    encoding = encodings.canonical(form[3]) if form is not None else None
    if form is None or encoding is None or len(encoding) != 1 + ed25519.KEY_SIZE or encoding[0] != ED25519:
        raise UsageError("this is no key to sign with", hint="it begins with PRIVATE+KEY+")
    found = made(form[1], encoding[1:])
    if found.key.hash.hex() != form[2]:
        raise UsageError("the hash in the key to sign with does not fit: it is damaged")
    return found


def signed(text: str, signing: SigningKey) -> str:
    """A note.  text: ends with a line end."""
    signature = encodings.encoded(signing.key.hash + ed25519.sign(signing.seed, text.encode()))
    return f"{text}\n— {signing.key.name} {signature}\n"
