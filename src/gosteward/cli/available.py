"""List the releases that can be installed, the newest first. Lists of servers are incomplete: one that is missing may be there all the same."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, UsageError
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "list the releases of Go that can be installed"
NEWEST = 3


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "line", metavar="LINE", nargs="?", default="", help="only this one, such as 1.26 (default: the newest ones)"
    )
    parser.add_argument("--all", action="store_true", help="all of them, candidates too")
    flags.add_source(parser, "ask this source (default: GOPROXY, go.dev)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to list (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.cli import release_text
    from gosteward.golang import goversion, platforms
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.probes import kept_release_data, machine
    from gosteward.toolchains.origins import sources
    from gosteward.toolchains.origins.configuration import sources_of
    from gosteward.toolchains.origins.settings import go_proxy
    from gosteward.toolchains.origins.web import Web

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    asking = Web(host, me)
    wanted = (
        sources.named(options.source, asking, host)
        if options.source
        else sources_of(flags.settings(options), go_proxy(host, me), asking, host)
    )
    facts, _ = machine.collect(host, me)
    platform = platforms.platform_of(facts)
    found = {name: parsed for name in sources.listed(wanted, platform) if (parsed := goversion.parse(name)) is not None}
    names = sorted(found, key=lambda name: found[name], reverse=True)
    if options.line:
        names = [name for name in names if found[name].language == options.line]
        if not names:
            raise UsageError(
                "there is no such line in the lists", subject=options.line, hint="a line is 1.26, for example"
            )
    if not options.all:
        names = [name for name in names if found[name].stage == 2]
    if not options.all and not options.line:
        lines = list(dict.fromkeys(found[name].language for name in names))[:NEWEST]
        names = [next(name for name in names if found[name].language == line) for line in lines]
    words = flags.catalog(options.lang)
    known = kept_release_data.known(host.environ, me.home)
    rows = [{"version": name, **release_text.row(name, known.data)} for name in names]
    if options.format == "json":
        text = json.dumps(
            {
                "schema": "gosteward.available/1",
                "platform": platform.archive,
                **release_text.dated(known.data),
                "releases": rows,
            },
            indent=1,
        )
    else:
        lines = [visible(f"{row['version']:<12} {release_text.state(row, words)}") for row in rows]
        text = "\n".join([*lines, *release_text.day(known, words)])
    flags.write(f"{text}\n", "")
    return HEALTHY
