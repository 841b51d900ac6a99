"""Numbers, hashes and base64 as the checksum database writes them: one way to write each, all others refused. Pure.

Python's own readers accept more ("1_0", " 7", "+7", Arabic digits, surplus padding), and a text that two programs read differently is what
attacks are made of.
"""

from __future__ import annotations

import base64
import re

HASH_SIZE = 32
LARGEST = (1 << 63) - 1  # int64 in Go
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def number(text: str) -> int | None:
    """A decimal number without sign or leading zeros, that fits 63 bits; None for anything else."""
    value = int(text) if _NUMBER.fullmatch(text) else LARGEST + 1
    return value if value <= LARGEST else None


def decoded(text: str) -> bytes | None:
    """The bytes of padded base64; None for anything else. Unused bits at the end are ignored, as by Go's `StdEncoding`."""
    return base64.b64decode(text) if _BASE64.fullmatch(text) else None


def canonical(text: str) -> bytes | None:
    """The bytes of padded base64 in the only form that encoding them gives; None for anything else."""
    raw = decoded(text)
    return raw if raw is not None and encoded(raw) == text else None


def encoded(raw: bytes) -> str:
    """Padded base64."""
    return base64.b64encode(raw).decode()
