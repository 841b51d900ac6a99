"""How `verify` and `bundle inspect` show a check: what came of it, and the files that are not as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.catalogs import Catalog
    from gosteward.toolchains.verifying.checks import Check


def row(check: Check) -> dict[str, object]:
    """The members of JSON documents."""
    return {
        "name": check.name,
        "status": check.status,
        "text": visible(str(check.text)),
        "lines": [visible(line) for line in check.lines],
    }


def lines(check: Check, words: Catalog, indent: str = "") -> Iterator[str]:
    """The same in words.  indent: of the first line."""
    status = {
        "failed": words.words("failed"),
        "not-judged": words.words("not judged"),
        "note": words.words("note"),
        "ok": words.words("ok"),
    }[check.status]
    yield f"{indent}{status}: {words.text(check.text)}"
    for file in check.files:
        yield f"    {file_kind(file.what, words)}: {file.name}"
    if len(check.files) < check.total and check.files:
        yield "    " + words.text(Text("and {count} more", count=str(check.total - len(check.files))))
    for line in check.lines:
        yield f"    {line}"


def file_kind(what: str, words: Catalog) -> str:
    """What is the matter with a file, in the words of people."""
    known = {
        "changed": words.words("changed"),
        "missing": words.words("missing"),
        "extra": words.words("does not belong there"),
        "not executable": words.words("not executable"),
        "writable by anybody": words.words("writable by anybody"),
        "set-user-ID or set-group-ID": words.words("set-user-ID or set-group-ID"),
        "link": words.words("a link"),
        "special": words.words("no regular file"),
        "unreadable": words.words("cannot be read"),
        "name": words.words("a name that no release can have"),
        "too large": words.words("too large"),
        "too deep": words.words("too deep"),
        "other file system": words.words("another file system"),
    }
    return known.get(what, what)
