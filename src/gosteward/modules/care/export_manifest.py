"""What an export of a store says of itself: JSON, a line for each thing. Pure.

    {"schema": "gosteward.modules-export/1", "taken_at": "2026-01-02T03:04:05Z", "database": "NAME+HASH", "head": "go.sum database tree\\n...",
     "since": [{"sha256": "...", "taken_at": "2026-01-01T03:04:05Z"}]}   (all of it on one line)
    {"path": "golang.org/x/text/@v/v0.3.0.zip", "size": 6300000, "sha256": "...", "h1": "h1:..."}
    {"module": "golang.org/x/text", "version": "v0.3.0", "proof": "c2sp.org/tlog-proof@v1\\n..."}
    {"vulnerabilities": "2026-01-01T01:02:03Z", "size": 4100000, "sha256": "..."}

It lies in an uncompressed tar (see `formats.stored_members`) as MANIFEST; the n-th file it names lies there as files/n. An .info has no h1.
The copy of a vulnerability database, as of that time, lies there as REPORTS; many exports have none.
The SHA-256 of its text is what an export is known by: the one that later exports give for what they build on, and the one that is signed, in a
note (see `sumdb.note`) that lies there as SIGNATURE:

    gosteward.modules-export/1
    sha256 58c5ae...

    — NAME BASE64
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from gosteward.errors import DecodeError
from gosteward.modules import requests
from gosteward.modules.requests import ModuleRequest

SCHEMA = "gosteward.modules-export/1"
MANIFEST = "manifest.jsonl"
SIGNATURE = "manifest.sig"
REPORTS = "vulndb.zip"
LARGEST = 256 << 20
MOST_MEMBERS = 1_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_H1 = re.compile(r"h1:[A-Za-z0-9+/]{43}=")


class ExportedFile(NamedTuple):
    """A file.  request: that it answers.   size: bytes.   sha256: hexadecimal.   h1: "" for an .info."""

    request: ModuleRequest
    size: int
    sha256: str
    h1: str = ""


class ExportedProof(NamedTuple):
    """Text of c2sp.org/tlog-proof for a module version."""

    module: str
    version: str
    proof: str


class ExportedReports(NamedTuple):
    """A vulnerability database.  as_of: when it changed last, UTC.   size: bytes.   sha256: hexadecimal."""

    as_of: str
    size: int
    sha256: str


class Earlier(NamedTuple):
    """An export that another one builds on.  sha256: of its manifest, hexadecimal.   taken_at: UTC."""

    sha256: str
    taken_at: str


class Manifest(NamedTuple):
    """An export.

    Attributes:
        taken_at: UTC, "2026-01-02T03:04:05Z".   database: name and hash of its key, "" for none.   head: signed note, "" for none.
        since: what has the files that it leaves out.   reports: a vulnerability database, None for none.
    """

    taken_at: str
    database: str
    head: str
    files: tuple[ExportedFile, ...]
    proofs: tuple[ExportedProof, ...] = ()
    since: tuple[Earlier, ...] = ()
    reports: ExportedReports | None = None

    @property
    def paths(self) -> frozenset[str]:
        """Paths of all files."""
        return frozenset(file.request.path for file in self.files)


def member_of(number: int) -> str:
    """Name of the member with the n-th file, from 1."""
    return f"files/{number}"


def signed_text(sha256: str) -> str:
    """What is signed of an export.  sha256: of its manifest, hexadecimal."""
    return f"{SCHEMA}\nsha256 {sha256}\n"


def written(manifest: Manifest) -> bytes:
    """The text of a manifest."""
    first = {"schema": SCHEMA, "taken_at": manifest.taken_at, "database": manifest.database, "head": manifest.head}
    lines: list[dict[str, object]] = [{**first, "since": [one._asdict() for one in manifest.since]}]
    lines += [
        {"path": one.request.path, "size": one.size, "sha256": one.sha256, "h1": one.h1} for one in manifest.files
    ]
    lines += [one._asdict() for one in manifest.proofs]
    if manifest.reports is not None:
        as_of, size, digest = manifest.reports
        lines.append({"vulnerabilities": as_of, "size": size, "sha256": digest})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def parse(content: bytes) -> Manifest:
    """Read a manifest; nothing in it is verified but its form.

    Raises:
        DecodeError: it is none, names a path that is none of a module's file, or one thing twice.
    """
    lines = content.decode("utf-8", "replace").splitlines()
    first = _object(lines[0] if lines else "", 1)
    if first.get("schema") != SCHEMA:
        raise DecodeError("this is no manifest of an export of modules", subject=str(first.get("schema"))[:60])
    files: dict[str, ExportedFile] = {}
    proofs: dict[tuple[str, str], ExportedProof] = {}
    reports: ExportedReports | None = None
    for number, line in enumerate(lines[1:], 2):
        found = _object(line, number)
        if "path" in found:
            file = _file(found, number)
            if files.setdefault(file.request.path, file) is not file:
                raise _malformed("it names a file twice", number)
        elif "vulnerabilities" in found:
            if reports is not None:
                raise _malformed("it has two vulnerability databases", number)
            reports = ExportedReports(_time(found, number, "vulnerabilities"), *_measured(found, number))
        else:
            proof = ExportedProof(
                _text(found, "module", number), _text(found, "version", number), _text(found, "proof", number)
            )
            if proofs.setdefault(proof[:2], proof) is not proof:
                raise _malformed("it has two proofs of one version", number)
    return Manifest(
        _time(first, 1), _text(first, "database", 1), _text(first, "head", 1),
        tuple(files.values()), tuple(proofs.values()), _since(first), reports,
    )  # fmt: skip


def _since(first: dict[str, object]) -> tuple[Earlier, ...]:
    listed = first.get("since")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _malformed('it has no list "since"', 1)
    found = tuple(Earlier(_text(one, "sha256", 1), _time(one, 1)) for one in listed)
    if not all(_SHA256.fullmatch(one.sha256) for one in found):
        raise _malformed("the SHA-256 of an earlier export is none", 1)
    return found


def _time(found: dict[str, object], number: int, name: str = "taken_at") -> str:
    text = _text(found, name, number)
    if not _TIME.fullmatch(text):
        raise _malformed(f'its "{name}" is no time', number)
    return text


def _file(found: dict[str, object], number: int) -> ExportedFile:
    request = requests.parse(f"/{_text(found, 'path', number)}")
    h1 = _text(found, "h1", number)
    if not isinstance(request, ModuleRequest) or not request.canonical or f"/{request.path}" != f"/{found['path']}":
        raise _malformed("its path is none of a file of a module version", number)
    size, digest = _measured(found, number)
    if not (h1 == "" if request.kind == "info" else _H1.fullmatch(h1)):
        raise _malformed("its h1 is none", number)
    return ExportedFile(request, size, digest, h1)


def _measured(found: dict[str, object], number: int) -> tuple[int, str]:
    """Size and SHA-256."""
    size, digest = found.get("size"), _text(found, "sha256", number)
    if type(size) is not int or size < 0 or not _SHA256.fullmatch(digest):
        raise _malformed("its size or its SHA-256 is none", number)
    return size, digest


def _object(line: str, number: int) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _malformed("it is no JSON object", number)
    return found


def _text(found: dict[str, object], name: str, number: int) -> str:
    value = found.get(name)
    # Half of a surrogate pair has no bytes; what is hashed and looked up has.
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        raise _malformed(f'it has no text "{name}"', number)
    return value


def _malformed(what: str, number: int) -> DecodeError:
    return DecodeError(what, subject=f"{MANIFEST}:{number}")
