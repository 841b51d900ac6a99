"""Links that lead nowhere: where they should have led, and how to point them elsewhere in one step. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.reasoning.remedies import is_private
from gosteward.reasoning.viewpoint import usable_trees

if TYPE_CHECKING:
    from gosteward.snapshot import GoTree, Link, Snapshot


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


def relink(link: str, target: str) -> tuple[str, ...]:
    """Commands that let a link point to a target, so that at no moment there is no link."""
    directory, _, name = link.rpartition("/")
    new = f"{directory}/.{name}.new"
    return (f"ln -s {quote(target)} {quote(new)}", f"mv -T {quote(new)} {quote(link)}")


def trees_for(snapshot: Snapshot, link: str) -> tuple[GoTree, ...]:
    """Usable trees that a link may lead to, each once, the newest first.

    Toolchains of the module cache are none of them, nor is a tree in somebody's home for a link that serves everybody.
    """
    chosen: dict[str, GoTree] = {}
    for tree in usable_trees(snapshot):
        fit = not is_private(snapshot, tree.path) or is_private(snapshot, link)
        if tree.origin != "toolchain-module" and fit and tree.path != link and not tree.path.startswith(f"{link}/"):
            chosen.setdefault(tree.real_path or tree.path, tree)
    return tuple(chosen.values())


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
