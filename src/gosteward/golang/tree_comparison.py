"""A Go tree beside the release that it should be: which files differ, which programs cannot run, and what a changed go.env sets. Pure.

Sources: cmd/distpack/pack.go for modes; cmd/go/internal/toolchain/select.go (`Exec`) for what `go` itself makes executable in its module
cache, and for the copies of `_go.mod`; cmd/go/internal/cfg (`initEnvCache`) for GOROOT/go.env.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goenv
from gosteward.golang.distribution import Entry, form_of, installed_name, mode_of, module_h1
from gosteward.golang.proxyurls import DEFAULT_DATABASE, DEFAULT_PROXY

if TYPE_CHECKING:
    from collections.abc import Iterable

GO_ENV = "go.env"
# What every release sets in go.env since it is there (1.21).
DEFAULTS = {"GOPROXY": DEFAULT_PROXY, "GOSUMDB": DEFAULT_DATABASE, "GOTOOLCHAIN": "auto"}
# Distributions and images change these; they turn off no verification and run nothing.
BENIGN = ("GOPROXY", "GOTOOLCHAIN")
_PROGRAMS = ("bin/", "pkg/tool/")
# A first look, as most files are none: `mode_of` says it.
_PERHAPS = (".bash", ".sh", ".pl", ".rc", "_exec")


class Difference(NamedTuple):
    """A file that is not as it should be.

    Attributes:
        name: relative to GOROOT.   what: "changed", "missing", "extra"; of modes "not executable", "writable by anybody",
            "set-user-ID or set-group-ID"; of what is no regular file a kind of `tree_hashing.Oddity`.
    """

    name: str
    what: str


class Parts(NamedTuple):
    """The files of a tree by what speaks for them.

    Attributes:
        module: those that the module form has, whose h1 is logged.   others: api, doc, misc, test.   extra: no release has them.
    """

    module: tuple[Entry, ...]
    others: tuple[Entry, ...]
    extra: tuple[Entry, ...]


def parts_of(entries: Iterable[Entry], version: str, platform: str) -> Parts:
    """Sort files by `form_of`.  version, platform: "go1.26.8", "linux-amd64"."""
    found: dict[str, list[Entry]] = {"in": [], "tarball-only": [], "extra": []}
    for entry in entries:
        found[form_of(entry.name, version, platform)].append(entry)
    return Parts(tuple(found["in"]), tuple(found["tarball-only"]), tuple(found["extra"]))


def without_twins(entries: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], bool]:
    """The files without each `_go.mod` that go copied to a `go.mod`, and whether there was one: then the tree lies in a module cache."""
    copied = {e.name: e.sha256 for e in entries if e.name.endswith("/go.mod") or e.name == "go.mod"}
    kept = tuple(
        e for e in entries if not e.name.endswith("_go.mod") or copied.get(installed_name(e.name), "") != e.sha256
    )
    return kept, len(kept) < len(entries)


def compared(found: Iterable[Entry], wanted: Iterable[Entry]) -> tuple[Difference, ...]:
    """Where contents and names differ, sorted by name."""
    here = {entry.name: entry.sha256 for entry in found}
    there = {entry.name: entry.sha256 for entry in wanted}
    differences = [Difference(name, "missing") for name in there.keys() - here.keys()]
    differences += [Difference(name, "extra") for name in here.keys() - there.keys()]
    differences += [Difference(name, "changed") for name in here.keys() & there.keys() if here[name] != there[name]]
    return tuple(sorted(differences))


def wrong_modes(entries: Iterable[Entry], *, module_cache: bool = False) -> tuple[Difference, ...]:
    """Programs that some who may read them cannot run, and files that anybody may change.

    Args:
        module_cache: scripts need not be executable: go makes only programs so there.
    """
    found = []
    for name, mode, _ in entries:
        if mode & 0o7000:
            found.append(Difference(name, "set-user-ID or set-group-ID"))
        if mode & 0o002:
            found.append(Difference(name, "writable by anybody"))
        perhaps = name.startswith(_PROGRAMS) or (name.endswith(_PERHAPS) and not module_cache)
        if perhaps and (mode & 0o444) >> 2 & ~mode and mode_of(name) == 0o755:
            found.append(Difference(name, "not executable"))
    return tuple(sorted(found))


def original_go_env(text: str) -> str:
    """A go.env as the release had it, if only its settings were changed: the first line of each gets its default, others go."""
    missing, lines = dict(DEFAULTS), []
    set_here = {entry.number: entry for entry in goenv.parse(text)}
    for number, line in enumerate(text.split("\n"), 1):
        entry = set_here.get(number)
        if entry is None:
            lines.append(line)
        elif entry.name in missing:
            lines.append(f"{entry.name}={missing.pop(entry.name)}")
    return "\n".join(lines)


def equals_but_for_go_env(module: tuple[Entry, ...], text: str, version: str, platform: str, h1: str) -> bool:
    """Whether a tree has an h1 as soon as its go.env is `original_go_env` of what it is."""
    content = original_go_env(text).encode("utf-8", "surrogateescape")
    restored = [e._replace(sha256=sha256(content).hexdigest()) if e.name == GO_ENV else e for e in module]
    return module_h1(restored, version, platform) == h1


def own_settings(text: str) -> tuple[str, ...]:
    """Lines in force of a go.env that no release has; "NAME is not set" for a default that is gone."""
    entries = [e for e in goenv.in_force(goenv.parse(text)) if not e.ignored]
    names = {entry.name for entry in entries}
    lines = [entry.text for entry in entries if DEFAULTS.get(entry.name) != entry.value]
    return (*lines, *(f"{name} is not set" for name in DEFAULTS if name not in names))


def is_benign(text: str) -> bool:
    """Whether a go.env changes nothing but what distributions and images change for their users."""
    return all(line.partition("=")[0].partition(" ")[0] in BENIGN for line in own_settings(text))
