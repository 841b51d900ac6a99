"""Switch to an installed release: one link is renamed. With --project, let a module ask for it in its go.mod."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog

HELP = "switch to an installed release of Go"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="1.26.8, 1.26 or latest, of those that are installed")
    flags.add_root(parser)
    parser.add_argument("--project", metavar="DIR", default="", help="write it into the go.mod there instead")
    parser.add_argument("--no-links", action="store_true", help="make no links outside of the root")
    parser.add_argument("--adopt", action="store_true", help="move aside what is in the way of a link")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.toolchains import switching
    from gosteward.toolchains.placing import Placing

    changing, root = flags.changing("use"), flags.root_of(options)
    words = flags.catalog(options.lang)
    if options.project:
        path = f"{os.path.abspath(options.project)}/go.mod"
        try:
            content = changing.host.text(path)
        except OSError as error:
            raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
        version = switching.installed_as(options.version, changing.host, root).version
        number = changing.do((switching.pinned(path, content, version),))
        _say(words, number, Text("{path} asks for {version}", path=path, version=version))
        return HEALTHY
    tree = switching.installed_as(options.version, changing.host, root)
    directory, usual_place = flags.link_places(options, changing.user.home)
    placing = Placing(changing.host, root, directory, usual_place, options.adopt)
    places = placing.links()
    number = changing.do((placing.switched(tree.version), *places.actions))
    _say(words, number, Text("in use: {version}", version=tree.version), *places.notes)
    return HEALTHY


def _say(words: Catalog, number: int, *texts: Text) -> None:
    lines = [words.text(text) for text in texts]
    lines.append(words.text(Text("`gosteward undo {run}` takes this back.", run=str(number))))
    flags.write("".join(f"{visible(line)}\n" for line in lines), "")
