"""The Authorization header of a request: a name and a password, or a token. Pure.

Source: RFC 7617, section 2 (Basic); RFC 6750, section 2.1 (Bearer); RFC 9110, section 11.1: a scheme's name is case-insensitive.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

LONGEST = 2_048


class Presented(NamedTuple):
    """What a request brings.  token: of Bearer, or the password of Basic, which may be one.   user, password: of Basic, b"" for Bearer."""

    token: bytes
    user: bytes = b""
    password: bytes = b""


def presented(header: bytes) -> Presented | None:
    """What a header says; None for one that is neither Basic nor Bearer, or is longer than LONGEST bytes."""
    scheme, space, value = header[: LONGEST + 1].partition(b" ")
    value = value.strip()
    if not space or not value or len(header) > LONGEST:
        return None
    if scheme.lower() == b"bearer":
        return Presented(value)
    return _basic(value) if scheme.lower() == b"basic" else None


def _basic(value: bytes) -> Presented | None:
    try:
        user, colon, password = base64.b64decode(value, validate=True).partition(b":")
    except binascii.Error:
        return None
    # bcrypt in C would take a NUL for the end of the password.
    return Presented(password, user, password) if colon and b"\0" not in password else None
