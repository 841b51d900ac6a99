"""The file of bearer tokens: a name and the SHA-256 of a token in each line. Pure.

    build-server 8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92

A token is 256 random bits, so that a plain hash of it tells nothing: there is nothing to guess. The name is for people.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gosteward.errors import UsageError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LINE = re.compile(rb"([!-~]+)[ \t]+([0-9A-Fa-f]{64})")


class Token(NamedTuple):
    """A token.  digest: SHA-256 of it, 32 bytes.   line: from 1."""

    name: str
    digest: bytes
    line: int


def parse(content: bytes, path: str) -> tuple[Token, ...]:
    """All tokens, in the order of the file. Empty lines and those that begin with `#` say nothing.

    Args:
        path: of the file, for messages.
    Raises:
        UsageError: a line is none, a name is there twice.
    """
    found: dict[str, Token] = {}
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.strip(b" \t\r")
        if not text or text.startswith(b"#"):
            continue
        matched = _LINE.fullmatch(text)
        name = matched[1].decode("ascii") if matched is not None else ""
        if matched is None or not NAME.fullmatch(name):
            what = "this is no line of a file of tokens"
            raise UsageError(what, subject=f"{path}:{number}", hint="`gosteward proxy token NAME` makes one")
        if name in found:
            what = f"a token's name is there twice, in line {found[name].line} before"
            raise UsageError(what, subject=f"{path}:{number}", hint="delete one of the lines, or rename it")
        found[name] = Token(name, bytes.fromhex(matched[2].decode("ascii")), number)
    return tuple(found.values())


def line_of(name: str, digest: bytes) -> str:
    """The line for a token, without an end of line."""
    return f"{name} {digest.hex()}"
