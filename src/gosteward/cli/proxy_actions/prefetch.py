"""Bring modules into the store before anybody asks for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.cli.proxy_actions.checkout import add_checkout, checkout_of
from gosteward.cli.proxy_actions.places import add_upstream, here
from gosteward.errors import UsageError
from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.prefetching import Prefetched
    from gosteward.modules.care.wanted_modules import WantedFiles

HELP = "bring modules into the store before anybody asks for them"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+",
        help="a go.sum (all that a build reads), a go.mod (what it requires), a list of MODULE@VERSION lines, one MODULE@VERSION, or a GOMODCACHE",
    )  # fmt: skip
    add_upstream(parser)
    caring.add_proving(parser)
    add_checkout(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.prefetching import Prefetched, prefetch
    from gosteward.modules.care.wanted_modules import WantedFiles, together
    from gosteward.modules.origins.module_cache import ModuleCacheOrigin
    from gosteward.modules.setting_up import parts

    words = flags.catalog(options.lang)
    caches = [os.path.abspath(source) for source in options.sources if os.path.isdir(source)]
    lists = together(_wanted(source) for source in options.sources if not os.path.isdir(source))
    wanted, web = caring.wanted_of(options)
    wanted = wanted._replace(checkout=None if options.offline else checkout_of(options, *here()))
    jobs = [(lists, parts(wanted, web).proxy)] if lists.files else []
    for path in caches:
        origin, proxy = ModuleCacheOrigin(path, web), parts(wanted, web).proxy
        proxy.origin = origin
        jobs.append((WantedFiles(origin.files()), proxy))
    results = [prefetch(files, proxy, caring.Bar(words).show) for files, proxy in jobs]
    found = Prefetched(
        sum(one.had for one in results),
        sum(one.fetched for one in results),
        tuple(failed for one in results for failed in one.failed),
    )
    caring.show(options, lambda: _json(found), lambda: _text(found, words))
    return found.exit_code


def _wanted(source: str) -> WantedFiles:
    from gosteward.modules.care.wanted_modules import of_list, of_text

    if not os.path.exists(source):
        if "@" not in source:
            raise UsageError("there is no such file, and it is no MODULE@VERSION", subject=source)
        return of_list(source, "the command line")
    return of_text(source, caring.read_text(source))


def _json(found: Prefetched) -> dict[str, object]:
    failed = [{"path": path, "reason": reason} for path, reason in found.failed]
    return {"schema": "gosteward.prefetch/1", "fetched": found.fetched, "had": found.had, "failed": failed}


def _text(found: Prefetched, words: Catalog) -> list[str]:
    had, failed = str(found.had), str(len(found.failed))
    lines = [words.text(Text("{fetched} files fetched, {had} there before", fetched=str(found.fetched), had=had))]
    if found.failed:
        lines.append(words.text(Text("{count} could not be had:", count=failed)))
        lines += caring.shortened([f"  {path}: {reason}" for path, reason in found.failed], words)
    return lines
