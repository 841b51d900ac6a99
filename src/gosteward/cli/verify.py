"""Verify a toolchain: every file against the release that the public transparency log names, then a build with it, and who finds it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gosteward.cli import check_text
from gosteward.cli import options as flags
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.toolchains.verifying.checks import Check, Verified

HELP = "verify every file of a toolchain, and build with it"
# What is wrong comes first.
ORDER = ("failed", "not-judged", "note", "ok")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "goroot",
        metavar="GOROOT",
        nargs="?",
        default="",
        help="which one: a directory, or the version of an installed release (default: the one that is in use)",
    )
    flags.add_root(parser)
    parser.add_argument("--offline", action="store_true", help="ask no server")
    parser.add_argument("--files-only", action="store_true", help="run nothing: only compare the files with the log")
    parser.add_argument(
        "--rebuild", action="store_true", help="build the release from its proved sources, too, and compare bit by bit"
    )
    parser.add_argument(
        "--modcache",
        metavar="DIR",
        nargs="?",
        const="",
        default=None,
        help="verify all modules and toolchains in a module cache instead (default: GOMODCACHE)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    if options.modcache is not None:
        from gosteward.cli.modcache_text import verified

        return verified(options)
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.verify import Wanted, verify

    wanted = Wanted(options.goroot, flags.root_of(options), options.offline, options.files_only)
    if options.rebuild:
        from gosteward.cli.build import Progress

        progress = Progress(flags.catalog(options.lang))
        wanted = wanted._replace(rebuild=progress.say)
    found = verify(wanted, LocalHost(os.environ))
    if options.rebuild:
        progress.end()
    text = as_json(found) if options.format == "json" else as_text(found, flags.catalog(options.lang))
    flags.write(text, "")
    return found.exit_code


def as_json(found: Verified) -> str:
    """The document of the schema "gosteward.verify/1"."""
    document = {
        "schema": "gosteward.verify/1",
        "version": visible(found.version),
        "goroot": visible(found.goroot),
        "platform": found.platform,
        "checks": [_row(check) for check in found.checks],
    }
    return json.dumps(document, indent=1) + "\n"


def _row(check: Check) -> dict[str, object]:
    files = [{"name": visible(file.name), "what": file.what} for file in check.files]
    return {**check_text.row(check), "files": files, "count": check.total, "remedy": str(check.remedy)}


def as_text(found: Verified, words: Catalog) -> str:
    """The verdict, then what is wrong, then what to do."""
    lines = [words.text(_verdict(found)), ""]
    for status in ORDER:
        for check in found.checks:
            if check.status == status:
                lines += check_text.lines(check, words)
    remedies = dict.fromkeys(words.text(c.remedy) for c in found.checks if c.remedy and c.status != "ok")
    if remedies:
        lines += ["", words.words("What to do:"), *(f"  {remedy}" for remedy in remedies)]
    return "".join(f"{visible(line)}\n" for line in lines)


def _verdict(found: Verified) -> Text:
    files = found.check("files")
    version, goroot = found.version or "go", found.goroot
    if files is not None and files.status == "ok":
        template = "{version} in {goroot} is the release that the public log names: all {count} files"
        if found.check("go.env") is not None:
            template = "{version} in {goroot} is the release that the public log names: all {count} files but go.env"
        return Text(template, version=version, goroot=goroot, count=str(files.total))
    if files is not None and files.status == "failed":
        return Text(
            "{version} in {goroot} is not the release that the public log names", version=version, goroot=goroot
        )
    template = "it is not known whether {version} in {goroot} is the release that the public log names"
    return Text(template, version=version, goroot=goroot)
