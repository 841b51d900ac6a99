# ruff: noqa: N999 - the word that is typed
"""Take what `export` wrote into the store: all of it is proved first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.errors import HEALTHY
from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

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
    if options.format == "json":
        document = {"schema": "gosteward.import/1", "taken_at": found.manifest.taken_at, **found._asdict()}
        del document["manifest"]
        flags.write(json.dumps(document, indent=1) + "\n", "")
    else:
        values = {"files": str(found.files), "versions": str(found.versions), "proved": str(found.proved)}
        text = Text(
            "{files} files of {versions} module versions, {size}; {proved} versions are proved by the checksum database",
            size=caring.shown_size(found.size),
            **values,
        )
        caring.print_text([words.text(text)])
    return HEALTHY
