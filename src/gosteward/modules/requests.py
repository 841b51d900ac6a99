"""What a request to a module proxy asks for: its path, read once, strictly, before anything is done with it. Pure.

    /github.com/!burnt!sushi/toml/@v/list
    /github.com/!burnt!sushi/toml/@v/v1.4.0.info   .mod   .zip
    /github.com/!burnt!sushi/toml/@v/master.info
    /github.com/!burnt!sushi/toml/@latest
    /sumdb/NAME/lookup/golang.org/x/text@v0.3.0

The go command sends "!" as "%21". So a path is decoded once, and what comes out is looked at as if it had come so; it holds no "%", no
upper case, no empty and no dotted component after that, and can be used as a name below a directory.

Source: go.dev/ref/mod#goproxy-protocol; golang.org/x/mod/module (`CheckPath`, `EscapePath`, `CheckPathMajor`); go.dev/design/25530-sumdb.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Union

from gosteward.golang import cached_names, gomod

LONGEST = 2_048  # characters of a target
LONGEST_NAME = 255  # of a file or directory
_SHORT = 100  # characters that fit in any case, escaped or not
FILES = ("info", "mod", "zip")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[!-~]*")
_ELEMENT = r"(?!\.)(?:[a-z0-9._~-]|![a-z])+(?<!\.)"
_MODULE = rf"(?![.-])[a-z0-9.-]+(?<!\.)(?:/{_ELEMENT})*"
_VERSION = r"(?!\.)(?:[a-z0-9._~+-]|![a-z])+"
_PATH = re.compile(
    rf"(?P<module>{_MODULE})/(?:(?P<latest>@latest)|@v/(?:(?P<list>list)|(?P<version>{_VERSION})\.(?P<file>info|mod|zip)))"
)
_DATABASE = re.compile(r"sumdb/(?P<name>[A-Za-z0-9._~/-]+?)/(?P<rest>supported|latest|lookup/.+|tile/.+)")
_LOOKUP = re.compile(rf"lookup/(?P<module>{_MODULE})@(?P<version>{_VERSION})")
_TILE = re.compile(r"tile/\d{1,2}/(?:data|\d{1,2})/(?:x\d{3}/){0,6}\d{3}(?:\.p/\d{1,3})?")
_PATH_MAJOR = re.compile(r"/v([1-9][0-9]*)\Z")
_GOPKG_MAJOR = re.compile(r"\Agopkg\.in/.*\.v(0|[1-9][0-9]*)(-unstable)?\Z")


class ModuleRequest(NamedTuple):
    """A question about a module.

    Attributes:
        kind: "list", "latest", "info", "mod", "zip".   module: its path, not escaped.   version: "" for list and latest.
        path: as the protocol writes it, escaped, without a slash in front: where such a file lies below a store.
        canonical: the version is one that never changes what it stands for. Only of those there are files; a branch or commit has an .info alone.
    """

    kind: str
    module: str
    version: str
    path: str
    canonical: bool = False

    @property
    def named(self) -> str:
        """For people: golang.org/x/text@v0.3.0."""
        return f"{self.module}@{self.version}" if self.version else self.module


class DatabaseRequest(NamedTuple):
    """A question for a checksum database.  name: of it.   rest: "supported", "latest", "lookup/...", "tile/..."."""

    name: str
    rest: str


class Malformed(NamedTuple):
    """It asks for nothing that there can be.  reason: for the body of the answer."""

    reason: str


Request = Union[ModuleRequest, DatabaseRequest, Malformed]


def request_for(kind: str, module: str, version: str) -> ModuleRequest:
    """The question for a file of a canonical version.  kind: "info", "mod", "zip"."""
    return ModuleRequest(kind, module, version, f"{gomod.escape(module)}/@v/{gomod.escape(version)}.{kind}", True)


def file_at(path: str) -> ModuleRequest | None:
    """The question for a file by its path below a store; None if that is none of a canonical version."""
    found = parse(f"/{path}") if path.isascii() else None
    return found if isinstance(found, ModuleRequest) and found.canonical else None


def parse(target: str) -> Request:
    """Read the target of a request, "/...", without its query."""
    if len(target) > LONGEST:
        return Malformed(f"the path is longer than {LONGEST} characters")
    path = _ENCODED.sub(lambda match: chr(int(match[1], 16)), target)
    if not path.startswith("/") or not _PLAIN.fullmatch(path) or "%" in path:
        return Malformed("the path has characters that no module path has")
    path = path[1:]
    if path.startswith("sumdb/"):
        return _database(path)
    match = _PATH.fullmatch(path)
    if match is None:
        return Malformed("the path is not one of the module proxy protocol")
    if len(path) > LONGEST_NAME and any(len(part) > LONGEST_NAME for part in path.split("/")):
        return Malformed(f"a part of the path is longer than {LONGEST_NAME} characters, which no file system takes")
    module, version = cached_names.unescaped(match["module"]), cached_names.unescaped(match["version"] or "")
    if "." not in module.partition("/")[0]:
        return Malformed("the first element of the module path has no dot")
    kind = "latest" if match["latest"] else "list" if match["list"] else match["file"]
    canonical = bool(version) and is_canonical(module, version)
    if kind in ("mod", "zip") and not canonical:
        return Malformed(f"{version} is not a canonical version of {module}: it has an .info alone")
    return ModuleRequest(kind, module, version, path, canonical)


def _database(path: str) -> Request:
    match = _DATABASE.fullmatch(path)
    if match is None or ".." in path or "//" in path or "/./" in path:
        return Malformed("the path is not one of a checksum database")
    rest = match["rest"]
    if rest.startswith("lookup/") and not _LOOKUP.fullmatch(rest):
        return Malformed("the path of the lookup is not that of a module version")
    if rest.startswith("tile/") and not _TILE.fullmatch(rest):
        return Malformed("the path of the tile is not one")
    return DatabaseRequest(match["name"], rest)


def is_canonical(module: str, version: str) -> bool:
    """Whether a version is a full one that this module can have.

    Source: golang.org/x/mod/module (`CheckPathMajor`, `CanonicalVersion`).
    """
    if not gomod.is_version(version) or ("+" in version and not version.endswith("+incompatible")):
        return False
    if len(version) > _SHORT and len(gomod.escape(version)) > LONGEST_NAME - len(".info"):
        return False
    major = version[1 : version.index(".")]
    gopkg = _GOPKG_MAJOR.match(module)
    if gopkg:
        # gopkg.in/x.v1 had pseudo-versions of v0 once.
        return major == gopkg[1] or (gopkg[1] == "1" and version.startswith("v0.0.0-"))
    suffix = _PATH_MAJOR.search(module)
    if suffix:
        return major == suffix[1] and not version.endswith("+incompatible")
    if version.endswith("+incompatible"):
        return int(major) >= 2
    return major in ("0", "1")
