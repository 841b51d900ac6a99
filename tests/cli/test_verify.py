"""What `verify` prints: the verdict first, then what is wrong, then what to do; and no name of a file steers a terminal."""

from __future__ import annotations

import json

import pytest

from gosteward.catalogs import Catalog
from gosteward.cli import verify
from gosteward.finding import Text
from gosteward.golang.tree_comparison import Difference
from gosteward.toolchains.verifying.checks import Check, Verified

EVIL = "src/\x1b]0;x\x07\udc80\n.go"
FILES = tuple(Difference(f"src/{number}.go", "changed") for number in range(59))


def verified(*checks: Check) -> Verified:
    return Verified("go1.26.8", "/usr/local/go", "linux-amd64", checks)


def failed() -> Verified:
    wrong = (Difference(EVIL, "link"), *FILES)
    check = Check("files", "failed", Text("{count} files", count="60"), remedy=Text("install it anew")).naming(wrong)
    return verified(Check("version", "ok", Text("it runs")), check)


def test_the_verdict_comes_first_and_the_remedy_last() -> None:
    lines = verify.as_text(failed(), Catalog()).splitlines()
    assert lines[0] == "go1.26.8 in /usr/local/go is not the release that the public log names"
    assert lines[2:4] == ["failed: 60 files", "    a link: src/\\x1b]0;x\\x07\\x80\\n.go"]
    assert lines[53:] == ["    and 10 more", "ok: it runs", "", "What to do:", "  install it anew"]


def test_the_document_has_every_check_and_at_most_fifty_names() -> None:
    text = verify.as_json(failed())
    document = json.loads(text)
    assert text.isascii()
    assert "\\u001b" not in text
    assert (document["schema"], document["version"]) == ("gosteward.verify/1", "go1.26.8")
    (runs, files) = document["checks"]
    assert (runs["name"], runs["status"], runs["files"]) == ("version", "ok", [])
    assert (files["count"], len(files["files"]), files["files"][1]) == (60, 50, {"name": "src/0.go", "what": "changed"})


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ((Check("files", "ok", Text(""), total=9),), "is the release that the public log names: all 9 files"),
        (
            (Check("files", "ok", Text(""), total=8), Check("go.env", "note", Text(""))),
            "is the release that the public log names: all 8 files but go.env",
        ),
        ((Check("log", "not-judged", Text("")),), "it is not known whether go1.26.8 in /usr/local/go is the release"),
        ((Check("files", "not-judged", Text("")),), "it is not known whether"),
    ],
)
def test_the_verdict_says_no_more_than_is_known(checks: tuple[Check, ...], verdict: str) -> None:
    assert verdict in verify.as_text(verified(*checks), Catalog()).splitlines()[0]
