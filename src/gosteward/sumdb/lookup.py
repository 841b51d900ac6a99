"""Lookups: the path that is asked for, and the answer, a record with a signed tree head behind it. Pure.

    46009294
    golang.org/toolchain v0.0.1-go1.25.4.linux-amd64 h1:...
    golang.org/toolchain v0.0.1-go1.25.4.linux-amd64/go.mod h1:...

    go.sum database tree
    ...

Only the two lines in the middle are what the tree authenticates. Go before 1.26.3 took an answer without them for "no objection" (CVE-2026-42501),
and before 1.26.6 looked for them in the whole answer (CVE-2026-56864).

Source: golang.org/x/mod/sumdb/tlog/note.go (`ParseRecord`); golang.org/x/mod/module (`CheckPath`, `EscapePath`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import gomod
from gosteward.sumdb import encodings
from gosteward.sumdb.refusals import ForgeryError, malformed

LARGEST = 1_000_000  # bytes
_HASH = re.compile(r"h1:([A-Za-z0-9+/]{43}=)")
_ELEMENT = r"(?!\.)[A-Za-z0-9._~-]+(?<!\.)"
_MODULE = re.compile(rf"(?![^/]*[A-Z_~]|[^./]*(?:/|\Z)|-){_ELEMENT}(?:/{_ELEMENT})*")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Record(NamedTuple):
    """An answer.

    Attributes:
        number: place in the log that the server claims.   text: the record, one or more lines with their newlines.
        head: the note behind it, not opened yet.
    """

    number: int
    text: str
    head: str


class Hashes(NamedTuple):
    """The two hashes of a module version, "h1:...": of its zip, and of its go.mod."""

    zip_h1: str
    mod_h1: str


def path(module: str, version: str) -> str:
    """The path of a lookup below the URL of a database: "/lookup/github.com/!burnt!sushi/toml@v1.4.0".

    Raises:
        UsageError: no module path, or no full version, of which the path of something else could be made.
    """
    if not _MODULE.fullmatch(module):
        raise UsageError("not a module path", subject=module)
    if not gomod.is_version(version):
        raise UsageError("not a full version such as v1.2.3", subject=version)
    return f"/lookup/{gomod.escape(module)}@{gomod.escape(version)}"


def parse(answer: bytes) -> Record:
    """Read an answer; nothing in it is verified.

    Raises:
        UnjudgedError: it has another form.
    """
    try:
        content = answer.decode() if len(answer) <= LARGEST else ""
    except UnicodeDecodeError:
        content = ""
    first, newline, rest = content.partition("\n")
    text, blank, head = rest.partition("\n\n")
    number = encodings.number(first)
    if not newline or not blank or number is None or not is_record(f"{text}\n"):
        raise malformed("answer to a lookup")
    return Record(number, f"{text}\n", head)


def is_record(text: str) -> bool:
    """Whether a text can be a record at all: lines, none of them empty, without control characters."""
    return (
        text.endswith("\n")
        and not text.startswith("\n")
        and "\n\n" not in text
        and not _CONTROL.search(text)
        and not re.search("[\ud800-\udfff]", text)
    )


def hashes(text: str, module: str, version: str) -> Hashes:
    """The hashes in a record that has exactly the two lines of a module version, and nothing else.

    Args:
        text: the record that the tree authenticates, never the whole answer.
    Raises:
        ForgeryError: "foreign-record".
    """
    found: dict[str, str] = {}
    lines = text.split("\n")
    for line in lines[:-1]:
        path_and_version, _, value = line.rpartition(" ")
        match = _HASH.fullmatch(value)
        if match is None or encodings.canonical(match[1]) is None:
            raise _foreign("has a line that is no line of go.sum", module, version)
        found[path_and_version] = value
    wanted = (f"{module} {version}", f"{module} {version}/go.mod")
    if set(found) != set(wanted) or len(lines) != 3 or lines[2]:
        raise _foreign("does not have exactly its two lines", module, version)
    return Hashes(found[wanted[0]], found[wanted[1]])


def _foreign(what: str, module: str, version: str) -> ForgeryError:
    return ForgeryError(f"the record {what}", reason="foreign-record", subject=f"{module}@{version}")
