"""Install the newest patch of the line that is in use, and switch to it. The old one stays, and `undo` goes back to it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from gosteward.cli import install
from gosteward.cli import options as flags
from gosteward.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "install the newest patch of the line in use, and switch to it"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "line",
        metavar="LINE",
        nargs="?",
        default="",
        help="another line, such as 1.27, or latest (default: the one in use)",
    )
    install.add_order(parser)


def run(options: Namespace) -> int:
    from gosteward.golang import goversion
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.store import installed

    line, root = options.line, flags.root_of(options)
    used = next((tree for tree in installed(LocalHost(os.environ), root) if tree.current), None)
    if not line:
        parsed = goversion.parse(used.version) if used else None
        if parsed is None:
            raise UsageError("no release is in use", subject=root, hint="`gosteward install latest` installs one")
        line = parsed.language
    if used is not None and options.group is None and not flags.settings(options).group:
        options.group = _group_of(used.tree)
    return install.installed(options, "upgrade", line, use=True)


def _group_of(tree: str) -> str | None:
    """The number of the group that a tree was given to: what follows it is for nobody else, either. None for a tree of everybody."""
    status = os.stat(tree)
    given = os.geteuid() == 0 and status.st_mode & stat.S_ISGID and not status.st_mode & stat.S_IRWXO
    return str(status.st_gid) if given else None
