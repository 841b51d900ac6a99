"""Take an installed release away, unless somebody uses it. It goes aside, so that `undo` brings it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, BusyError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "take away an installed release of Go"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="of those that are installed")
    flags.add_root(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.examination import Request, snapshot_of
    from gosteward.toolchains.installed import mentions, switching
    from gosteward.toolchains.installed.placing import Placing

    changing, root = flags.changing("uninstall"), flags.changeable_root(options)
    words = flags.catalog(options.lang)
    tree = switching.installed_as(options.version, changing.host, root)
    snapshot, _ = snapshot_of(Request(offline=True))
    users = switching.uses(tree, snapshot, last=switching.is_last(tree, changing.host))
    users = tuple(dict.fromkeys((*users, *mentions.of(tree.tree, changing.host))))
    if users:
        raise BusyError("; ".join(words.text(text) for text in users[:8]), subject=tree.tree)
    placing = Placing(changing.host, root, *flags.link_places(options, changing.user.home))
    number = changing.do(switching.removal(tree, changing.host, placing))
    lines = [
        words.text(Text("{version} is taken away", version=tree.version)),
        words.text(Text("`gosteward undo {run}` takes this back.", run=str(number))),
    ]
    flags.write("".join(f"{visible(line)}\n" for line in lines), "")
    return HEALTHY
