"""Carry the store, or what is new in it, to where no network is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring, signing_key
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.exporting import Exported

HELP = "write the store, or what is new in it, to one file for a place without a network"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="FILE|DIR", help="the file to write; in a directory it is named by the time")
    parser.add_argument(
        "--since", metavar="FILE", action="append", default=[],
        help="an earlier export, or its manifest.jsonl: leave out what it has; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--sign", metavar="FILE", default="", help="sign it with the key in this file, which `signing-key` made"
    )
    parser.add_argument(
        "--vulndb", metavar="DB", default="store",
        help='vulnerability database to carry along: a URL, a directory, a zip, "store" for the copy that is there, or "off" (default: store)',
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    caring.add_proving(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    import time

    from gosteward.modules.care import export_file
    from gosteward.modules.care.carried_reports import to_carry
    from gosteward.modules.care.exporting import export, there_by

    words = flags.catalog(options.lang)
    signer = signing_key.read(options.sign) if options.sign else None
    there = there_by([export_file.earlier_at(file) for file in options.since])
    wanted, web = caring.wanted_of(options)
    reports = to_carry(wanted.store, options.vulndb, web, there.reports, time.time())
    found = export(
        caring.cared_of(options),
        options.target,
        there,
        caring.Bar(words).show,
        replace=options.force,
        signer=signer,
        reports=reports,
    )
    caring.show(options, lambda: _json(found), lambda: _text(found, words))
    return found.exit_code


def _json(found: Exported) -> dict[str, object]:
    return {
        "schema": "gosteward.export/1",
        "path": found.path,
        "size": found.size,
        "files": len(found.manifest.files),
        "proofs": len(found.manifest.proofs),
        "vulnerabilities": found.manifest.reports.as_of if found.manifest.reports is not None else "",
        "left_out": [{"path": path, "reason": reason} for path, reason in found.left_out],
    }


def _text(found: Exported, words: Catalog) -> list[str]:
    values = {"files": str(len(found.manifest.files)), "path": found.path, "size": shown_size(found.size)}
    proofs = str(len(found.manifest.proofs))
    lines = [words.text(Text("{files} files with {proofs} proofs: {path}, {size}", proofs=proofs, **values))]
    if found.manifest.reports is not None:
        lines.append(
            words.text(Text("with the vulnerability database as of {time}", time=found.manifest.reports.as_of))
        )
    if found.left_out:
        lines.append(words.text(Text("{count} files were left out:", count=str(len(found.left_out)))))
        lines += caring.shortened([f"  {path}: {reason}" for path, reason in found.left_out], words)
    return lines
