"""Show who put what on PATH: every entry of every context with the file and line behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "show who put what on PATH, by file and line"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_host(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")
    flags.add_output(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.examination import snapshot_of
    from gosteward.report import search_paths

    snapshot, _ = snapshot_of(flags.request(options)._replace(offline=True))
    words = flags.catalog(options.lang)
    show = search_paths.as_json if options.format == "json" else search_paths.as_text
    flags.write(show(snapshot, words), options.output)
    return 0
