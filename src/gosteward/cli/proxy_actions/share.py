"""Bring what is in the store, and not in the shared one, there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.cli.proxy_actions.shared_store import add_shared, shared_of
from gosteward.errors import UsageError
from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.sharing_out import SharedOut

HELP = "let the shared store have what is in this one and not there"


def add_arguments(parser: ArgumentParser) -> None:
    caring.add_proving(parser)
    add_shared(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be brought, and bring nothing")
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.sharing_out import share

    wanted = shared_of(options)
    if wanted is None:
        raise UsageError("there is no shared store", hint="--shared s3://BUCKET/PREFIX")
    words = flags.catalog(options.lang)
    found = share(caring.cared_of(options), wanted, caring.Bar(words).show, dry=options.dry_run)
    caring.show(options, lambda: _json(found, dry=options.dry_run), lambda: _text(found, words, dry=options.dry_run))
    return found.exit_code


def _json(found: SharedOut, *, dry: bool) -> dict[str, object]:
    return {
        "schema": "gosteward.share/1",
        "dry_run": dry,
        "shared": found.shown,
        "brought": list(found.brought),
        "problems": list(found.problems),
    }


def _text(found: SharedOut, words: Catalog, *, dry: bool) -> list[str]:
    values = {"count": str(len(found.brought)), "place": found.shown}
    done = Text("brought {count} files to {place}", **values)
    would = Text("would bring {count} files to {place}", **values)
    lines = [words.text(would if dry else done)]
    if found.problems:
        lines.append(words.text(Text("{count} problems:", count=str(len(found.problems)))))
        lines += caring.shortened([f"  {one}" for one in found.problems], words)
    return lines + (caring.shortened([f"  {path}" for path in found.brought], words) if dry else [])
