"""Switch to an installed release: one link is renamed. With --project, let a project ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli import pin
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "switch to an installed release of Go"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="1.26.8, 1.26 or latest, of those that are installed")
    flags.add_root(parser)
    parser.add_argument(
        "--project", metavar="DIR", default="", help="let the project there ask for it instead, as `pin` does"
    )
    flags.add_placing(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.toolchains.installed import switching
    from gosteward.toolchains.installed.placing import Placing

    flags.settle(options)
    if options.project:
        return pin.pin(options, "use", options.version)
    changing, root = flags.changing("use"), flags.changeable_root(options)
    words = flags.catalog(options.lang)
    tree = switching.installed_as(options.version, changing.host, root)
    directory, usual_place = flags.link_places(options, changing.user.home)
    placing = Placing(changing.host, root, directory, usual_place, options.adopt)
    places = placing.links()
    switch = () if placing.in_use() == tree.version else (placing.switched(tree.version),)
    actions = (*switch, *places.actions)
    undoing = (Text("`gosteward undo {run}` takes this back.", run=str(changing.do(actions))),) if actions else ()
    texts = (Text("in use: {version}", version=tree.version), *places.notes, *undoing)
    flags.write("".join(f"{visible(words.text(text))}\n" for text in texts), "")
    return HEALTHY
