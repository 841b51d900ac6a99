"""Run a command with an installed release in front: its go is the first on PATH, and switches to no other one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "run a command with an installed release of Go"
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="of those that are installed")
    flags.add_root(parser)
    parser.add_argument("argv", nargs="+", metavar="-- COMMAND", help="the command")


def run(options: Namespace) -> int:
    from gosteward.host.foreground import become
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.switching import environment_of, installed_as

    argv = tuple(options.argv[1:] if options.argv[0] == "--" else options.argv)
    host = LocalHost(os.environ)
    tree = installed_as(options.version, host, flags.root_of(options))
    if not os.access(f"{tree.tree}/bin/go", os.X_OK):  # what comes next on PATH would run instead
        raise _NotStartedError("you may not run it", subject=f"{tree.tree}/bin/go", code=NOT_EXECUTABLE)
    try:
        become(argv, environment_of(tree, host.environ))
    except FileNotFoundError:
        raise _NotStartedError("command not found", subject=argv[0], code=NOT_FOUND) from None
    except OSError as error:
        raise _NotStartedError(str(error.strerror), subject=argv[0], code=NOT_EXECUTABLE) from error
    return 0


class _NotStartedError(UsageError):
    def __init__(self, what: str, *, subject: str, code: int) -> None:
        super().__init__(what, subject=subject)
        self.exit_code = code
