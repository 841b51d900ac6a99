"""Which Go is needed to build a Go from its sources, and the chain of builds where only an older one is there. Pure.

    1.4 and before: a C compiler     1.5 to 1.19: go1.4      1.20, 1.21: go1.17.13
    1.N from 1.22 on: the last even line before 1.N, and of it the patch .6 (1.26 and 1.27: go1.24.6)

Sources: go.dev/doc/install/source; make.bash and src/cmd/dist of each release: build.go (`requiredBootstrapVersion`), buildtool.go
(`minBootstrap`, which refuses go1.24.0 to go1.24.5), notgo124.go. The patch level for 1.28 and later is expected, not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.golang import goversion
from gosteward.golang.toolchain_names import is_release, source_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gosteward.golang.goversion import GoVersion

# The first step of all, which a C compiler builds; the Go project gives its sources in an archive of their own.
FROM_C = "go1.4"
FROM_C_SOURCES = "go1.4-bootstrap-20171003.tar.gz"
# The C sources have compilers for these only; go.dev/doc/install/source: others start from another machine's bootstrap.bash.
FROM_C_GOARCHES = ("386", "amd64", "arm")
# First line that needs it -> oldest Go that builds it.
_FLOORS = ((5, FROM_C), (20, "go1.17.13"))
_FIRST_BY_RULE = 22
_PATCH_BY_RULE = 6
# Newest patches of the lines that are steps, as of 2026-11: a step is built once and thrown away, so it may well be the newest.
_STEPS = {17: "go1.17.13", 20: "go1.20.14", 22: "go1.22.12", 24: "go1.24.13", 26: "go1.26.11"}


def minimum(target: str) -> str:
    """The oldest release that builds a target, "go1.24.6"; "" where a C compiler does.

    Args:
        target: "go1.27.4".

    Raises:
        UsageError: it is no release of Go.
    """
    minor = _parsed(target).minor
    if minor >= _FIRST_BY_RULE:
        return f"go1.{minor - 2 - minor % 2}.{_PATCH_BY_RULE}"
    return next((floor for first, floor in reversed(_FLOORS) if minor >= first), "")


def sources_of(version: str) -> str:
    """File name of the archive with the sources of a release, "go1.26.8.src.tar.gz"."""
    return FROM_C_SOURCES if version == FROM_C else source_name(version)


def refusal(target: str, bootstrap: str, goroot: str = "", goroot_bootstrap: str = "") -> str:
    """Why a Go cannot build a target; "" if it can.

    Args:
        target: the release to build.   bootstrap: what `go env GOVERSION` of the other says; of a distribution's build the start counts.
        goroot, goroot_bootstrap: where they are, as absolute paths without links; "" where that is not asked.

    Raises:
        UsageError: the target is no release of Go.
    """
    needed = minimum(target)
    if goroot and goroot == goroot_bootstrap:
        return "GOROOT_BOOTSTRAP must not be the tree that is built"
    if not needed:
        return f"{target} is built by a C compiler, not by Go"
    found = goversion.parse(bootstrap) if bootstrap.startswith("go1") else None
    if found is None:
        return "the Go that should build it has no version of a release"
    return "" if found >= _parsed(needed) else f"{bootstrap} cannot build {target}: {needed} or later is needed"


def chain(target: str, available: Iterable[str], goarch: str = "amd64") -> tuple[str, ...]:
    """The way to a target: each release builds the next one.

    Args:
        available: releases that are there, or can be had as archives; names that are none are passed over.
        goarch: of this machine.

    Returns:
        The first is one of `available`, or go1.4, which a C compiler builds; the last is the target. Of several that could start, the
        oldest: it is nearest to what the target was tested with.

    Raises:
        UsageError: the target is no release, or the chain would start from C on an architecture that go1.4 does not know.
    """
    ready = {name: parsed for name in available if is_release(name) and (parsed := goversion.parse(name)) is not None}
    steps = [target]
    while needed := minimum(steps[0]):
        fit = [name for name, version in ready.items() if version >= _parsed(needed)]
        if fit:
            return (min(fit, key=lambda name: ready[name]), *steps)
        steps.insert(0, _STEPS.get(_parsed(needed).minor, needed))
    if goarch not in FROM_C_GOARCHES:
        raise UsageError(
            "nothing on this machine can build Go, and the Go that C builds does not know this architecture",
            subject=goarch,
            hint=f"use an archive of {minimum(target) or target} or later, or bootstrap.bash on another machine",
        )
    return tuple(steps)


def steps_to(target: str) -> tuple[str, ...]:
    """Releases of which each builds the one before it, and the first the target; without go1.4, which C builds.

    Raises:
        UsageError: the target is no release of Go.
    """
    steps: list[str] = []
    while (needed := minimum(steps[-1] if steps else target)) not in ("", FROM_C):
        steps.append(_STEPS.get(_parsed(needed).minor, needed))
    return tuple(steps)


def newest(target: str, trees: Mapping[str, str]) -> str:
    """The tree to build a target with: of those that can, the one with the newest Go, and of these the first; "" if none can.

    Args:
        trees: what `go version` says of each, by its path.

    Raises:
        UsageError: the target is no release of Go.
    """
    fit = [path for path, version in trees.items() if not refusal(target, version)]
    return max(fit, key=lambda path: goversion.parse(trees[path]) or (0, 0, 0, 0), default="")


def _parsed(version: str) -> GoVersion:
    parsed = goversion.parse(version) if is_release(version) else None
    if parsed is None:
        shown = "".join(c if c.isprintable() else "?" for c in version[:60])
        raise UsageError("not a release of Go", subject=shown)
    return parsed
