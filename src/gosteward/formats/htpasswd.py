"""The htpasswd file of Apache: users and bcrypt hashes of their passwords. Pure.

    alice:$2y$12$<22 characters of salt><31 of hash>

Of its five kinds of hash only bcrypt takes an attacker long; the others are refused by their line, not passed over: their users would wonder.
Source: httpd.apache.org/docs/2.4/misc/password_encryptions.html; apr_passwd.c (`apr_password_validate`); crypt_blowfish for `$2y$`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gosteward.errors import UsageError

MOST_COST = 16  # some seconds for each try: beyond that the file is a way to occupy the server
_BCRYPT = re.compile(rb"\$2[aby]\$([0-3][0-9])\$[./A-Za-z0-9]{53}")
_KINDS = (
    (b"{SHA}", "SHA-1 without a salt"),
    (b"$apr1$", "MD5"),
    (b"$1$", "MD5"),
    (b"$5$", "SHA-256"),
    (b"$6$", "SHA-512"),
    (b"$2", "a kind of bcrypt that is not $2y$, or a damaged one"),
)


class Entry(NamedTuple):
    """A user.  name: as it comes in a request.   hashed: "$2y$...", 60 bytes.   cost: logarithm of its rounds, 4 to MOST_COST.   line: from 1."""

    name: bytes
    hashed: bytes
    cost: int
    line: int


def parse(content: bytes, path: str) -> tuple[Entry, ...]:
    """All users, in the order of the file. Empty lines and those that begin with `#` say nothing; what follows a second colon is a comment.

    Args:
        path: of the file, for messages.
    Raises:
        UsageError: a line is none, a hash is no bcrypt or costs too much, a user is named twice.
    """
    found: dict[bytes, Entry] = {}
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.strip(b" \t\r")
        if not text or text.startswith(b"#"):
            continue
        entry = _entry(text, number, f"{path}:{number}")
        if entry.name in found:
            what = f"a user is named twice, in line {found[entry.name].line} before"
            raise UsageError(what, subject=f"{path}:{number}", hint="delete one of the lines")
        found[entry.name] = entry
    return tuple(found.values())


def _entry(text: bytes, number: int, place: str) -> Entry:
    name, colon, rest = text.partition(b":")
    hashed = rest.partition(b":")[0]
    if not colon or not name or b"\0" in name:
        raise UsageError(
            "this is no line of a password file", subject=place, hint="`htpasswd -B -C 12 FILE USER` writes one"
        )
    matched = _BCRYPT.fullmatch(hashed)
    if matched is None:
        kind = next((kind for start, kind in _KINDS if hashed.startswith(start)), "crypt(3), or no hash at all")
        what = f"the password is kept as {kind}, and only bcrypt is accepted"
        raise UsageError(what, subject=place, hint="set it anew by `htpasswd -B -C 12 FILE USER`")
    cost = int(matched[1])
    if not 4 <= cost <= MOST_COST:
        raise UsageError(f"a bcrypt cost of {cost} is not from 4 to {MOST_COST}", subject=place, hint="12 is usual")
    return Entry(name, hashed, cost, number)
