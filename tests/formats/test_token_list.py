"""The file of tokens: what is written can be read, and no line is passed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.formats import token_list

DIGEST = b"8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"


@given(
    st.lists(
        st.tuples(st.from_regex(token_list.NAME, fullmatch=True), st.binary(min_size=32, max_size=32)),
        unique_by=lambda one: one[0],
    )
)
def test_lines_that_are_written_are_read(tokens: list[tuple[str, bytes]]) -> None:
    content = "".join(f"{token_list.line_of(name, digest)}\n# {name}\n\n" for name, digest in tokens)
    assert [(one.name, one.digest) for one in token_list.parse(content.encode(), "tokens")] == tokens


@pytest.mark.parametrize(
    "line",
    [
        b"ci", b"ci " + DIGEST[:-1], b"ci " + DIGEST + b" x", DIGEST, b"ci gst_clear-text", b"c/i " + DIGEST, b"c\xc3\xad " + DIGEST,
        b"\xff " + DIGEST, b"ok  " + DIGEST, b"-ci " + DIGEST,
    ],
)  # fmt: skip
def test_any_other_line_is_refused_by_its_number(line: bytes) -> None:
    with pytest.raises(UsageError) as raised:
        token_list.parse(b"ok " + DIGEST + b"\n" + line, "/etc/tokens")
    assert raised.value.subject == "/etc/tokens:2"
