"""List what `doctor --fix`, `install`, `undo` and others changed on this host; with a run, show its changes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog

HELP = "list what was changed on this host"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", metavar="RUN", type=int, nargs="?", default=0, help="show the changes of this run")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to list (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.host.local import LocalHost
    from gosteward.repair.history import runs
    from gosteward.treatment import this_journal

    journal, _ = this_journal(LocalHost(os.environ))
    found = runs(journal.read())
    if options.number:
        found = tuple(r for r in found if r["run"] == options.number)
        if not found:
            raise UsageError("there is no such run", subject=str(options.number), hint="`gosteward history` lists them")
    words = flags.catalog(options.lang)
    if options.format == "json":
        text = json.dumps({"schema": "gosteward.history/1", "runs": found}, indent=1) + "\n"
    else:
        text = "".join(f"{line}\n" for r in found for line in _lines(r, words, whole=bool(options.number)))
    flags.write(text or words.words("Nothing was changed so far.") + "\n", "")
    return HEALTHY


def _lines(found: dict[str, Any], words: Catalog, *, whole: bool) -> list[str]:
    state = {
        "standing": words.words("standing"),
        "undone": words.words("undone"),
        "partly undone": words.words("partly undone"),
        "nothing changed": words.words("nothing changed"),
    }[found["state"]]
    text = Text(
        "run {run}, {at}: {command}; changes: {count}, {state}",
        run=str(found["run"]),
        at=found["at"],
        command=found["command"],
        count=str(len(found["changes"])),
        state=state,
    )
    lines = [visible(words.text(text))]
    for change in found["changes"] if whole else ():
        lines += ["", *(visible(line) for line in change["diff"])]
    return lines
