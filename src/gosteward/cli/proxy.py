"""A module proxy: serve modules that were verified, and look after what is stored."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "serve modules of Go, verified, from a store of your own"
ACTIONS = (
    "serve",
    "policy",
    "prefetch",
    "export",
    "import",
    "signing-key",
    "verify",
    "gc",
    "share",
    "status",
    "token",
    "unit",
    "nginx",
)


def add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name in ACTIONS:
        module = importlib.import_module(f"gosteward.cli.proxy_actions.{name.replace('-', '_')}")
        action = actions.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(action)
        action.set_defaults(act=module.run)


def run(options: Namespace) -> int:
    code: int = options.act(options)
    return code
