"""Read the whole store again, and take out what is not what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.scrubbing import Scrubbed

HELP = "read the whole store again, and move what is not right into its quarantine"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="move nothing")
    caring.add_proving(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.scrubbing import scrub

    words = flags.catalog(options.lang)
    found = scrub(caring.cared_of(options), caring.Bar(words).show, move=not options.dry_run)
    caring.show(options, lambda: _json(found), lambda: _text(found, words))
    return found.exit_code


def _json(found: Scrubbed) -> dict[str, object]:
    from gosteward.modules.care.scrubbing import BAD, OK, UNJUDGED

    return {
        "schema": "gosteward.proxy-verify/1",
        "counts": {status: len(found.of(status)) for status in (BAD, UNJUDGED, OK)},
        "bytes": sum(one.size for one in found.files),
        "files": [
            {"path": one.path, "status": one.status, "reason": str(one.reason), "moved": one.moved}
            for status in (BAD, UNJUDGED)
            for one in found.of(status)
        ],
    }


def _text(found: Scrubbed, words: Catalog) -> list[str]:
    from gosteward.modules.care.scrubbing import BAD, OK, UNJUDGED

    bad, unjudged = found.of(BAD), found.of(UNJUDGED)
    size = shown_size(sum(one.size for one in found.files))
    lines = [words.text(Text("right: {count} files, {size}", count=str(len(found.of(OK))), size=size))]
    if bad:
        lines.append(words.text(Text("wrong: {count} files", count=str(len(bad)))))
        for one in bad:
            lines.append(f"  {one.path}: {words.text(one.reason)}")
            if one.moved:
                lines.append("    " + words.text(Text("moved to {path}", path=one.moved)))
    if unjudged:
        lines.append(words.text(Text("not judged: {count} files", count=str(len(unjudged)))))
        lines += caring.shortened([f"  {one.path}: {words.text(one.reason)}" for one in unjudged], words)
    return lines
