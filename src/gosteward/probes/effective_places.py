"""Which directories Go would write to in a context: the settings, and what it takes without them.

Sources: cmd/go/internal/cache/default.go (`DefaultDir`), os.UserCacheDir, go/build (`defaultGOPATH`), cmd/go/internal/cfg
(`gopathDir`), cmd/go/main.go (GOPATH entries), cmd/go/internal/work/action.go (work directory), os.TempDir.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.work_contexts import effective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.probes.work_contexts import WorkContext
    from gosteward.snapshot import Location, Setting


class Place(NamedTuple):
    """A directory by its purpose, and the line that chose it.  problem: as in `WritePlace`.  at_root: HOME is /, and it follows from that."""

    purpose: str
    path: str = ""
    setting: Location | None = None
    problem: str = ""
    at_root: bool = False


def places(work: WorkContext, settings: tuple[Setting, ...]) -> Iterator[Place]:
    """All places of a context; what has no sense besides a wrong GOPATH is left out."""
    cache = build_cache(work, settings)
    if cache is not None:
        yield cache
    gopath = first_gopath(work, settings)
    yield gopath
    for purpose, below in (("GOMODCACHE", "pkg/mod"), ("GOBIN", "bin")):
        setting = effective(work, settings, purpose)
        if setting is not None:
            yield _set(purpose, setting.value, setting.location)
        elif not gopath.problem:
            yield gopath._replace(purpose=purpose, path=f"{gopath.path.rstrip('/')}/{below}")
        elif gopath.problem == "no-home" and purpose == "GOMODCACHE":
            yield Place(purpose, problem="no-home")
    setting = effective(work, settings, "GOTMPDIR")
    if setting is not None:
        yield _set("GOTMPDIR", setting.value, setting.location)
    variable = work.variables.get("TMPDIR")
    if variable is not None and variable.value:
        yield _set("TMPDIR", variable.value, next(iter(variable.sources), None))
    else:
        yield Place("TMPDIR", "/tmp")


def build_cache(work: WorkContext, settings: tuple[Setting, ...]) -> Place | None:
    """GOCACHE; None where it is switched off."""
    setting = effective(work, settings, "GOCACHE")
    if setting is not None:
        return None if setting.value == "off" else _set("GOCACHE", setting.value, setting.location)
    variable = work.variables.get("XDG_CACHE_HOME")
    if variable is not None and variable.value:
        return _set("GOCACHE", f"{variable.value.rstrip('/')}/go-build", next(iter(variable.sources), None))
    return _from_home(work, "GOCACHE", ".cache/go-build")


def first_gopath(work: WorkContext, settings: tuple[Setting, ...]) -> Place:
    """The first entry of GOPATH, or the first that Go cannot take: it stops then."""
    setting = effective(work, settings, "GOPATH")
    if setting is None:
        return _from_home(work, "GOPATH", "go")
    entries = [_set("GOPATH", entry, setting.location) for entry in setting.value.split(":") if entry]
    wrong = [entry for entry in entries if entry.problem]
    return next(iter([*wrong, *entries]), Place("GOPATH", setting.value, setting.location, "relative"))


def module_cache(work: WorkContext, settings: tuple[Setting, ...]) -> str:
    """GOMODCACHE, "" where Go has none."""
    return next((p.path for p in places(work, settings) if p.purpose == "GOMODCACHE" and not p.problem), "")


def _set(purpose: str, path: str, location: Location | None) -> Place:
    quoted = path.startswith(("'", '"')) or path.endswith(("'", '"'))
    problem = "quoted" if quoted else "" if path.startswith("/") else "relative"
    return Place(purpose, path, location, problem)


def _from_home(work: WorkContext, purpose: str, below: str) -> Place:
    if not work.home:
        return Place(purpose, problem="no-home")
    variable = work.variables.get("HOME")
    # HOME is a setting only where a start-up file gives it another value than the account has.
    strange = variable is not None and variable.value != work.account.home
    location = next(iter(variable.sources), None) if variable is not None and strange else None
    place = _set(purpose, f"{work.home.rstrip('/')}/{below}", location)
    return place._replace(at_root=not work.home.strip("/"))
