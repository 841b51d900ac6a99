"""Names and small files in a module cache: whose they are, and which version they state. Pure.

Source: golang.org/x/mod/module (`UnescapePath`, `UnescapeVersion`); cmd/go/internal/modfetch/cache.go (`CachePath`, `writeDiskStat`).
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from gosteward.golang import gomod

# .lock and .partial are of a download that goes on, or was cut.
SUFFIXES = ("info", "mod", "zip", "ziphash", "lock", "partial")
LONGEST = 1_024
_CAPITAL = re.compile(r"!([a-z])")
_NOT_ESCAPED = re.compile(r"[^!-~]|[A-Z]|!(?![a-z])")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_TEMPORARY = re.compile(r"\.tmp-?\d*\Z")


class Downloaded(NamedTuple):
    """The name of a file beside others of its version.  suffix: one of SUFFIXES."""

    version: str
    suffix: str


def unescaped(text: str) -> str:
    """The inverse of `gomod.escape`; "" for what no path or version is written as."""
    if not text.isascii() or len(text) > LONGEST or _NOT_ESCAPED.search(text):
        return ""
    return _CAPITAL.sub(lambda match: match[1].upper(), text)


def is_temporary(name: str) -> bool:
    """Whether go calls a file or directory so that is not whole yet."""
    return bool(_TEMPORARY.search(name))


def downloaded(name: str) -> Downloaded | None:
    """What a file in a directory @v is; None if it belongs to no version."""
    base, _, suffix = name.rpartition(".")
    version = unescaped(base)
    return Downloaded(version, suffix) if suffix in SUFFIXES and gomod.is_version(version) else None


def unpacked(path: str) -> tuple[str, str] | None:
    """Module and version of a directory, "github.com/!burnt!sushi/toml@v1.4.0"; None if it is none of a module."""
    module, _, version = path.rpartition("@")
    module, version = unescaped(module), unescaped(version)
    return (module, version) if module and gomod.is_version(version) else None


def stated_version(info: bytes) -> str:
    """The version that a .info names; "" if it names none."""
    try:
        stated = json.loads(info)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(stated, dict) or not all(_is_readable(name.casefold(), value) for name, value in stated.items()):
        return ""
    # To Go the case of a name is nothing, and the last one of it counts.
    versions = {value for name, value in stated.items() if name.casefold() == "version"}
    version = stated.get("Version")
    return version if isinstance(version, str) and versions == {version} else ""


def _is_readable(name: str, value: object) -> bool:
    """Whether Go reads a field: a file that it does not read would stay as it is, in its cache as in ours."""
    if name in ("version", "name", "short"):
        return isinstance(value, str)
    if name == "time":
        return isinstance(value, str) and bool(_TIME.fullmatch(value))
    return name != "origin" or value is None or isinstance(value, dict)
