"""The Go that builds a Go: one that is here and sound, else a release that is fetched for it, else a chain of builds that C begins.

As root no go is run that somebody else could change.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.errors import StewardError, UsageError
from gosteward.golang import bootstrap
from gosteward.golang.toolchain_names import Wanted
from gosteward.host import checking, writing
from gosteward.toolchains.installed import store, tree_reading
from gosteward.toolchains.origins import sources
from gosteward.toolchains.origins.sources import Offer  # noqa: TC001 - a field of a NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.platforms import Platform
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.obtaining.acquiring import Acquiring

PLACES = ("/usr/local/go", "/usr/lib/go", "/usr/lib/golang", "/usr/lib64/go")
# Directory and start of a name.
BESIDE = (("/usr/lib", "go-"), ("/opt/go", "go1"))
OF_HOME = (("sdk", "go1"), ("", "go1."))
MOST_NAMES = 200
MOST_TREES = 40
MOST_LINKS = 100
RUN_SECONDS = 60.0
# What any Go since 1.4 builds.
_OLDEST_TARGET = "go1.5"
_SAID = re.compile(r"go version (\S+)(?: .*)? \S+/\S+")


class Step(NamedTuple):
    """How one Go of a way is come by.

    Attributes:
        how: "here" (at `path`), "fetched" (`offer`), "built" (by the step before it, or for go1.4 by C).
    """

    how: str
    version: str
    path: str = ""
    offer: Optional[Offer] = None


class Here(NamedTuple):
    """Which trees of this host may build.

    Attributes:
        root: where our own trees are.   target: directory that the new tree gets, "" for none.
        suspect: a tree that is being verified, which must not vouch for itself; "" for none.
    """

    host: LocalHost
    root: str
    home: str
    target: str = ""
    suspect: str = ""


def planned(version: str, asked: str, here: Here, acquiring: Acquiring) -> tuple[Step, ...]:
    """The way to a Go that builds a version; the last step is that Go.

    Args:
        version: the release to build, "go1.26.8".   asked: "auto", or the path of a tree.

    Raises:
        UsageError: the tree that is asked for cannot build it, or there is no way.
    """
    if bootstrap.minimum(version) == "":
        raise UsageError("it is built by a C compiler alone, and serves for nothing but that", subject=version)
    if asked != "auto":
        path = os.path.abspath(asked)
        return (Step("here", said_by(path, version, here), os.path.realpath(path)),)
    found = _sound(here)
    best = bootstrap.newest(version, found)
    if best:
        return (Step("here", found[best], best),)
    offers = _offers(version, acquiring)
    by_version = {said: path for path, said in found.items()}
    names = bootstrap.chain(version, (*by_version, *offers), acquiring.platform.goarch)[:-1]
    first, *rest = names
    begin = Step("here", first, by_version[first]) if first in by_version else Step("built", first)
    if first in offers:
        begin = Step("fetched", first, offer=offers[first])
    return (begin, *(Step("built", name) for name in rest))


def said_by(path: str, version: str, here: Here) -> str:
    """What `go version` says in a tree that can build a version.

    Raises:
        UsageError: it cannot, with the reason.
    """
    host = here.host
    real = host.realpath(path)
    if not real or not host.exists(f"{real}/bin/go"):
        raise UsageError(
            "it cannot build Go: it is no Go tree", subject=path, hint="name a GOROOT, such as /usr/local/go"
        )
    for other in (here.target, here.suspect):
        if other and _same(host, real, other):
            raise UsageError(bootstrap.refusal(version, version, real, real), subject=path, hint="name another tree")
    theirs = _others_write(real) if os.geteuid() == 0 else ""
    if theirs:
        raise UsageError("it does not build Go for root: others than root may change what is in it", subject=theirs)
    said = _said(f"{real}/bin/go")
    match = _SAID.fullmatch(said)
    if match is None:
        raise UsageError(f"it cannot build Go: its go does not run ({said})", subject=path)
    refusal = bootstrap.refusal(version, match[1])
    if refusal:
        raise UsageError(refusal, subject=path)
    return match[1]


def _same(host: LocalHost, path: str, other: str) -> bool:
    """Whether both are one directory, by whatever name."""
    first, second = host.stat(path), host.stat(other)
    return os.path.normpath(path) == os.path.normpath(other) or (
        first is not None and second is not None and (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    )


def _said(go: str) -> str:
    directory = os.open("/", writing.READING | os.O_DIRECTORY)
    try:
        code, output = checking.run_as(None, (go, "version"), checking.ASKING_GO, directory, RUN_SECONDS)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(directory)
    said = " ".join(output.split())[:300]
    return said if code == 0 else f"{said} (exit code {code})"


def _others_write(path: str) -> str:
    """A place of a tree that others than root may change, also behind its links (distributions have some); "" if there is none."""
    try:
        tree = tree_reading.read(path, ("",))
        above = tree_reading.others_above(path)
        if above or tree.others_write or tree.cut or len(tree.odd) > MOST_LINKS:
            return above or os.path.normpath(f"{path}/{tree.others_write}")
        for odd in tree.odd:
            real = os.path.realpath(f"{path}/{odd.name}")
            if real.startswith(f"{path}/") or not os.path.exists(real):
                continue
            above = tree_reading.others_above(f"{real}/x")
            below = tree_reading.read(real, ("",)).others_write if os.path.isdir(real) and not above else ""
            if above or below:
                return above or os.path.normpath(f"{real}/{below}")
    except OSError:
        return path
    return ""


def _sound(here: Here) -> dict[str, str]:
    """Trees that run, by path: what each says it is. Those that are too old are among them: they may begin a chain."""
    found = {}
    for path in _candidates(here):
        with suppress(UsageError):
            found[path] = said_by(path, _OLDEST_TARGET, here)
    return found


def _candidates(here: Here) -> tuple[str, ...]:
    """Directories that look like a Go tree, without links, each once: ours first, then what PATH has, then where Go usually is."""
    host = here.host
    found: dict[str, None] = {}
    for path in _places(here):
        real = host.realpath(path)
        if real and host.exists(f"{real}/bin/go"):
            found.setdefault(real)
    return tuple(found)[:MOST_TREES]


def _places(here: Here) -> Iterator[str]:
    host, home = here.host, here.home.rstrip("/")
    yield from (tree.tree for tree in store.installed(host, here.root))
    for directory in host.environ.get("PATH", "").split(":"):
        go = host.realpath(f"{directory}/go") if directory.startswith("/") else ""
        if go.endswith("/bin/go"):
            yield go[: -len("/bin/go")]
    yield from PLACES
    of_home = ((f"{home}/{below}".rstrip("/"), start) for below, start in OF_HOME if home)
    for directory, start in (*BESIDE, *of_home):
        names = (name for name in host.listdir(directory, MOST_NAMES) if name.startswith(start))
        yield from (f"{directory}/{name}" for name in sorted(names))


def _offers(version: str, acquiring: Acquiring) -> dict[str, Offer]:
    """Releases that can be fetched and run here, and build the version or begin a chain to it: what is at hand, else the first of the way."""
    for name in (*_at_hand(version, acquiring), *bootstrap.steps_to(version)):
        with suppress(StewardError):
            return {name: acquiring.found(Wanted("release", name))}
    return {}


def _at_hand(version: str, acquiring: Acquiring) -> tuple[str, ...]:
    """What was downloaded before, and can build it; one at most."""
    platform: Platform = acquiring.platform
    folders = (source for source in acquiring.sources() if isinstance(source, sources.Folder))
    names = {name: name for folder in folders for name in folder.versions(platform)}
    others = {name: name for name in names if name != version}
    best = bootstrap.newest(version, others) or bootstrap.newest(version, names)
    return (best,) if best else ()
