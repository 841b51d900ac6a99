"""Links that lead nowhere or to a damaged tree: where they should lead, and how a sound tree takes the place of a bad one. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import InstallRelease, MoveAside, ReplaceLink
from gosteward.golang import goversion, toolchain_names
from gosteward.reasoning.impact import sound
from gosteward.reasoning.remedies import is_private
from gosteward.reasoning.viewpoint import first_go, programs_named_go, tree_of, usable_trees

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, GoTree, Link, Snapshot

OF_PACKAGES = ("/usr/bin/", "/bin/", "/usr/lib/", "/usr/lib64/", "/usr/share/", "/etc/alternatives/", "/snap/", "/nix/")
STARTED_BY_BUILDS = ("compile", "link", "asm", "cgo", "cover", "vet")
_RELEASE = re.compile(r"\d")


class Step(NamedTuple):
    """One link on the way to a program.  rest: what of the way comes behind it: "" if it stands for the program itself, "/bin/go", "/go"."""

    link: Link
    rest: str


def destination(link: Link) -> str:
    """Absolute path that a link names, without looking at the file system; `.` and `..` are taken out."""
    text = link.target if link.target.startswith("/") else f"{link.path.rpartition('/')[0]}/{link.target}"
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def steps(path: str, links: tuple[Link, ...]) -> tuple[Step, ...]:
    """The links that are followed from a path, each with the rest of the way; it ends where a link is not on that way."""
    found = []
    for link in links:
        if path != link.path and not path.startswith(f"{link.path}/"):
            break
        rest = path[len(link.path) :]
        found.append(Step(link, rest))
        path = destination(link) + rest
    return tuple(found)


def pointed_to(step: Step, tree: GoTree, name: str) -> ReplaceLink | None:
    """The link on the way to a program of this name, led to a tree; None where it stands for something else than program, bin or tree."""
    root = (tree.real_path or tree.path) if step.rest == f"/bin/{name}" else tree.path
    targets = {"": f"{root}/bin/{name}", f"/{name}": f"{root}/bin", f"/bin/{name}": root}
    if step.rest not in targets or step.link.path == targets[step.rest]:
        return None
    return ReplaceLink(step.link.path, targets[step.rest], step.link.target)


def trees_for(snapshot: Snapshot, link: str) -> tuple[GoTree, ...]:
    """Sound trees that a link may lead to, each once, the newest first.

    Toolchains of the module cache are none of them, nor is a tree of a package, which goes with its next release, nor one in
    somebody's home for a link that serves everybody.
    """
    chosen: dict[str, GoTree] = {}
    for tree in usable_trees(snapshot):
        fit = not is_private(snapshot, tree.path) or is_private(snapshot, link)
        lasting = tree.origin != "toolchain-module" and not of_package(tree)
        if fit and lasting and _whole(snapshot, tree) and not _inside(tree.path, link):
            chosen.setdefault(tree.real_path or tree.path, tree)
    return tuple(chosen.values())


def of_package(tree: GoTree) -> bool:
    """Whether a package manager brought a tree."""
    return bool(tree.package) or tree.origin in ("distribution", "gccgo", "snap")


def _whole(snapshot: Snapshot, tree: GoTree) -> bool:
    """Whether nothing of another release or another machine is in a tree whose go runs."""
    wanted = goversion.parse(tree.version)
    tools = tuple(tool for tool in tree.tools if tool.path.rpartition("/")[2] in STARTED_BY_BUILDS)
    releases = (goversion.parse(tool.elf.go_version) for tool in tools if tool.elf is not None)
    of_one = all(release is None or wanted is None or release == wanted for release in releases)
    return of_one and not tree.left_over and all(sound(snapshot.machine, tool) for tool in tools)


def _inside(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


def tree_like(trees: tuple[GoTree, ...], gone: str) -> GoTree | None:
    """The one tree that may take the place of what is gone; None where a person has to choose.

    Args:
        gone: path of the program, or of the tree, that a link names in vain.
    """
    if len(trees) == 1:
        return trees[0]
    root = gone.rpartition("/bin/")[0] or gone
    beside = tuple(t for t in trees if t.path.rpartition("/")[0] == root.rpartition("/")[0])
    return beside[0] if len(beside) == 1 else None


def likeliest(trees: tuple[GoTree, ...], gone: str, version: str = "") -> GoTree | None:
    """The tree to offer in place of what is gone: the same release, else the one beside it, else the newest.

    Args:
        trees: the newest first.   version: of what is gone, "" if unknown.
    """
    same = tuple(t for t in trees if version and t.version == version)
    return tree_like(same, gone) or tree_like(trees, gone) or next(iter((*same, *trees)), None)


def tree_that_runs(snapshot: Snapshot, contexts: tuple[str, ...]) -> GoTree | None:
    """The one tree whose go runs in these contexts, behind what is broken: a repair must not change that go for another."""
    found: dict[str, GoTree] = {}
    for context in snapshot.contexts:
        entry = first_go(context) if context.name in contexts else None
        root = entry.go.goroot if entry is not None and entry.go is not None else ""
        found.update((root, t) for t in usable_trees(snapshot) if root and root in (t.path, t.real_path))
    return next(iter(found.values())) if len(found) == 1 else None


def instead_of_program(snapshot: Snapshot, suspect: Suspect) -> tuple[Action, ...]:
    """What puts a sound go where a bad one is found; () where there is none, where nobody meets it, for other programs and those of packages.

    The link on the way is led elsewhere. Without one, a lone file, or the tree, is moved aside, and a link takes its place.
    """
    program = suspect.binary
    tree = suspect.tree or tree_of(snapshot, program)
    if suspect.role == "program" or program.package or not suspect.impact.used:
        return ()
    if tree is not None:
        return instead_of_tree(snapshot, tree, *((program,) if suspect.role != "tool" else ()))
    chosen = likeliest(_others(snapshot, program.path, program.path), program.path, program.version)
    if chosen is None and not found_behind(snapshot, program):
        if program.goroot and not program.links:
            return installed_at(program.goroot, (), program.version)
        return installed_at(program.path, program.links, program.version, "bin/" + program.path.rpartition("/")[2])
    return _relinked(snapshot, program.path, program.links, chosen) or _aside(snapshot, program, chosen)


def instead_of_tree(snapshot: Snapshot, tree: GoTree, *programs: Binary) -> tuple[Action, ...]:
    """The same for a tree that is not whole.

    Args:
        programs: those of it that are known to be met, the likeliest first; () for whatever PATH finds.
    """
    bad = tree.real_path or tree.path
    chosen = likeliest(_others(snapshot, bad, tree.path), bad, tree.version)
    if tree.package:
        return ()
    met = programs or tuple(p for p in programs_named_go(snapshot) if p.goroot == bad)
    if chosen is None:
        return _installed_for(tree, met)
    for program in met:
        changed = _relinked(snapshot, program.path, program.links, chosen)
        if changed:
            return changed
    return _relinked(snapshot, f"{tree.path}/bin/go", tree.links, chosen) or _in_place_of(tree, chosen)


def installed_at(path: str, links: tuple[Link, ...], version: str, part: str = "") -> tuple[Action, ...]:
    """A release where none is that could serve: the last link on the way whose name promises no release leads to it, else the path itself.

    Args:
        version: of what is no good, or gone.   part: what of a tree the path is, as of `InstallRelease`.
    """
    wanted = version if toolchain_names.is_release(version) and version.count(".") > 1 else ""
    for step in reversed(steps(path, links)):
        link, whole = step.link.path, f"/{part}"
        if whole.endswith(step.rest) and not _promises(link) and not link.startswith(OF_PACKAGES):
            return (InstallRelease(link, wanted, whole[: len(whole) - len(step.rest)].strip("/")),)
    same = bool(wanted) and path.endswith(wanted)
    if path.startswith(OF_PACKAGES) or (_promises(path) and not same):
        return ()
    return (InstallRelease(path, wanted, part),)


def _promises(path: str) -> bool:
    """Whether a name tells a release, as go1.26.8 does."""
    return bool(_RELEASE.search(path.rpartition("/")[2]))


def _installed_for(tree: GoTree, programs: tuple[Binary, ...]) -> tuple[Action, ...]:
    for program in programs:
        if program.links:
            return installed_at(program.path, program.links, tree.version, f"bin/{program.path.rpartition('/')[2]}")
    return installed_at(tree.path, tree.links, tree.version)


def _others(snapshot: Snapshot, bad: str, link: str) -> tuple[GoTree, ...]:
    return tuple(t for t in trees_for(snapshot, link) if bad not in (t.path, t.real_path) and not _inside(t.path, bad))


def _relinked(snapshot: Snapshot, path: str, links: tuple[Link, ...], tree: GoTree | None) -> tuple[ReplaceLink, ...]:
    """The link to change: the last one on the way whose name promises no release, and that no package made."""
    for step in reversed(steps(path, links) if tree is not None else ()):
        if tree is not None and not _promises(step.link.path) and not step.link.path.startswith(OF_PACKAGES):
            changed = pointed_to(step, tree, path.rpartition("/")[2])
            return (changed, *_beside(snapshot, step, tree)) if changed is not None else ()
    return ()


def _beside(snapshot: Snapshot, step: Step, tree: GoTree) -> tuple[ReplaceLink, ...]:
    """With a link of go itself goes that of gofmt beside it, as far as it leads to the same tree."""
    directory, _, name = step.link.path.rpartition("/")
    if step.rest or name != "go":
        return ()
    there = f"{destination(step.link).rpartition('/')[0]}/gofmt"
    gofmts = (e.gofmt for c in snapshot.contexts for e in c.search_path if e.gofmt is not None)
    for link in (link for gofmt in gofmts for link in gofmt.links):
        if link.path == f"{directory}/gofmt" and destination(link) == there:
            return (ReplaceLink(link.path, f"{tree.path}/bin/gofmt", link.target),)
    return ()


def _in_place_of(tree: GoTree, chosen: GoTree | None) -> tuple[Action, ...]:
    """A directory gives way to a link, unless its name promises the very release that is in it."""
    path = tree.real_path or tree.path
    if chosen is None or _promises(path) or path.startswith(OF_PACKAGES):
        return ()
    return (MoveAside(path), ReplaceLink(path, chosen.real_path or chosen.path))


def _aside(snapshot: Snapshot, program: Binary, chosen: GoTree | None) -> tuple[Action, ...]:
    """A lone file gives way to the go behind it, or to a link."""
    if program.path.startswith(OF_PACKAGES) or program.links:
        return ()
    if found_behind(snapshot, program):
        return (MoveAside(program.path),)
    if chosen is None:
        return ()
    name = program.path.rpartition("/")[2]
    return (MoveAside(program.path), ReplaceLink(program.path, f"{chosen.path}/bin/{name}"))


def found_behind(snapshot: Snapshot, program: Binary) -> bool:
    """Whether every context that meets a bad go or gofmt has a sound one later on its PATH."""
    name = program.path.rpartition("/")[2]
    met = False
    for context in snapshot.contexts:
        entries = tuple(e.gofmt if name == "gofmt" else e.go for e in context.search_path)
        places = [n for n, entry in enumerate(entries) if entry is not None and entry.path == program.path]
        if not places:
            continue
        met = True
        behind = (entry for entry in entries[places[0] + 1 :] if entry is not None and entry.executable)
        first = next(behind, None)
        if first is None or not sound(snapshot.machine, first):
            return False
    return met
