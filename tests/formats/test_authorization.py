"""The Authorization header: what is sent is understood as it was meant, or not at all."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import authorization
from gosteward.formats.authorization import Presented, presented

WORD = st.binary(max_size=80).filter(lambda word: b"\0" not in word)


@given(WORD.filter(lambda user: b":" not in user), WORD)
def test_a_name_and_a_password_come_through(user: bytes, password: bytes) -> None:
    assert presented(b"Basic " + b64encode(user + b":" + password)) == Presented(password, user, password)


def test_a_token_comes_through() -> None:
    assert presented(b"bearer gst_x") == Presented(b"gst_x")


@pytest.mark.parametrize(
    "header",
    [
        b"", b"Basic", b"Basic ", b"Bearer  ", b"Basic YWxpY2U=", b"Basic YWxpY2U6eA", b"Basic YWxp\tY2U6eA==", b"Basic ***", b"Digest x",
        b"Basic " + b64encode(b"alice:a\0b"), b"Bearer " + b"x" * authorization.LONGEST, b"\xff \xff",
    ],
)  # fmt: skip
def test_what_is_neither_says_nothing(header: bytes) -> None:
    assert presented(header) is None
