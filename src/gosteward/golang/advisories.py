"""Vulnerabilities of Go's own distribution, and how a vulnerability database tells of them. Pure.

    index/db.json        {"modified": "2026-11-05T23:49:57Z"}
    index/modules.json   [{"path": "stdlib", "vulns": [{"id": "GO-2026-6602", "modified": "2026-10-08T18:01:02Z"}]}, ...]
    ID/GO-2026-6602.json an entry in the form of OSV

Two names stand for Go itself: "stdlib" for the library, "toolchain" for the commands. Versions are written as semantic ones there:
"1.27.0-rc.3" is go1.27rc3, and "1.26.0-0" what comes before the first candidate. What concerns other systems only is passed over.

Source: go.dev/doc/security/vuln/database; ossf.github.io/osv-schema, "affected[].ranges[].events", "withdrawn".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import NOT_JUDGED, StewardError
from gosteward.golang.goversion import GoVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MODULES = ("stdlib", "toolchain")
SYSTEM = "linux"
ENTRY_LIMIT = 1 << 20  # bytes; the longest of 2026 has 20,000
INDEX_LIMIT = 16 << 20
MOST_ENTRIES = 5_000
MOST_RANGES = 100
MOST_PACKAGES = 100

ID = re.compile(r"GO-\d{4}-\d{4,8}", re.ASCII)
ALIAS = re.compile(r"CVE-\d{4}-\d{4,12}", re.ASCII)
PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~/+-]{0,199}", re.ASCII)
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z", re.ASCII)
_POINT = re.compile(
    r"(?P<major>\d{1,4})\.(?P<minor>\d{1,4})(?:\.(?P<patch>\d{1,4}))?(?:-(?:0|(?P<kind>beta|rc)\.?(?P<number>\d{1,4})))?",
    re.ASCII,
)
_START = GoVersion(0, 0, -1, 0)


class AdvisoryError(StewardError):
    """What should be an answer of a vulnerability database is something else."""

    exit_code = NOT_JUDGED


class Range(NamedTuple):
    """Versions from one on up to another one, without that; as in an entry: "0", "1.26.0-0", "1.26.9". fixed: "" where no release has the fix."""

    introduced: str
    fixed: str

    def holds(self, *versions: GoVersion) -> bool:
        """Whether one of these versions lies in it."""
        end = point(self.fixed)
        earlier = [version for version in versions if end is None or version < end]
        first = point(self.introduced) if earlier else None  # of most entries all versions are later
        return first is not None and any(first <= version for version in earlier)


class Advisory(NamedTuple):
    """A vulnerability.

    Attributes:
        id: "GO-2026-6602".   aliases: its CVE numbers.   packages: "cmd/go", "net/http"; "toolchain" or "stdlib" where it names none.
        ranges: versions that have it, () for one that was withdrawn.
    """

    id: str
    aliases: tuple[str, ...]
    packages: tuple[str, ...]
    ranges: tuple[Range, ...]

    @property
    def name(self) -> str:
        """What people look for: the CVE number, or the id where there is none."""
        return self.aliases[0] if self.aliases else self.id

    @property
    def of_command(self) -> bool:
        """Whether it is a fault of Go's own programs, which endangers the host that builds."""
        return any(package == "toolchain" or package.startswith("cmd/") for package in self.packages)

    def affects(self, *versions: GoVersion) -> bool:
        """Whether one of these versions has it."""
        return any(r.holds(*versions) for r in self.ranges)

    def fixed_after(self, version: GoVersion) -> GoVersion | None:
        """The next release without it, for a version that has it; None where there is none."""
        ends = [point(r.fixed) for r in self.ranges if r.holds(version)]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


class Listed(NamedTuple):
    """A line of the index.  modified: UTC, ISO 8601, to the second."""

    id: str
    modified: str


def point(text: str) -> GoVersion | None:
    """Where a version of an entry stands among those of Go; None for a text that is none, so also for ""."""
    if text == "0":
        return _START
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = int(match["major"]), int(match["minor"]), int(match["patch"] or 0)
    if match["kind"]:
        return GoVersion(major, minor, 0 if match["kind"] == "beta" else 1, int(match["number"]))
    before = text.endswith("-0") and not patch
    return GoVersion(major, minor, -1, 0) if before else GoVersion(major, minor, 2, patch)


def shown(version: GoVersion) -> str:
    """Go's name of a version: "go1.26.9", "go1.27rc3"; "go1.20" for the first release of a line before 1.21."""
    bare = version.stage < 0 or (version.stage == 2 and not version.number and version < (1, 21))
    tail = "" if bare else ("beta", "rc", ".")[version.stage] + str(version.number)
    return f"go{version.language}{tail}"


