"""Where a proxy's store is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User


def add_store(parser: ArgumentParser) -> None:
    """The flag --store."""
    parser.add_argument(
        "--store", metavar="DIR", default="", help="where modules are kept (default: in the state directory)"
    )


def store_of(options: Namespace, host: LocalHost, user: User) -> str:
    """Absolute path of the store that is meant. Raises StewardError: there is no place for one."""
    from gosteward.host.own_directory import state_for  # here, as --help needs none of it

    return os.path.abspath(options.store) if options.store else f"{state_for(host.environ, user.home)}/proxy"
