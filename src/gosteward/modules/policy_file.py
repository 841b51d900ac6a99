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
    netrc = "/etc/gosteward/netrc"         # or header_file, or helper: see `route_secrets`

    [vulnerable]                           # versions with known vulnerabilities are refused
    when_unknown = "deny"                  # or "allow": what holds while no database is known; it has to be said
    except = ["GO-2024-1234"]              # or CVE numbers
    modules = ["*"]                        # those that it is about
    unreviewed = "deny"                    # or "allow": reports that the Go team took over without looking
    toolchains = "allow"                   # or "deny": whether reports about Go itself count, for golang.org/toolchain

    [licences]                             # judged by the zip, once it has come
    allow = ["MIT", "Apache-2.0", "BSD-*"] # or deny = [...]; names of SPDX
    unknown = "deny"                       # or "allow": what holds where nobody can tell; it has to be said
    except = ["github.com/corp/*"]         # modules that it is not about

What is not known, is of another kind, or can never come into effect is an error: a typing mistake must not open what was meant to be closed.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.formats import toml_document
from gosteward.formats.sizes import bytes_of
from gosteward.golang import version_ranges
from gosteward.golang.modulepaths import PATTERN_HINT, covers, is_pattern
from gosteward.golang.proxyurls import PUBLIC_PROXIES, masked
from gosteward.golang.proxyurls import parse as parse_url
from gosteward.knowledge.licences import NAMES
from gosteward.modules import route_secrets
from gosteward.modules.policy import Age, Covered, Licences, ModulePolicy, Place, Route, Rule, Size, Vulnerable
from gosteward.modules.upstreams import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.version_ranges import VersionRange
    from gosteward.modules.upstreams import Upstream

LONGEST_FILE = 1 << 20
MOST = 5_000  # rules, patterns or versions in one list
LISTS = ("rule", "age", "size", "route")
TABLES = ("vulnerable", "licences")
TOP = ("default", "minimum_age", "maximum_zip", "private", *LISTS, *TABLES)
KEYS = {
    "rule": ("name", "allow", "deny", "versions", "reason"),
    "age": ("modules", "versions", "minimum_age"),
    "size": ("modules", "versions", "maximum_zip"),
    "route": ("modules", "upstream", *route_secrets.KINDS),
    "vulnerable": ("when_unknown", "except", "modules", "unreviewed", "toolchains"),
    "licences": ("allow", "deny", "unknown", "except"),
}
_MOST_GLOBS = 100
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_AGE = re.compile(r"(\d{1,6})([smhdw])|0")
_HEADER = re.compile(r"\s*\[\[\s*(?P<name>[a-z]+)\s*\]\]")
_SINGLE = re.compile(r"\s*\[\s*(?P<name>[a-z]+)\s*\]")
_VULNERABILITY = re.compile(r"[A-Z]{2,10}-[A-Za-z0-9-]{4,40}", re.ASCII)


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
        _choice(top, "default", "allow"),
        tuple(_rule(table) for table in tables["rule"]),
        _age(top) if "minimum_age" in top.values else 0.0,
        tuple(Age(_covered(table), _age(table), table.place) for table in tables["age"]),
        _size(top) if "maximum_zip" in top.values else -1,
        tuple(Size(_covered(table), _size(table), table.place) for table in tables["size"]),
        private,
        tuple(_route(table, private) for table in tables["route"]),
        _vulnerable(_single(top, "vulnerable", text, path)) if "vulnerable" in top.values else None,
        _licences(_single(top, "licences", text, path)) if "licences" in top.values else None,
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


def _single(top: _Table, name: str, text: str, path: str) -> _Table:
    """A table that there is one of."""
    values = top.values[name]
    if not isinstance(values, dict):
        raise UsageError(f"{name} is a table", subject=f"{path}: {name}", hint=f"it begins with [{name}]")
    headers = ((number, _SINGLE.match(line)) for number, line in enumerate(text.split("\n"), 1))
    lines = [number for number, header in headers if header is not None and header["name"] == name]
    line = lines[0] if len(lines) == 1 else 0
    where = f"{path}:{line}" if line else f"{path}: {name}"
    return _known(_Table(values, where, Place(top.place.file, line, name)), KEYS[name])


def _known(table: _Table, keys: tuple[str, ...]) -> _Table:
    for key in table.values:
        if key not in keys:
            raise UsageError(
                "not a key of a policy", subject=f"{table.where}: {_printable(key)}", hint=f"allowed: {', '.join(keys)}"
            )
    return table


def _choice(table: _Table, key: str, usual: str) -> bool:
    """Whether a key says "allow"; "" as `usual`: it has to be there."""
    value = table.values.get(key, usual)
    if value not in ("allow", "deny"):
        subject = f"{table.where}: {_printable(repr(value))}" if value else table.where
        raise UsageError(f'{key} is "allow" or "deny"', subject=subject)
    return value == "allow"


def _licences(table: _Table) -> Licences:
    kinds = [key for key in ("allow", "deny") if key in table.values]
    if len(kinds) != 1:
        raise UsageError("licences have either `allow` or `deny`", subject=table.where)
    listed = table.values[kinds[0]]
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        raise UsageError(f"{kinds[0]} is a list of licences", subject=f"{table.where}: {kinds[0]}")
    for one in listed:
        if not isinstance(one, str) or not any(fnmatchcase(name, one) for name in NAMES):
            subject, hint = f"{table.where}: {_printable(repr(one))}", f"known: {', '.join(NAMES)}"
            raise UsageError("this is no licence that is known here", subject=subject, hint=hint)
    excepted = _patterns(table, "except") if "except" in table.values else ""
    return Licences(tuple(listed), kinds[0] == "allow", _choice(table, "unknown", ""), excepted, table.place)


def _vulnerable(table: _Table) -> Vulnerable:
    excepted = table.values.get("except", [])
    if not isinstance(excepted, list) or len(excepted) > MOST:
        raise UsageError("except is a list of vulnerabilities", subject=f"{table.where}: except")
    for one in excepted:
        if not isinstance(one, str) or not _VULNERABILITY.fullmatch(one):
            raise UsageError(
                "this is no vulnerability",
                subject=f"{table.where}: {_printable(repr(one))}",
                hint='its id, such as "GO-2024-1234", or its CVE number',
            )
    return Vulnerable(
        _patterns(table, "modules") if "modules" in table.values else "*",
        frozenset(excepted),
        not _choice(table, "unreviewed", "deny"),
        not _choice(table, "toolchains", "allow"),
        _choice(table, "when_unknown", ""),
        table.place,
    )


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
        if not isinstance(one, str) or not is_pattern(one):
            raise UsageError(
                "this is no pattern of module paths",
                subject=f"{table.where}: {_printable(repr(one))}",
                hint=PATTERN_HINT,
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
    size = bytes_of(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else -1
    if size < 0:
        raise UsageError(
            'maximum_zip is a number of bytes, or a text such as "100MiB"',
            subject=f"{table.where}: {_printable(repr(value))}",
        )
    return size


def _route(table: _Table, private: str) -> Route:
    value = table.values.get("upstream")
    if not isinstance(value, str):
        raise UsageError('upstream is a list like GOPROXY, or "off"', subject=f"{table.where}: upstream")
    try:
        found = upstreams(value)
    except UsageError as error:
        raise UsageError(error.what, subject=f"{table.where}: {error.subject}", hint=error.hint) from error
    found = route_secrets.known_by(found, table.values, table.where)
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
