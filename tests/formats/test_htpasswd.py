"""The htpasswd file: bcrypt alone, each other hash refused by its line."""

from __future__ import annotations

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.formats import htpasswd
from gosteward.formats.htpasswd import Entry

HASH = b"$2y$12$" + b"a" * 53


def test_users_are_read_with_their_lines() -> None:
    content = b"# users\n\nalice:" + HASH + b"\r\n  b\xc3\xb6b:" + HASH.replace(b"2y", b"2b") + b":a comment:of him\n"
    assert htpasswd.parse(content, "users") == (
        Entry(b"alice", HASH, 12, 3),
        Entry("böb".encode(), HASH.replace(b"2y", b"2b"), 12, 4),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "SHA-1"),
        (b"alice:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00", "MD5"),
        (b"alice:$6$salt$" + b"a" * 86, "SHA-512"),
        (b"alice:$5$salt$" + b"a" * 43, "SHA-256"),
        (b"alice:rqXexS6ZhobKA", r"crypt\(3\)"),
        (b"alice:", r"crypt\(3\)"),
        (b"alice:" + HASH[:-1], "damaged"),
        (b"alice:$2x" + HASH[3:], "not \\$2y\\$"),
        (b"alice:$2y$31$" + HASH[7:], "cost of 31"),
        (b"alice:$2y$03$" + HASH[7:], "cost of 3"),
        (b"alice", "no line"),
        (b":" + HASH, "no line"),
        (b"ok:" + HASH, "named twice, in line 1"),
    ],
)
def test_what_is_not_bcrypt_or_ambiguous_is_refused_by_its_line(line: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as raised:
        htpasswd.parse(b"ok:" + HASH + b"\n" + line + b"\n", "/etc/users")
    assert raised.value.subject == "/etc/users:2"
    assert raised.value.hint


@given(st.binary(max_size=72).filter(lambda password: b"\0" not in password))
def test_hashes_as_the_library_writes_them_are_taken(password: bytes) -> None:
    hashed = bcrypt.hashpw(password, bcrypt.gensalt(4))
    ((name, taken, cost, _),) = htpasswd.parse(b"alice:" + hashed, "users")
    assert (name, cost) == (b"alice", 4)
    assert bcrypt.checkpw(password, taken)
