"""The list of releases that go.dev gives: which files each of them has, with size and SHA-256. Pure.

    [{"version": "go1.26.8", "stable": true, "files": [{"filename": "go1.26.8.linux-amd64.tar.gz", "os": "linux",
      "arch": "amd64", "version": "go1.26.8", "sha256": "d0f7...", "size": 66897291, "kind": "archive"}, ...]}, ...]

It comes from the server that the archives come from: it proves that a transfer was sound, not who made the archive. A release
up to 1.6 may have no SHA-256; such a file is unverifiable, and equals nothing.

Source: golang/website, internal/dl, dl.go (`File`, `Release`) and server.go; golang/build, internal/relui (`.sha256` files).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import NOT_JUDGED, StewardError
from gosteward.golang.toolchain_names import archive_name, source_name

if TYPE_CHECKING:
    from gosteward.golang.platforms import Platform

SIZE_LIMIT = 1 << 25  # bytes; all releases up to 2026 are about 2 MB
MOST_RELEASES = 5_000
MOST_FILES = 500  # of one release
LARGEST_FILE = 1 << 33
_LONGEST_NUMBER = 15  # digits; Python refuses to read thousands of them
# One letter or digit at least follows each dot, so that no name is a path, hidden, or an option.
_FILE_NAME = re.compile(r"go[0-9A-Za-z]*(?:[._+-][0-9A-Za-z]+){1,12}", re.ASCII)
_VERSION = re.compile(r"go1[0-9a-z]{0,8}(?:\.[0-9a-z]{1,8}){0,3}", re.ASCII)
_WORD = re.compile(r"[0-9A-Za-z._-]{0,40}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ReleaseIndexError(StewardError):
    """What should be a list of releases, or a digest, is something else: nothing is known about the files."""

    exit_code = NOT_JUDGED


class ReleaseFile(NamedTuple):
    """A file of a release.

    Attributes:
        name: "go1.26.8.linux-amd64.tar.gz", never with a folder in front.
        os, arch: "linux", "armv6l", as in the name; "" for sources.   kind: "archive", "installer", "source".
        size: bytes, 0 if it is not known.   sha256: 64 hexadecimal digits, "" if it is not known.
    """

    name: str
    os: str
    arch: str
    kind: str
    size: int
    sha256: str

    def has_digest(self, digest: str) -> bool:
        """Whether bytes with this SHA-256 are this file; False where the index gives none."""
        return bool(self.sha256) and digest.lower() == self.sha256


class Release(NamedTuple):
    """A release.  version: "go1.26.8".  stable: it is no beta and no candidate."""

    version: str
    stable: bool
    files: tuple[ReleaseFile, ...]


def parse(text: str) -> tuple[Release, ...]:
    """Read the answer to go.dev/dl/?mode=json, in its order: newest first.

    Raises:
        ReleaseIndexError: it is no such list. Nothing of a list with one impossible entry is used.
    """
    if len(text) > SIZE_LIMIT:
        raise ReleaseIndexError("the list of releases is too long")
    try:
        content = json.loads(text, parse_int=_number, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError):  # nested a thousand times
        raise _not_a_list(text, "the list of releases is no JSON") from None
    if not isinstance(content, list) or len(content) > MOST_RELEASES:
        raise ReleaseIndexError("the list of releases is no list, or too long a one")
    releases = tuple(_release(entry) for entry in content)
    if len({release.version for release in releases}) != len(releases):
        raise ReleaseIndexError("the list of releases has one of them twice")
    return releases


def archive_of(release: Release, platform: Platform) -> ReleaseFile | None:
    """The archive of a release for a platform; None if it has none.

    It is found by the name that it must have: an entry cannot offer the file of another release.
    """
    return _named(release, archive_name(release.version, platform), "archive")


def sources_of(release: Release) -> ReleaseFile | None:
    """The sources of a release; None if they are not listed."""
    return _named(release, source_name(release.version), "source")


def parse_digest(text: str) -> str:
    """Read FILE.sha256 of dl.google.com: 64 hexadecimal digits, mostly without an end of line, and no file name.

    Raises:
        ReleaseIndexError: it is something else. go.dev itself answers with a page and status 200.
    """
    digest = text.strip().lower() if len(text) < 100 else ""
    if not _SHA256.fullmatch(digest):
        raise _not_a_list(text, "not a SHA-256 digest")
    return digest


def _named(release: Release, name: str, kind: str) -> ReleaseFile | None:
    return next((file for file in release.files if (file.name, file.kind) == (name, kind)), None)


def _release(entry: object) -> Release:
    fields = _object(entry, "a release")
    version = _text(fields, "version", _VERSION)
    stable, files = fields.get("stable"), fields.get("files")
    if not isinstance(stable, bool) or not isinstance(files, list) or len(files) > MOST_FILES:
        raise _impossible("stable or files", version)
    read = tuple(_file(version, file) for file in files)
    if len({file.name for file in read}) != len(read):
        raise _impossible("a file that is there twice", version)
    return Release(version, stable, read)


def _file(version: str, entry: object) -> ReleaseFile:
    fields = _object(entry, version)
    name = _text(fields, "filename", _FILE_NAME)
    size, digest = fields.get("size"), fields.get("sha256")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST_FILE:
        raise _impossible("size", name)
    if not isinstance(digest, str) or (digest and not _SHA256.fullmatch(digest)):
        raise _impossible("sha256", name)
    if fields.get("version", version) != version:
        raise _impossible("version", name)
    os, arch, kind = (_text(fields, key, _WORD) for key in ("os", "arch", "kind"))
    return ReleaseFile(name=name, os=os, arch=arch, kind=kind, size=size, sha256=digest)


def _object(entry: object, what: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise _impossible("something that is no object", what)
    return entry


def _text(fields: dict[str, Any], key: str, form: re.Pattern[str]) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _impossible(key, value if isinstance(value, str) else "")
    return value


def _impossible(what: str, subject: str) -> ReleaseIndexError:
    shown = "".join(c if c.isprintable() else "?" for c in subject[:60])
    return ReleaseIndexError(f"the list of releases has an impossible entry ({what})", subject=shown)


def _not_a_list(text: str, what: str) -> ReleaseIndexError:
    page = text[:1000].lstrip("\ufeff \t\r\n").startswith("<")
    hint = "the answer is a web page: of a log-in, or of a server that has no such file" if page else ""
    return ReleaseIndexError(what, hint=hint)


def _number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number of that length")
    return int(digits)


def _no_number(digits: str) -> int:
    raise ValueError(f"no whole number: {digits[:20]}")
