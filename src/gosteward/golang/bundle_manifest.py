"""What a bundle says about itself: which releases are in it, and by what they are proved. Pure.

A bundle is a tar whose first member, MANIFEST, is a JSON document of the schema "gosteward.bundle/1"; see docs/reference/bundle-format.md.
Nothing in it is trusted: each claim is about bytes that can be hashed, or has a proof that a key has signed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import DecodeError
from gosteward.golang import goversion, platforms, toolchain_names

if TYPE_CHECKING:
    from gosteward.golang.platforms import Platform

SCHEMA = "gosteward.bundle/1"
MANIFEST = "gosteward-bundle.json"
FORMS = ("module", "archive")
SIZE_LIMIT = 4 << 20
ARCHIVE_LIMIT = 512 << 20
MOST_RELEASES = 200
TEXT_LIMIT = 1 << 14  # characters of a head or a proof; those of the public log have below 2000

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NAME = re.compile(r"[!-*,-~]{1,200}", re.ASCII)
_KEY_HASH = re.compile(r"[0-9a-f]{8}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_H1 = re.compile(r"h1:[A-Za-z0-9+/]{43}=", re.ASCII)
_DIGITS = 19
_LARGEST = (1 << 63) - 1


class BundledRelease(NamedTuple):
    """A release in a bundle, as it says.

    Attributes:
        form: "module" (zip of golang.org/toolchain) or "archive" (tar.gz as on go.dev).   file: name of its member, see `file_of`.
        size: bytes of the archive.   sha256: of them.   h1: of the tree that it holds.   record: number of its record in the log.
        proof: c2sp.org/tlog-proof that the h1 is in the log.
    """

    version: str
    platform: Platform
    form: str
    file: str
    size: int
    sha256: str
    h1: str
    record: int
    proof: str

    @property
    def shown(self) -> str:
        """Which one, for people: "go1.26.8 linux-amd64"."""
        return f"{self.version} {self.platform.archive}"


class Manifest(NamedTuple):
    """The whole of it.

    Attributes:
        created_at: UTC, ISO 8601.   log, key_hash: name of the checksum database, and hash of its key in hexadecimal.
        head: signed note: the newest tree head that a proof in it is made under.   releases: by version and platform.
    """

    created_at: str
    log: str
    key_hash: str
    head: str
    releases: tuple[BundledRelease, ...]


def file_of(version: str, platform: Platform, form: str) -> str:
    """Name of the member that holds a release: as on go.dev, or "v0.0.1-go1.26.8.linux-amd64.zip"."""
    if form == "archive":
        return toolchain_names.archive_name(version, platform)
    return f"{toolchain_names.module_version(version, platform)}.zip"


def in_order(releases: tuple[BundledRelease, ...]) -> tuple[BundledRelease, ...]:
    """As they stand in a bundle: by version, then by platform."""
    lowest = (0, 0, 0, 0)
    return tuple(sorted(releases, key=lambda r: (goversion.parse(r.version) or lowest, r.platform.module)))


def written(manifest: Manifest) -> bytes:
    """The text of a manifest, always the same for the same values."""
    document = {
        "schema": SCHEMA,
        "created_at": manifest.created_at,
        "log": {"name": manifest.log, "key_hash": manifest.key_hash, "head": manifest.head},
        "releases": [{**r._asdict(), "platform": r.platform.module} for r in in_order(manifest.releases)],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def parse(content: bytes) -> Manifest:
    """Read a manifest. What it has besides the known fields is passed over.

    Raises:
        DecodeError: it is none, or has a value that cannot be.
    """
    try:
        return _manifest(_document(content))
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)[:200]
        hint = "it may be damaged, or of a later version of gosteward: make it again with `gosteward bundle create`"
        raise DecodeError(f"no manifest of a bundle ({reason})", subject=MANIFEST, hint=hint) from None


def _manifest(found: dict[str, Any]) -> Manifest:
    log, rows = _dictionary(found, "log"), found.get("releases")
    if found.get("schema") != SCHEMA or not isinstance(rows, list) or not 0 < len(rows) <= MOST_RELEASES:
        raise ValueError(f"it is not of the schema {SCHEMA}, or has no releases, or more than {MOST_RELEASES}")
    releases = tuple(_release(row) for row in rows)
    if len({r.file for r in releases}) != len(releases):
        raise ValueError("it has a release twice")
    return Manifest(
        _matching(found, "created_at", _TIME),
        _matching(log, "name", _NAME),
        _matching(log, "key_hash", _KEY_HASH),
        _text(log, "head"),
        releases,
    )


def _document(content: bytes) -> dict[str, Any]:
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"more than {SIZE_LIMIT} bytes")
    found = json.loads(
        content.decode(), object_pairs_hook=_without_twins, parse_int=_integer, parse_float=_nothing, parse_constant=_nothing
    )  # fmt: skip
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - of a text, not of an argument
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may take another one of two keys."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("a number that is too long")
    return int(digits)


def _nothing(_: str) -> None:
    """Nothing here is measured in anything but whole numbers; what later versions add may be."""


def _release(row: object) -> BundledRelease:
    if not isinstance(row, dict):
        raise ValueError("a release that is no object")  # noqa: TRY004 - of a text, not of an argument
    version, form = row.get("version"), row.get("form")
    platform = platforms.of_module(str(row.get("platform")))
    if not isinstance(version, str) or not toolchain_names.is_release(version) or platform is None or form not in FORMS:
        raise ValueError("a release without version, platform or form")
    file = file_of(version, platform, form)
    if row.get("file") != file:
        raise ValueError(f"the file of {version} is not {file}")
    return BundledRelease(
        version,
        platform,
        form,
        file,
        _number(row, "size", 1, ARCHIVE_LIMIT),
        _matching(row, "sha256", _SHA256),
        _matching(row, "h1", _H1),
        _number(row, "record", 0, _LARGEST),
        _text(row, "proof"),
    )


def _dictionary(document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    if not isinstance(found, dict):
        raise ValueError(f"no {key}")  # noqa: TRY004 - of a text, not of an argument
    return found


def _matching(document: dict[str, Any], key: str, form: re.Pattern[str]) -> str:
    found = document.get(key)
    if not isinstance(found, str) or not form.fullmatch(found):
        raise ValueError(f"{key} has another form")
    return found


def _text(document: dict[str, Any], key: str) -> str:
    found = document.get(key)
    if not isinstance(found, str) or not 0 < len(found) <= TEXT_LIMIT:
        raise ValueError(f"{key} has another form")
    return found


def _number(document: dict[str, Any], key: str, least: int, most: int) -> int:
    found = document.get(key)
    if type(found) is not int or not least <= found <= most:
        raise ValueError(f"{key} is no whole number from {least} to {most}")
    return found
