"""Name why Go does not work on this host: the root cause first, with file and line. Only --fix changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import UsageError
from gosteward.finding import SEVERITIES, Text
from gosteward.report import FORMATS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.examination import Request
    from gosteward.repair.planner import Step
    from gosteward.report import Report

HELP = "name why Go does not work here"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_host(parser)
    parser.add_argument("--only", metavar="RULE", action="append", default=[], help="only this rule; may be repeated")
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, default="error", help="exit with 1 from this severity on (default: error)"
    )
    parser.add_argument("--fix", action="store_true", help="repair what can be repaired, and prove it")
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask")
    parser.add_argument("--dry-run", action="store_true", help="with --fix: show what would change, and write nothing")
    flags.add_source(parser, "with --fix: where releases of Go come from")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    flags.add_output(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.report import render

    asked = flags.request(options)._replace(only=tuple(options.only), fail_on=options.fail_on)
    report = _examined(asked, options)._replace(colour=flags.colourful(options.output))
    flags.write(render(report, options.format, flags.catalog(options.lang)), options.output)
    return report.exit_code


def _examined(asked: Request, options: Namespace) -> Report:
    if not options.fix:
        flag = "--yes" if options.yes else "--dry-run" if options.dry_run else "--from" if options.source else ""
        if flag:
            raise UsageError("it says how to repair", subject=flag, hint="add --fix")
        from gosteward.examination import examine

        return examine(asked)
    from gosteward.cli.install import Bar
    from gosteward.treatment import Consent, preview, treat

    consent = Consent(everything=options.yes, source=options.source, progress=Bar().show)
    if options.dry_run:
        return preview(asked, consent)
    words = flags.catalog(options.lang)
    ask = (lambda step, diff: _agreed(step, diff, words)) if not options.yes and flags.can_ask() else None
    return treat(asked, consent._replace(ask=ask), flags.command_line("doctor"))


def _agreed(step: Step, diff: tuple[str, ...], words: Catalog) -> bool:
    question = words.text(Text("Change this for {rules}? [y/N] ", rules=", ".join(step.rules)))
    return flags.agreed(("", *diff), question)
