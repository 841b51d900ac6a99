"""Name why Go does not work on this host: the root cause first, with file and line. Nothing on the host is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.finding import SEVERITIES
from gosteward.report import FORMATS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "name why Go does not work here"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_host(parser)
    parser.add_argument("--only", metavar="RULE", action="append", default=[], help="only this rule; may be repeated")
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, default="error", help="exit with 1 from this severity on (default: error)"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    flags.add_output(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.examination import examine
    from gosteward.report import render

    asked = flags.request(options)._replace(only=tuple(options.only), fail_on=options.fail_on)
    report = examine(asked)._replace(colour=flags.colourful(options.output))
    flags.write(render(report, options.format, flags.catalog(options.lang)), options.output)
    return report.exit_code
