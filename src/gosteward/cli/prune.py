"""Remove for good what was taken away and what was downloaded. Nothing brings it back; what a process still runs stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, BusyError, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "remove for good what was taken away"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_root(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.host.own_directory import cache_for
    from gosteward.host.places import Refused
    from gosteward.toolchains.installed import pruning

    changing, root = flags.changing("prune"), flags.root_of(options)
    words = flags.catalog(options.lang)
    cache = cache_for(changing.host.environ, changing.user.home)
    found = pruning.remains(changing.host, root, cache, "" if os.geteuid() else "/etc")
    lines = [*found.trees, *found.files, *(f"{cache}/downloads/{name}" for name in found.downloads)]
    kept = [words.text(Text("a process runs {path}: it stays", path=path)) for path in found.running]
    if lines and not options.yes:
        if not flags.can_ask():
            raise UsageError("prune asks first, and there is no terminal", hint="add --yes")
        if not flags.agreed(lines, words.words("Remove this for good? [y/N] ")):
            return HEALTHY
    with changing.run():
        try:
            pruning.remove(found, cache, changing.who)
        except Refused as error:
            raise BusyError(words.text(error.text)) from error
    shown = [words.text(Text("removed {path}", path=line)) for line in lines] or [
        words.words("There is nothing to remove.")
    ]
    flags.write("".join(f"{visible(line)}\n" for line in (*shown, *kept)), "")
    return HEALTHY
