"""Take back what a run of `doctor --fix`, `install` or another command changed: contents, modes, owners, access lists, times and links. What was changed since is left alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "take back what a run changed on this host"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", metavar="RUN", type=int, nargs="?", default=0, help="which run (default: the last)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="restore also what was changed since")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.host.local import LocalHost
    from gosteward.repair.diffs import diff
    from gosteward.repair.undo import to_undo, undo
    from gosteward.treatment import accounts_of, this_journal

    words = flags.catalog(options.lang)
    host = LocalHost(os.environ)
    journal, me = this_journal(host)
    accounts = accounts_of(host, me)
    with journal.locked("undo"):
        number, made = to_undo(journal, accounts, options.number)
        if not options.yes:
            if not flags.can_ask():
                raise UsageError("undo asks first, and there is no terminal", hint="add --yes")
            shown = (line for done in made for line in diff(done.change.inverse()))
            if not flags.agreed(shown, words.text(Text("Take back run {run}? [y/N] ", run=str(number)))):
                return HEALTHY
        found = undo(journal, accounts, number, made, force=options.force)
    lines = []
    for undone in found:
        if undone.reason:
            lines.append(words.text(Text("kept {path}: {reason}", path=undone.path, reason=words.text(undone.reason))))
        lines += undone.diff
    lines.append(words.text(Text("Run {run} is undone.", run=str(number))))
    flags.write("".join(f"{visible(line)}\n" for line in lines), "")
    return HEALTHY
