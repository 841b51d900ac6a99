"""Keys that sign notes, in the form that golang.org/x/mod/sumdb/note has for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.sumdb import keys, note, signing

# golang.org/x/mod/sumdb/note/example_test.go: it is published there.
PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VERIFIES = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_key_of_go_signs_as_go_does() -> None:
    key = signing.parse(PETER)
    assert key.key.written == VERIFIES
    assert signing.signed(TEXT, key) == f"{TEXT}\n{SIGNATURE}"


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=20), st.text(max_size=50))
def test_what_is_signed_is_opened_by_the_key_that_is_shown(seed: bytes, name: str, text: str) -> None:
    try:
        key = signing.made(name, seed)
    except UsageError:
        return
    assert signing.parse(signing.written(key)) == key
    if text.isprintable():
        signed = signing.signed(f"{text}\n", key)
        assert note.opened(signed, (keys.parse(key.key.written),)) == f"{text}\n"


@pytest.mark.parametrize(
    "text", ["", VERIFIES, PETER[:-1], PETER.replace("c74f20a3", "c74f20a4"), PETER.replace("AYEK", "AoEK"), PETER.replace("AYEK", "AYEL"), PETER[:-4]]
)  # fmt: skip
def test_what_is_no_key_is_refused_and_nothing_of_it_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        signing.parse(text)
    assert "KEY+P" not in str(caught.value) + caught.value.hint
    assert PETER[-20:-4] not in str(caught.value)


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(signing.parse(PETER)) == "SigningKey(PeterNeumann+c74f20a3)"
    assert PETER[-20:] not in f"{signing.parse(PETER)!r} {signing.parse(PETER)}"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\x08"])
def test_nobody_is_called_so(name: str) -> None:
    with pytest.raises(UsageError):
        signing.made(name, b"k" * 32)
