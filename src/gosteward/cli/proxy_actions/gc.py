"""Remove what nobody used for long, or the oldest of it until the rest is small enough."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.cli.proxy_actions.places import add_store, here, store_of
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.collecting import Collected

HELP = "remove versions that nobody used for long, and what is left of broken transfers"


def add_arguments(parser: ArgumentParser) -> None:
    add_store(parser)
    parser.add_argument(
        "--max-size", metavar="SIZE", type=caring.size_of, default=-1,
        help="remove those used least recently until the rest takes no more of the disk: bytes, or such as 10GiB or 10GB",
    )  # fmt: skip
    parser.add_argument(
        "--max-age", metavar="DAYS", type=_age, default=-1.0, help="remove what nobody used for so many days"
    )
    parser.add_argument(
        "--keep", metavar="FILE", action="append", default=[],
        help="keep what this go.sum, go.mod or list of MODULE@VERSION lines names; may be repeated",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.collecting import Limits, collect, days
    from gosteward.modules.care.wanted_modules import of_text, together
    from gosteward.modules.storage.disk import DiskStore

    words = flags.catalog(options.lang)
    top = store_of(options, *here())
    if not os.path.isdir(top):
        raise UsageError("there is no store", subject=top)
    keep = together(of_text(path, caring.read_text(path)) for path in options.keep).versions
    store = DiskStore(top)
    if not options.dry_run:
        store.prepare()
    limits = Limits(options.max_size, days(options.max_age) if options.max_age >= 0 else -1)
    found = collect(store, limits, keep, dry=options.dry_run)
    caring.show(options, lambda: _json(found, dry=options.dry_run), lambda: _text(found, words, dry=options.dry_run))
    return HEALTHY


def _age(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 36_500:
        raise ValueError(text)
    return value


def _json(found: Collected, *, dry: bool) -> dict[str, object]:
    return {
        "schema": "gosteward.gc/1",
        "dry_run": dry,
        "removed": [f"{one.module}@{one.version}" for one in found.removed],
        "freed": found.freed,
        "left": found.left,
        "kept": found.kept,
        "answers": found.answers,
    }


def _text(found: Collected, words: Catalog, *, dry: bool) -> list[str]:
    values = {
        "count": str(len(found.removed)),
        "freed": shown_size(found.freed),
        "left": shown_size(found.left),
    }
    done = Text("removed {count} versions, {freed}; {left} are left", **values)
    would = Text("would remove {count} versions, {freed}; {left} would be left", **values)
    named = [f"  {one.module}@{one.version}" for one in found.removed]
    lines = [words.text(would if dry else done), *(named if dry else caring.shortened(named, words))]
    if found.kept:
        lines.append(words.text(Text("{count} more stay as they are to be kept", count=str(found.kept))))
    return lines
