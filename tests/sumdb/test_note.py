"""Keys and signed notes, by the rules of golang.org/x/mod/sumdb/note."""

from __future__ import annotations

import base64
import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang.proxyurls import DEFAULT_DATABASE
from gosteward.sumdb import keys, note
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from growth import grows_linearly
from sumdb.log_server import Signer

ONE, OTHER, WITNESS = Signer(), Signer(seed=b"2"), Signer("witness.example", b"3")
KNOWN = [keys.parse(ONE.vkey)]
TEXT = "a text\n"
# golang.org/x/mod/sumdb/note/example_test.go.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
QUOTED = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def key_text(encoding: bytes) -> str:
    """A key whose hash fits, whatever else is wrong."""
    return f"n+{keys.hash_of('n', encoding).hex()}+{base64.b64encode(encoding).decode()}"


def test_a_note_signed_by_go_is_opened() -> None:
    assert note.opened(QUOTED, [keys.parse(PETER)]).endswith("what your problem is.\n")


def test_key_of_the_public_database_is_sound() -> None:
    assert keys.parse(keys.PUBLIC_DATABASE).shown == f"{DEFAULT_DATABASE}+033de0ae"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "c74f20a"),
        PETER.replace("c74f20a3", "+74f20a3"),
        PETER.replace("Peter", "Peter "),
        PETER.replace("ARpc", "AhpC"),
        f"{PETER}=",
        f"{PETER}\n",
        PETER[:-4],
        key_text(b"\x02" + bytes(32)),
        key_text(b"\x01" + bytes(31)),
        key_text(b""),
    ],
)
def test_a_key_with_a_mistake_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        keys.parse(text)


SOUND = {
    "one signature": ONE.note(TEXT),
    "witness beside": ONE.note(TEXT) + WITNESS.line(TEXT),
    "unknown key of the same name": OTHER.note(TEXT) + ONE.line(TEXT),
    "only the first of one key counts": ONE.note(TEXT) + ONE.line("another\n"),
    "witness whose signature is wrong": ONE.note(TEXT) + WITNESS.line("another\n"),
    "a hundred": ONE.note(TEXT) + WITNESS.line(TEXT) * 99,
}


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND.keys())
def test_one_known_key_is_enough(text: str) -> None:
    assert note.opened(text, KNOWN) == TEXT


def test_the_last_blank_line_ends_the_text() -> None:
    text = "a\n\nb\n"
    assert note.opened(ONE.note(text), KNOWN) == text


FORGED = {
    "other text": ONE.note(TEXT).replace("a text", "b text"),
    "wrong key": OTHER.note(TEXT),
    "other key under the hash of ours": f"{TEXT}\n{OTHER.line(TEXT, ONE.hash)}",
    "known key that fails beside one that does not": WITNESS.note(TEXT) + ONE.line("another\n"),
    "signed by a witness only": WITNESS.note(TEXT),
    "signature too short": f"{TEXT}\n— {ONE.name} {base64.b64encode(ONE.hash + b'x').decode()}\n",
}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED.keys())
def test_forged_note_is_refused(text: str) -> None:
    with pytest.raises(ForgeryError) as caught:
        note.opened(text, [*KNOWN, keys.parse(Signer("third.example", b"9").vkey)])
    assert caught.value.reason == "signature"


MALFORMED = {
    "empty": "",
    "no blank line": TEXT,
    "no signature": f"{TEXT}\n",
    "no newline at the end": ONE.note(TEXT)[:-1],
    "carriage return": ONE.note("a\r\n"),
    "tab": ONE.note("a\tb\n"),
    "byte that is not UTF-8": ONE.note(TEXT).replace("a text", "\udcff"),
    "hyphen": ONE.note(TEXT).replace("—", "-"),
    "101 signatures": ONE.note(TEXT) + WITNESS.line(TEXT) * 100,
    "line between signatures": ONE.note(TEXT) + "x\n" + WITNESS.line(TEXT),
    "no name": ONE.note(TEXT).replace(ONE.name, ""),
    "plus sign in a name": ONE.note(TEXT).replace(ONE.name, "a+b"),
    "no base64": f"{TEXT}\n— {ONE.name} \n",
    "hash only": f"{TEXT}\n— {ONE.name} {base64.b64encode(ONE.hash).decode()}\n",
    "surplus padding": ONE.note(TEXT)[:-1] + "====\n",
    "underscore": re.sub(r"(— \S+ ....).", r"\1_", ONE.note(TEXT)),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_note_is_refused(text: str) -> None:
    with pytest.raises(UnjudgedError) as caught:
        note.opened(text, KNOWN)
    assert caught.value.reason == "malformed"


@given(st.text(), st.integers(0, 300), st.text(max_size=3))
def test_any_text_is_opened_or_refused(noise: str, place: int, insertion: str) -> None:
    whole = ONE.note(TEXT)
    for text in (noise, whole[:place] + insertion + whole[place:], whole[:place] + insertion + whole[place + 1 :]):
        with contextlib.suppress(RefusalError):
            assert note.opened(text, KNOWN) == TEXT


def test_many_blank_lines_take_no_more_time_than_they_are_long() -> None:
    def refused(count: int) -> None:
        with pytest.raises(RefusalError):
            note.opened("\n" * count + "— x y\n", KNOWN)

    assert grows_linearly(refused, 400_000)
