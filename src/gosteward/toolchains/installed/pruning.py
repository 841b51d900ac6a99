"""What is there for `undo` only: trees and drop-ins that were taken away, and downloads. Removing them is the one change that nothing brings back.

What `install --adopt` moved aside was somebody else's, and is never removed here.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.installed_trees import FOLDER
from gosteward.host import writing
from gosteward.host.acting import acting_as
from gosteward.host.own_directory import OwnDirectory
from gosteward.host.places import place
from gosteward.host.running import processes_below
from gosteward.toolchains.installed import profile_dropins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.local import LocalHost
    from gosteward.host.places import Accounts

ASIDE = re.compile(r"\.go1[0-9a-z.]*\.aside(?:-[0-9]+)?")
ABOUT = re.compile(r"\.go1[0-9a-z.]*\.(?:json|files)\.aside(?:-[0-9]+)?")
MOST_NAMES = 10_000


class Remains(NamedTuple):
    """What can go.  trees, files: paths.   downloads: names in our cache.   running: trees that a process still runs, which stay."""

    trees: tuple[str, ...]
    files: tuple[str, ...]
    downloads: tuple[str, ...]
    running: tuple[str, ...]


def remains(host: LocalHost, root: str, cache: str, etc: str = "") -> Remains:
    """What is left of releases that were taken away below a root, and what was downloaded.

    Args:
        etc: where the drop-ins of shells are, "" for a user who has none.
    """
    aside = [f"{root}/{name}" for name in host.listdir(root, MOST_NAMES) if ASIDE.fullmatch(name)]
    running = tuple(tree for tree in aside if processes_below(tree))
    about = f"{root}/{FOLDER}"
    files = [f"{about}/{name}" for name in host.listdir(about, MOST_NAMES) if ABOUT.fullmatch(name)]
    files += _drop_ins(host, etc) if etc else ()
    downloads = tuple(sorted(host.listdir(f"{cache}/downloads", MOST_NAMES)))
    return Remains(tuple(tree for tree in aside if tree not in running), tuple(files), downloads, running)


def _drop_ins(host: LocalHost, etc: str) -> Iterator[str]:
    """Those that `uninstall` took away. What `install --adopt` moved aside has the same name and another content."""
    for name, text in profile_dropins.DROP_INS:
        directory, _, base = f"{etc}/{name}".rpartition("/")
        for entry in host.listdir(directory, MOST_NAMES):
            path = f"{directory}/{entry}"
            if re.fullmatch(rf"\.{re.escape(base)}\.aside(?:-[0-9]+)?", entry) and not host.readlink(path):
                with contextlib.suppress(OSError):
                    if host.text(path) == text:
                        yield path


def remove(found: Remains, cache: str, who: Accounts) -> None:
    """Remove it for good. Raises Refused and OSError; what is gone then is gone."""
    for path in (*found.trees, *found.files):
        with place(path, who, follow=False) as where, acting_as(where.account):
            if path in found.trees:
                writing.remove_tree(where.directory, where.name)
            else:
                writing.discard(where.directory, where.name)
    downloads = OwnDirectory(f"{cache}/downloads")
    for name in found.downloads:
        downloads.remove(name)
