"""Print the path of a release's go: of the one in use, or of another installed one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print the path of an installed go"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "version",
        metavar="VERSION",
        nargs="?",
        default="",
        help="of those that are installed (default: the one in use)",
    )
    flags.add_root(parser)


def run(options: Namespace) -> int:
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.store import installed
    from gosteward.toolchains.installed.switching import installed_as

    host, root = LocalHost(os.environ), flags.root_of(options)
    if options.version:
        tree = installed_as(options.version, host, root).tree
    else:
        used = [tree.tree for tree in installed(host, root) if tree.current]
        if not used:
            raise UsageError("no release is in use", subject=root, hint="`gosteward use VERSION` switches to one")
        tree = used[0]
    flags.write(f"{tree}/bin/go\n", "")
    return HEALTHY