def time_of(text: object, what: str) -> str:
    """A time in UTC, to the second. Raises AdvisoryError."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise AdvisoryError(f"{what} has no time in UTC")
    return f"{match[1]}Z"


def modified(content: bytes) -> str:
    """Read index/db.json: when the database changed last. Raises AdvisoryError."""
    found = document(content, "the index of the database")
    return time_of(found.get("modified") if isinstance(found, dict) else None, "the index of the database")


def listed(content: bytes) -> tuple[Listed, ...]:
    """Read index/modules.json: the entries about Go itself, each once. Raises AdvisoryError: nothing of a list with an impossible line is used."""
    rows = document(content, "the index of modules")
    if not isinstance(rows, list):
        raise AdvisoryError("the index of modules is no list")
    found: dict[str, Listed] = {}
    for row in rows:
        if isinstance(row, dict) and row.get("path") in MODULES:
            found.update((line.id, line) for line in map(_listed, list_at(row, "vulns", MOST_ENTRIES)))
    return tuple(found[id_] for id_ in sorted(found))


def entry_in(content: bytes) -> dict[str, Any]:
    """The object of an entry, which has an id. Raises AdvisoryError: it is none."""
    entry = document(content, "an entry of the database", ENTRY_LIMIT)
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not ID.fullmatch(entry["id"]):
        raise AdvisoryError("an entry of the database has no id")
    return entry


def parse(content: bytes) -> Advisory:
    """Read an entry. One that was withdrawn, or does not concern Go on this system, has no ranges.

    Raises:
        AdvisoryError: it is none.
    """
    entry = entry_in(content)
    aliases = [a for a in list_at(entry, "aliases", MOST_PACKAGES) if isinstance(a, str) and ALIAS.fullmatch(a)]
    concerned = list(_concerned(entry)) if not entry.get("withdrawn") else []
    packages = dict.fromkeys(name for part in concerned for name in _packages(part))
    ranges = {found for part in concerned for found in _ranges(part)}
    if len(packages) > MOST_PACKAGES or len(ranges) > MOST_RANGES:
        raise AdvisoryError("an entry of the database is too long", subject=entry["id"])
    in_order = sorted(ranges, key=lambda r: (point(r.introduced) or _START, r.fixed))
    return Advisory(entry["id"], tuple(dict.fromkeys(aliases)), tuple(packages), tuple(in_order))


def _concerned(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in list_at(entry, "affected", MOST_RANGES):
        package = part.get("package") if isinstance(part, dict) else None
        if isinstance(package, dict) and package.get("name") in MODULES and _here(part):
            yield part


def _imports(part: dict[str, Any]) -> list[dict[str, Any]]:
    specific = part.get("ecosystem_specific")
    found = list_at(specific, "imports", MOST_ENTRIES) if isinstance(specific, dict) else []
    return [one for one in found if isinstance(one, dict)]


def _is_of_this_system(one: dict[str, Any]) -> bool:
    systems = one.get("goos")
    return not systems or not isinstance(systems, list) or SYSTEM in systems


def _here(part: dict[str, Any]) -> bool:
    imports = _imports(part)
    return not imports or any(map(_is_of_this_system, imports))


def _packages(part: dict[str, Any]) -> Iterable[str]:
    paths = (one.get("path") for one in _imports(part) if _is_of_this_system(one))
    found = [path for path in paths if isinstance(path, str) and PACKAGE.fullmatch(path)]
    return found or [part["package"]["name"]]


def _ranges(part: dict[str, Any]) -> Iterator[Range]:
    """Events stand in order of versions. Of kinds that are not known here nothing follows: a range stays open rather than ends too early."""
    for one in list_at(part, "ranges", MOST_RANGES):
        if not isinstance(one, dict) or one.get("type") != "SEMVER":
            continue
        introduced = ""
        for event in list_at(one, "events", MOST_RANGES * 2):
            start, end = _version(event, "introduced"), _version(event, "fixed")
            if end and introduced:
                yield Range(introduced, end)
            introduced = start or ("" if end else introduced)
        if introduced:
            yield Range(introduced, "")


def _version(event: object, key: str) -> str:
    text = event.get(key) if isinstance(event, dict) else None
    if text is None:
        return ""
    if not isinstance(text, str) or point(text) is None:
        raise AdvisoryError(f"an entry of the database has no version of Go at {key}")
    return text


def _listed(line: object) -> Listed:
    id_ = line.get("id") if isinstance(line, dict) else None
    if not isinstance(line, dict) or not isinstance(id_, str) or not ID.fullmatch(id_):
        raise AdvisoryError("the index of modules names an impossible entry")
    return Listed(id_, time_of(line.get("modified"), id_))


def list_at(entry: dict[str, Any], key: str, most: int) -> list[Any]:
    """A list in an answer; [] where there is none. Raises AdvisoryError: it is another thing, or longer than `most`."""
    found = entry.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > most:
        raise AdvisoryError(f"{key} in an answer of the database is no list, or too long a one")
    return found


def document(content: bytes, what: str, limit: int = INDEX_LIMIT) -> object:
    """Read JSON, without its numbers. Raises AdvisoryError: it is none, or longer than `limit`."""
    import json  # here, as the doctor judges by entries that were read before

    if len(content) > limit:
        raise AdvisoryError(f"{what} is too long")
    try:
        found: object = json.loads(content.decode(), parse_int=lambda _: None, parse_float=lambda _: None)
    except (ValueError, RecursionError):  # no numbers count here, and Python reads long ones slowly
        raise AdvisoryError(f"{what} is no JSON") from None
    return found
