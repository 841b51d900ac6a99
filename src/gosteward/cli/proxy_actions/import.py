# ruff: noqa: N999 - the word that is typed
"""Take what `export` wrote into the store: all of it is proved first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.modules.care.importing import Imported

HELP = "take an export into the store, all of it proved first, without a network"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what `export` wrote")
    caring.add_proving(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.importing import import_file

    words = flags.catalog(options.lang)
    options.offline = True
    found = import_file(caring.cared_of(options), options.file, caring.Bar(words).show)
    caring.show(options, lambda: _json(found), lambda: [words.text(_text(found))])
    return HEALTHY


def _json(found: Imported) -> dict[str, object]:
    document = {"schema": "gosteward.import/1", "taken_at": found.manifest.taken_at, **found._asdict()}
    del document["manifest"]
    return document


def _text(found: Imported) -> Text:
    return Text(
        "{files} files of {versions} module versions, {size}; {proved} versions are proved by the checksum database",
        size=shown_size(found.size),
        files=str(found.files),
        versions=str(found.versions),
        proved=str(found.proved),
    )
