"""What is asked of a database, and answers taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.sumdb import lookup
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from growth import grows_linearly
from sumdb.log_server import Log, record_of

MODULE, VERSION = "example.com/m1", "v1.0.0"
LOG = Log(3)
ANSWER = LOG.answer("/lookup/example.com/m1@v1.0.0").body
ZIP, MOD = record_of(MODULE, VERSION).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("module", "version", "path"),
    [
        (
            "golang.org/toolchain",
            "v0.0.1-go1.26.8.linux-amd64",
            "/lookup/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64",
        ),
        ("github.com/BurntSushi/toml", "v1.4.0", "/lookup/github.com/!burnt!sushi/toml@v1.4.0"),
        ("gopkg.in/yaml.v3", "v3.0.1", "/lookup/gopkg.in/yaml.v3@v3.0.1"),
        ("a.b/~c/-d_e", "v1.0.0-RC1+incompatible", "/lookup/a.b/~c/-d_e@v1.0.0-!r!c1+incompatible"),
    ],
)
def test_capitals_are_escaped_in_paths(module: str, version: str, path: str) -> None:
    assert lookup.path(module, version) == path


@pytest.mark.parametrize(
    "module",
    ["", "m", "example", "../x.y", "a.b/../c", "a.b//c", "/a.b", "a.b/", "a.b/.c", "a.b/c.", "-a.b/c", "A.b/c", "a.b/c!d", "a.b/c?d", "a.b/c%2e", "a.b/c d", "a.b/ü", "a.b/c\n", "a.b/c@v1"],
)  # fmt: skip
def test_no_other_path_is_made_of_what_is_no_module_path(module: str) -> None:
    with pytest.raises(UsageError):
        lookup.path(module, VERSION)


@pytest.mark.parametrize(
    "version",
    ["", "latest", "1.0.0", "v1", "v1.0", "v1.0.0/..", "v1.0.0/go.mod", "v1.0.0?x", "v1.0.0!", "v1.0.0\n", "v1.0.٣"],
)
def test_no_other_path_is_made_of_what_is_no_version(version: str) -> None:
    with pytest.raises(UsageError):
        lookup.path(MODULE, version)


def test_answer_is_taken_apart_into_number_record_and_head() -> None:
    record = lookup.parse(ANSWER)
    assert record == (1, ZIP + MOD, LOG.head())
    assert lookup.hashes(record.text, MODULE, VERSION) == (ZIP.split()[2], MOD.split()[2])


MALFORMED = {
    "empty answer": b"",
    "empty record": b"1\n\n" + LOG.head().encode(),
    "head only": LOG.head().encode(),
    "no number": ANSWER[2:],
    "negative number": b"-" + ANSWER,
    "number with a zero before": b"0" + ANSWER,
    "huge number": b"9" * 5000 + ANSWER[1:],
    "page of a portal": b"<html>\n<body>log in\n\n</body></html>\n",
    "carriage returns": ANSWER.replace(b"\n", b"\r\n"),
    "blank line before the record": ANSWER.replace(b"1\n", b"1\n\n", 1),
    "control character": ANSWER.replace(b"example", b"ex\x07mple"),
    "not UTF-8": ANSWER.replace(b"example", b"ex\xffmple"),
    "far too long": ANSWER + b"x" * lookup.LARGEST,
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(UnjudgedError) as caught:
        lookup.parse(answer)
    assert caught.value.reason == "malformed"


FOREIGN = {
    "no line": "",
    "zip line only": ZIP,
    "go.mod line only": MOD,
    "zip line twice": ZIP + ZIP,
    "all lines twice": ZIP + MOD + ZIP,
    "a second hash": ZIP + MOD + record_of(MODULE, VERSION, "x"),
    "a line more": ZIP + MOD + "x\n",
    "line of another module": ZIP + MOD + record_of("example.com/m2", VERSION),
    "another module": record_of("example.com/m2", VERSION),
    "another version": record_of(MODULE, "v1.0.1"),
    "path that begins with ours": record_of(f"{MODULE}1", VERSION),
    "hash of another kind": ZIP.replace("h1:", "h2:") + MOD,
    "hash too short": ZIP.replace("h1:", "h1:=") + MOD,
    "hash with unused bits": ZIP[:-3] + chr(ord(ZIP[-3]) + 1) + ZIP[-2:] + MOD,
    "two spaces": ZIP.replace(" ", "  ") + MOD,
    "space at the end": ZIP + MOD[:-1] + " \n",
    "no last newline": ZIP + MOD[:-1],
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_record_with_anything_but_our_two_lines_is_foreign(text: str) -> None:
    with pytest.raises(ForgeryError) as caught:
        lookup.hashes(text, MODULE, VERSION)
    assert caught.value.reason == "foreign-record"


def test_order_of_the_two_lines_is_free_as_for_go() -> None:
    assert lookup.hashes(MOD + ZIP, MODULE, VERSION) == lookup.hashes(ZIP + MOD, MODULE, VERSION)


@given(st.binary(), st.integers(0, 400), st.binary(max_size=3))
def test_any_answer_is_read_or_refused(noise: bytes, place: int, insertion: bytes) -> None:
    for answer in (
        noise,
        ANSWER[:place] + insertion + ANSWER[place:],
        ANSWER[:place] + insertion + ANSWER[place + 1 :],
    ):
        try:
            record = lookup.parse(answer)
            zip_h1, mod_h1 = lookup.hashes(record.text, MODULE, VERSION)
        except RefusalError:
            continue
        assert record.text == f"{MODULE} {VERSION} {zip_h1}\n{MODULE} {VERSION}/go.mod {mod_h1}\n"


@pytest.mark.parametrize("piece", ["a.", "a/", ".a", "a", "~1/"])
def test_long_module_paths_take_no_more_time_than_they_are_long(piece: str) -> None:
    def refused(count: int) -> None:
        with pytest.raises(UsageError):
            lookup.path(piece * count + "!", VERSION)

    assert grows_linearly(refused, 200_000)
