"""A policy as it is written down: one TOML file, read strictly. Pure.

    default = "allow"                      # or "deny": what no rule fits
    minimum_age = "7d"                     # s, m, h, d, w
    maximum_zip = "100MiB"                 # or a number of bytes
    private = ["git.corp.example"]         # nobody outside is asked for these

    [[rule]]                               # the first one that fits decides
    name = "no-old-jwt"
    deny = ["github.com/dgrijalva/jwt-go"]     # or allow = [...]; patterns as in GOPRIVATE
    versions = ["<v4.0.0", {introduced = "4.1.0", fixed = "4.1.2"}]
    reason = "unmaintained: use github.com/golang-jwt/jwt"

    [[age]]                                # the first one that fits, else minimum_age
    modules = ["golang.org/toolchain"]
    minimum_age = "0"

    [[size]]
    modules = ["github.com/aws/*"]
    maximum_zip = "400MiB"

    [[route]]                              # the first one that fits; private modules without one come from the store alone
    modules = ["git.corp.example"]
    upstream = "https://athens.corp.example"

What is not known, is of another kind, or can never come into effect is an error: a typing mistake must not open what was meant to be closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.formats import toml_document
from gosteward.golang import version_ranges
from gosteward.golang.modulepaths import covers
from gosteward.golang.proxyurls import PUBLIC_PROXIES, masked
from gosteward.golang.proxyurls import parse as parse_url
from gosteward.modules.policy import Age, Covered, ModulePolicy, Place, Route, Rule, Size
from gosteward.modules.upstreams import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.version_ranges import VersionRange
    from gosteward.modules.upstreams import Upstream

LONGEST_FILE = 1 << 20
MOST = 5_000  # rules, patterns or versions in one list
LISTS = ("rule", "age", "size", "route")
TOP = ("default", "minimum_age", "maximum_zip", "private", *LISTS)
KEYS = {
    "rule": ("name", "allow", "deny", "versions", "reason"),
    "age": ("modules", "versions", "minimum_age"),
    "size": ("modules", "versions", "maximum_zip"),
    "route": ("modules", "upstream"),
}
_MOST_GLOBS = 100
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_AGE = re.compile(r"(\d{1,6})([smhdw])|0")
_BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"(\d{1,12}) ?(B|kB|MB|GB|KiB|MiB|GiB|)")
_PATTERN = re.compile(r"[A-Za-z0-9._~*?\[\]^!-]+(?:/[A-Za-z0-9._~*?\[\]^!-]+)*/?")
_HEADER = re.compile(r"\s*\[\[\s*(?P<name>[a-z]+)\s*\]\]")


class _Table(NamedTuple):
    """A table of the file, or all of it.  where: for errors, "policy.toml:12".   line: 0 where it is not known."""

    values: dict[str, object]
    where: str
    place: Place


def parse(text: str, path: str) -> ModulePolicy:
    """Read a policy.

    Args:
        path: of the file, for errors.

    Raises:
        UsageError: it is none, and which line or key is why.
    """
    if len(text) > LONGEST_FILE:
        raise UsageError("the file is too long for a policy", subject=path)
    top = _Table(
        toml_document.parsed(text, path, UsageError("this is no policy", subject=path)),
        path,
        Place(path.rpartition("/")[2]),
    )
    _known(top, TOP)
    tables = {name: _tables(top, name, text, path) for name in LISTS}
    private = _patterns(top, "private") if "private" in top.values else ""
    found = ModulePolicy(
        top.place,
        _choice(top),
        tuple(_rule(table) for table in tables["rule"]),
        _age(top) if "minimum_age" in top.values else 0.0,
        tuple(Age(_covered(table), _age(table), table.place) for table in tables["age"]),
        _size(top) if "maximum_zip" in top.values else -1,
        tuple(Size(_covered(table), _size(table), table.place) for table in tables["size"]),
        private,
        tuple(_route(table, private) for table in tables["route"]),
    )
    for list_name, entries in (
        ("rule", found.rules),
        ("age", found.ages),
        ("size", found.sizes),
        ("route", found.routes),
    ):
        _refuse_idle(tables[list_name], [entry.covered for entry in entries])
    return found


def _tables(top: _Table, name: str, text: str, path: str) -> list[_Table]:
    """The tables of a list. TOML keeps no lines: their headers are counted, and if that does not come out right, no lines are told."""
    listed = top.values.get(name, [])
    if not isinstance(listed, list) or len(listed) > MOST or not all(isinstance(one, dict) for one in listed):
        raise UsageError(f"{name} is a list of tables", subject=f"{path}: {name}", hint=f"each begins with [[{name}]]")
    headers = ((number, _HEADER.match(line)) for number, line in enumerate(text.split("\n"), 1))
    lines = [number for number, header in headers if header is not None and header["name"] == name]
    lines = lines if len(lines) == len(listed) else [0] * len(listed)
    return [_known(_table(top, name, values, line, number, path), KEYS[name])
            for number, (values, line) in enumerate(zip(listed, lines), 1)]  # fmt: skip


def _table(top: _Table, name: str, values: dict[str, object], line: int, number: int, path: str) -> _Table:
    where = f"{path}:{line}" if line else f"{path}: {name} {number}"
    named = values.get("name", "")
    if not isinstance(named, str) or not named.isprintable() or len(named) > 100:
        raise UsageError("name is a short text", subject=where)
    return _Table(values, where, Place(top.place.file, line, named or ("" if line else f"{name} {number}")))


def _known(table: _Table, keys: tuple[str, ...]) -> _Table:
    for key in table.values:
        if key not in keys:
            raise UsageError(
                "not a key of a policy", subject=f"{table.where}: {_printable(key)}", hint=f"allowed: {', '.join(keys)}"
            )
    return table


def _choice(top: _Table) -> bool:
    value = top.values.get("default", "allow")
    if value not in ("allow", "deny"):
        raise UsageError('default is "allow" or "deny"', subject=f"{top.where}: {_printable(repr(value))}")
    return value == "allow"


def _rule(table: _Table) -> Rule:
    kinds = [key for key in ("allow", "deny") if key in table.values]
    if len(kinds) != 1:
        raise UsageError("a rule has either `allow` or `deny`", subject=table.where)
    reason = table.values.get("reason", "")
    if not isinstance(reason, str) or len(reason) > 1_000 or not reason.replace("\n", "").isprintable():
        raise UsageError("reason is a text", subject=f"{table.where}: reason")
    allows = kinds[0] == "allow"
    return Rule(
        Covered(_patterns(table, kinds[0]), _versions(table)), allows, reason.strip() or "it is denied", table.place
    )


def _covered(table: _Table) -> Covered:
    return Covered(_patterns(table, "modules"), _versions(table))


def _patterns(table: _Table, key: str) -> str:
    value = table.values.get(key)
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        raise UsageError(f"{key} is a list of module patterns", subject=f"{table.where}: {key}")
    for one in listed:
        if not isinstance(one, str) or not _PATTERN.fullmatch(one):
            hint = 'path elements with * and ?, such as "github.com/corp/*"; each stands for all below it, too'
            raise UsageError(
                "this is no pattern of module paths", subject=f"{table.where}: {_printable(repr(one))}", hint=hint
            )
    return ",".join(listed)


def _versions(table: _Table) -> tuple[VersionRange, ...]:
    if "versions" not in table.values:
        return ()
    value = table.values["versions"]
    listed = [value] if isinstance(value, (str, dict)) else value
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        raise UsageError("versions is a list of versions and ranges", subject=f"{table.where}: versions")
    return tuple(_range(table, one) for one in listed)


def _range(table: _Table, value: object) -> VersionRange:
    try:
        if isinstance(value, dict):
            return version_ranges.of_events(value)
        return version_ranges.parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise UsageError(str(error), subject=f"{table.where}: {_printable(repr(value))}") from error


def _age(table: _Table) -> float:
    value = table.values.get("minimum_age")
    match = _AGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UsageError(
            'minimum_age is a text such as "7d", "36h" or "0"', subject=f"{table.where}: {_printable(repr(value))}"
        )
    return int(match[1]) * _UNITS[match[2]] if match[1] else 0.0


def _size(table: _Table) -> int:
    value = table.values.get("maximum_zip")
    match = _SIZE.fullmatch(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if match is None:
        raise UsageError(
            'maximum_zip is a number of bytes, or a text such as "100MiB"',
            subject=f"{table.where}: {_printable(repr(value))}",
        )
    return int(match[1]) * _BYTES[match[2]]


def _route(table: _Table, private: str) -> Route:
    value = table.values.get("upstream")
    if not isinstance(value, str):
        raise UsageError('upstream is a list like GOPROXY, or "off"', subject=f"{table.where}: upstream")
    try:
        found = upstreams(value)
    except UsageError as error:
        raise UsageError(error.what, subject=f"{table.where}: {error.subject}", hint=error.hint) from error
    covered = Covered(_patterns(table, "modules"))
    outside = next((one for one in found if _is_public(one)), None)
    if outside is not None and any(
        _overlap(own, ours) for own in private.split(",") for ours in covered.modules.split(",")
    ):
        raise UsageError(
            "private modules would be asked for outside", subject=f"{table.where}: {masked(outside.shown)}"
        )
    return Route(covered, found, table.place)


def _is_public(upstream: Upstream) -> bool:
    url = parse_url(upstream.url)
    return url is not None and url.host.lower() in PUBLIC_PROXIES


def _overlap(one: str, other: str) -> bool:
    return bool(one and other) and (covers(one, other) or covers(other, one))


def _refuse_idle(tables: list[_Table], covered: list[Covered]) -> None:
    """Refuse an entry that an earlier one leaves nothing to: it contradicts that one, or repeats it."""
    literal: dict[
        str, list[int]
    ] = {}  # numbers of entries by their patterns, so that long lists are not compared each with each
    globs: list[int] = []
    for number, later in enumerate(covered):
        patterns = [pattern.rstrip("/") for pattern in later.modules.split(",")]
        for other in (*globs, *(n for above in _leading(patterns[0]) for n in literal.get(above, ()))):
            same = covered[other].versions in ((), later.versions)
            if same and all(covers(covered[other].modules, pattern) for pattern in patterns):
                what = f"it never comes into effect: {tables[other].where} fits first"
                raise UsageError(what, subject=tables[number].where)
        if len(globs) < _MOST_GLOBS and any(c in later.modules for c in "*?["):
            globs.append(number)
        for pattern in patterns:
            literal.setdefault(pattern, []).append(number)


def _leading(path: str) -> Iterator[str]:
    """A path, and what is above it."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:200])
