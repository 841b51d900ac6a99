"""Which installed release is in use, for the host by one link, for one module by a line of its go.mod or go.work; and who would miss one that goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.actions import EditLines, LineEdit, MoveAside
from gosteward.errors import BusyError, UsageError
from gosteward.finding import Text
from gosteward.golang import gomod, goversion, toolchain_names
from gosteward.golang.installed_trees import listing_place, record_of
from gosteward.host.running import processes_below
from gosteward.toolchains.installed import store
from gosteward.toolchains.installed.placing import is_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.actions import Action
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import Snapshot
    from gosteward.toolchains.installed.placing import Placing
    from gosteward.toolchains.installed.store import Installed

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def installed_as(text: str, host: LocalHost, root: str) -> Installed:
    """The installed release that a user names: "1.26.8", "go1.26.8", the newest patch of "1.26", "latest".

    Raises:
        UsageError: it is not installed.
    """
    return one_of(text, store.installed(host, root), f" in {root}")


def one_of(text: str, trees: tuple[Installed, ...], where: str = "") -> Installed:
    """The same among trees, the newest first.  where: for the error. Raises UsageError."""
    bare = text[2:] if text.startswith("go") else text
    for tree in trees:
        parsed = goversion.parse(tree.version)
        if text == "latest" or tree.version == f"go{bare}" or (parsed is not None and parsed.language == bare):
            return tree
    there = ", ".join(tree.version[2:] for tree in trees) or "none"
    hint = f"`gosteward install {bare}` installs it; there are: {there}"
    raise UsageError(f"it is not installed{where}", subject=text, hint=hint)


def environment_of(tree: Installed, environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a tree's go is the first one, with nothing that would lead to another."""
    rest = {name: value for name, value in environ.items() if name not in ("GOROOT", "GOTOOLDIR")}
    path = f"{tree.tree}/bin:{environ.get('PATH', DEFAULT_PATH)}"
    return {**rest, "PATH": path, "GOTOOLCHAIN": "local"}


def pinned(path: str, content: str, version: str) -> EditLines:
    """Let a go.mod or go.work ask for a toolchain, by its toolchain line.

    Args:
        path: of the file.   content: what is in it.

    Raises:
        UsageError: it has no go line, or one that needs a later release.
    """
    file = gomod.parse(content, gomod.WORK_DIRECTIVES if path.endswith(".work") else gomod.MOD_DIRECTIVES)
    command = "work" if path.endswith(".work") else "mod"
    if file.go_line is None:
        raise UsageError(
            "it has no go line to put a toolchain line behind",
            subject=path,
            hint=f"`go {command} edit -go=1.N` writes one",
        )
    if goversion.older(version, file.go):
        raise UsageError(
            f"its go line asks for {file.go}, which is later than {version}", subject=f"{path}:{file.go_line.number}"
        )
    version = version.partition("-")[0]  # go takes a patched one for the release, and no toolchain line can name it
    wanted = f"toolchain {version}"
    if file.toolchain_line is not None:
        line = file.toolchain_line
        return EditLines(path, (LineEdit(line.number, line.text, (line.text.replace(line.words[0], version, 1),)),))
    return EditLines(path, (LineEdit(file.go_line.number, file.go_line.text, (file.go_line.text, "", wanted)),))


def uses(tree: Installed, snapshot: Snapshot, *, last: bool = False) -> tuple[Text, ...]:
    """What would miss a tree: running programs, the link `current`, sessions and jobs that find its go, settings that name it.

    Args:
        last: there is no other one to switch to: then sessions are to find no go, and only what runs go would miss it.
    """
    found = [
        Text("process {pid} ({name}) runs {path}", pid=str(p.pid), name=p.name, path=p.program)
        for p in processes_below(tree.tree)
    ]
    if tree.current and not last:
        found.append(Text("{version} is in use: `gosteward use` switches to another one", version=tree.version))
    names = (tree.tree, os.path.realpath(tree.tree))
    inside = tuple(f"{name}/" for name in names)
    contexts = () if tree.current else snapshot.contexts
    for context in (c for c in snapshot.contexts if c.uses_go) if last else contexts:
        first = next((e.go for e in context.search_path if e.go is not None and e.go.executable), None)
        if first is not None and (first.real_path or first.path).startswith(inside):
            found.append(Text("{context} finds its go", context=context.name))
    for setting in snapshot.go_settings:
        if setting.name == "GOROOT" and setting.value.rstrip("/") in names and setting.location is not None:
            found.append(Text("{place} names it", place=f"{setting.location.path}:{setting.location.line}"))
    return tuple(dict.fromkeys(found))


def is_last(tree: Installed, host: LocalHost) -> bool:
    """Whether no other release is installed in its root. Raises BusyError: that cannot be read, or it is gone by now."""
    root, _, name = tree.tree.rpartition("/")
    found = [entry for entry in host.listdir(root, store.MOST_TREES) if toolchain_names.is_release(entry)]
    if name not in found:
        raise BusyError("it cannot be seen any more", subject=tree.tree, hint="run it again")
    return found == [name]


def removal(tree: Installed, host: LocalHost, placing: Placing | None = None) -> tuple[Action, ...]:
    """A tree and what is written about it go aside, from where `undo` brings them back and `prune` removes them.

    Args:
        placing: how links were made to it; they go with the last tree.
    Raises:
        OSError: what is there cannot be told.
    """
    about = (path for path in (listing_place(tree.tree), record_of(tree.tree)) if is_there(path))
    links = placing.removed() if placing is not None and is_last(tree, host) else ()
    # The tree last: as long as it is there, the same command again goes on after a kill.
    return (*links, *(MoveAside(path) for path in about), MoveAside(tree.tree))
