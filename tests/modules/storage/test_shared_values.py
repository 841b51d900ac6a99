"""Values in a Redis that others can write to: what is not plainly an answer is none."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.modules.storage.kept_answers import Kept
from gosteward.modules.storage.shared_values import LONGEST, read, written

NOW = 1_800_000_000.0
LIST, LATEST, INFO = "example.com/text/@v/list", "example.com/text/@latest", "example.com/text/@v/v1.2.3.info"
TILE = "sumdb/sum.example.com/tile/8/0/001"
BODIES = {LIST: b"v1.2.3\n", LATEST: b'{"Version":"v1.2.3"}', INFO: b'{"Version":"v1.2.3"}', TILE: b"\0\1\2"}


def value(path: str, body: bytes, **other: object) -> bytes:
    return json.dumps({"path": path, "status": 200, "at": NOW, **other}).encode() + b"\n" + body


@pytest.mark.parametrize("path", BODIES)
def test_what_was_written_is_read(path: str) -> None:
    kept = Kept(200, BODIES[path], NOW - 30)
    assert read(written(path, kept), path, NOW) == kept


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_nothing_is_told_by_upstreams_alone(status: int) -> None:
    assert written(LIST, Kept(status, b"not found", NOW)) == b""
    assert read(value(LIST, b"not found", status=status), LIST, NOW) is None


HOSTILE = {
    "nothing": (LIST, b""),
    "garbage": (LIST, b"\xff\0" * 40),
    "no body": (LIST, value(LIST, b"").rstrip(b"\n")),
    "another path": (LIST, value("example.com/other/@v/list", b"v1.0.0\n")),
    "the future": (LIST, value(LIST, b"v1.2.3\n", at=NOW + 60)),
    "no time": (LIST, value(LIST, b"v1.2.3\n", at=math.nan)),
    "for ever": (LIST, value(LIST, b"v1.2.3\n", at=math.inf)),
    "a time too large": (LIST, value(LIST, b"v1.2.3\n").replace(b"1800000000.0", b"1" * 400)),
    "deep": (LIST, b"[" * 100_000 + b"\n"),
    "a list of zeros": (LIST, value(LIST, b"v1\0")),
    "status 500": (LIST, value(LIST, b"v1.2.3\n", status=500)),
    "huge": (LIST, value(LIST, b"v1.2.3\n" * (LONGEST // 7))),
    "a page": (LATEST, value(LATEST, b"<html>")),
    "no version": (LATEST, value(LATEST, b'{"Version":"latest"}')),
    "the .info of another version": (INFO, value(INFO, b'{"Version":"v1.2.4"}')),
    "a long .info": (INFO, value(INFO, BODIES[INFO] + b" " * (1 << 16))),
    "a zip": ("example.com/text/@v/v1.2.3.zip", value("example.com/text/@v/v1.2.3.zip", b"PK")),
    "a go.mod": ("example.com/text/@v/v1.2.3.mod", value("example.com/text/@v/v1.2.3.mod", b"module x")),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_anything_else_is_no_answer(hostile: str) -> None:
    path, content = HOSTILE[hostile]
    assert read(content, path, NOW) is None


def test_a_clock_a_little_ahead_is_borne() -> None:
    assert read(value(LIST, b"v1.2.3\n", at=NOW + 3), LIST, NOW) == Kept(200, b"v1.2.3\n", NOW)


def test_what_is_too_long_is_not_shared() -> None:
    assert written(LIST, Kept(200, b"x" * LONGEST, NOW)) == b""


@given(st.binary(max_size=200), st.sampled_from(tuple(BODIES)), st.floats(allow_nan=False, allow_infinity=False))
def test_every_answer_can_be_read_again(body: bytes, path: str, at: float) -> None:
    found = read(written(path, Kept(200, body, at)), path, NOW)
    assert found is None or found == Kept(200, body, min(at, NOW))
    assert at <= NOW or at < NOW + 6 or found is None
