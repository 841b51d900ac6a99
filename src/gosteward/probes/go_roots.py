"""Every Go tree of the host, the programs that belong to one, and which contexts run which."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes import go_places, go_trees
from gosteward.probes.installed_programs import installed_programs
from gosteward.reasoning.viewpoint import first_go
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.host.reading import Host
    from gosteward.probes.binaries import Examiner
    from gosteward.probes.packages import Packages
    from gosteward.snapshot import Binary, Context, GoTree, Link, PathEntry, User

_MOST_CANDIDATES = 1_000
_MOST_TREES = 60
# Those on search paths come first: without them too much would look wrong.
_SURE_TREES = 8
_MOST_NAMES_OF_A_TREE = 6
_SNAP_TREES = ("/snap/go/current", "/var/lib/snapd/snap/go/current")
_MANAGERS = ("mise", "rtx", "asdf", "goenv", "vfox", "gobrew")


class _Places(NamedTuple):
    """Where trees are: real path to the (path, links) that lead to it, and paths whose link leads to nothing."""

    roots: dict[str, list[tuple[str, tuple[Link, ...]]]]
    dangling: tuple[str, ...]


def collect(
    host: Host,
    user: User,
    examiner: Examiner,
    contexts: tuple[Context, ...],
    packages: Packages,  # noqa: ARG001
) -> tuple[tuple[GoTree, ...], tuple[Binary, ...], tuple[Context, ...], tuple[Gap, ...]]:
    """Find and examine them.

    Returns:
        Trees, one per path that leads to it; programs that go installed and other files named go; the contexts with goroot,
        origin and version of each go and gofmt on their search paths; gaps.
    """
    settings = go_places.written_settings(examiner, user)
    programs = installed_programs(examiner, contexts, go_places.program_directories(user, contexts, settings))
    candidates = (
        *go_places.tree_candidates(host, user, contexts, settings),
        *_beside(programs),
        *_toolchain_modules(host, user, go_places.module_caches(user, contexts, settings)),
    )
    places = _places(examiner, candidates)
    trees: dict[str, GoTree] = {}
    for real in list(places.roots)[:_MOST_TREES]:
        if len(trees) >= _SURE_TREES and host.reading_time.is_up("toolchains"):
            break
        trees[real] = go_trees.tree_at(examiner, real)
    contexts = tuple(_with_trees(context, trees, examiner) for context in contexts)
    programs = tuple(_placed(program, trees, examiner) for program in programs)
    broken = (examiner.binary(f"{path}/bin/go") for path in places.dangling)
    gaps = (
        (Gap("toolchains:many", f"only {_MOST_TREES} of them were looked at"),)
        if len(places.roots) > _MOST_TREES
        else ()
    )
    named = tuple(_named_trees(trees, places, contexts))
    known = {program.path for program in programs}
    return named, (*programs, *(b for b in broken if b is not None and b.path not in known)), contexts, gaps


def _beside(programs: Iterable[Binary]) -> Iterator[str]:
    for program in programs:
        top, _, name = program.real_path.rpartition("/bin/")
        if name in ("go", "gofmt"):
            yield top


def _toolchain_modules(host: Host, user: User, caches: tuple[str, ...]) -> list[str]:
    with as_user(host, user):
        return [path for cache in caches for path in go_places.matches(host, f"{cache}/{go_places.TOOLCHAIN_MODULES}")]


def _places(examiner: Examiner, candidates: Iterable[str]) -> _Places:
    roots: dict[str, list[tuple[str, tuple[Link, ...]]]] = {}
    dangling: list[str] = []
    judged: dict[str, bool] = {}
    for path in list(dict.fromkeys(candidates))[:_MOST_CANDIDATES]:
        way = examiner.ways.to(path)
        if way.problem:
            if way.links and way.links[-1].path == path:
                dangling.append(path)
            continue
        if way.real not in judged:
            judged[way.real] = go_trees.is_tree(examiner, way.real)
        names = roots.setdefault(way.real, []) if judged[way.real] else []
        if len(names) < _MOST_NAMES_OF_A_TREE:
            names.append((path, way.links))
    return _Places(roots, tuple(dangling))


def _named_trees(trees: dict[str, GoTree], places: _Places, contexts: tuple[Context, ...]) -> Iterator[GoTree]:
    """Each tree under each path that leads to it; a context counts for the path by which it comes."""
    users: dict[str, list[tuple[str, Binary]]] = {}
    for context in contexts:
        entry = first_go(context)
        if entry is not None and entry.go is not None and entry.go.goroot:
            users.setdefault(entry.go.goroot, []).append((context.name, entry.go))
    for real, tree in trees.items():
        names = places.roots[real]
        if all(path != real for path, _ in names):
            names = [*names, (real, ())]
        taken = [(context, _used_name(go, [path for path, _ in names], real)) for context, go in users.get(real, ())]
        for path, links in names:
            found_by = tuple(context for context, name in taken if name == path)
            yield tree._replace(path=path, links=links, on_path_of=found_by)


def _used_name(go: Binary, names: list[str], real: str) -> str:
    """The path of a tree by which a go was reached: its own path begins with it, or a link on the way is it."""
    passed = {link.path for link in go.links}
    return next((name for name in names if go.path.startswith(f"{name}/") or name in passed), real)


def _with_trees(context: Context, trees: dict[str, GoTree], examiner: Examiner) -> Context:
    return context._replace(search_path=tuple(_entry_with_tree(e, trees, examiner) for e in context.search_path))


def _entry_with_tree(entry: PathEntry, trees: dict[str, GoTree], examiner: Examiner) -> PathEntry:
    if entry.go is None and entry.gofmt is None:
        return entry
    return entry._replace(
        go=_placed(entry.go, trees, examiner) if entry.go else None,
        gofmt=_placed(entry.gofmt, trees, examiner) if entry.gofmt else None,
    )


def _placed(binary: Binary, trees: dict[str, GoTree], examiner: Examiner) -> Binary:
    """The binary with what its tree says about it. The release that is compiled in counts before that of VERSION."""
    tree = trees.get(_root_of(binary, examiner))
    if tree is None:
        return binary._replace(origin=_origin(binary), version=_wrapped_release(binary) or binary.version)
    version = _wrapped_release(binary) or (binary.version if binary.real_path.startswith(tree.real_path) else "")
    return binary._replace(goroot=tree.real_path, origin=tree.origin, version=version or tree.version)


def _root_of(binary: Binary, examiner: Examiner) -> str:
    """Real path of the tree that a program would belong to, whether there is one or not."""
    if binary.path.startswith(("/snap/bin/", "/var/lib/snapd/snap/bin/")) or binary.real_path.endswith("/bin/snap"):
        return next((way.real for way in map(examiner.ways.to, _SNAP_TREES) if not way.problem), "")
    wrapped = _wrapped_release(binary)
    if wrapped:
        return examiner.ways.to(f"{examiner.user.home.rstrip('/')}/sdk/{wrapped}").real
    top, _, name = binary.real_path.rpartition("/bin/")
    return top if name in ("go", "gofmt") else ""


def _wrapped_release(binary: Binary) -> str:
    """Release that a program of golang.org/dl runs from ~/sdk, "go1.26.8"; "" for all others."""
    path = binary.elf.main_path if binary.elf else ""
    return path.rpartition("/")[2] if path.startswith("golang.org/dl/go1") else ""


def _origin(binary: Binary) -> str:
    if binary.kind == "pe":
        return "windows"
    if "gccgo" in binary.package or (binary.elf and any(name.startswith("libgo.so") for name in binary.elf.needed)):
        return "gccgo"
    if binary.path.startswith("/snap/"):
        return "snap"
    if "/shims/" in binary.path or binary.real_path.rpartition("/")[2] in _MANAGERS:
        return "version-manager"
    return "distribution" if binary.package else "unknown"
