"""Install the newest patch of the line that is in use, and switch to it. The old one stays, and `undo` goes back to it."""

from __future__ import annotations

import os
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

    line = options.line
    if not line:
        root = flags.root_of(options)
        used = [tree.version for tree in installed(LocalHost(os.environ), root) if tree.current]
        parsed = goversion.parse(used[0]) if used else None
        if parsed is None:
            raise UsageError("no release is in use", subject=root, hint="`gosteward install latest` installs one")
        line = parsed.language
    return install.installed(options, "upgrade", line, use=True)
