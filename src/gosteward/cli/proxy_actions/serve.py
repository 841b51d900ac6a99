"""Answer the go command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions.places import add_store, store_of
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "answer the go command, until it is told to stop"
LISTEN = "127.0.0.1:3000"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDR", default=LISTEN, help=f"HOST:PORT or unix:/PATH (default: {LISTEN})")
    add_store(parser)
    parser.add_argument(
        "--upstream", metavar="LIST", default=None,
        help='module proxies to fetch from, a list like GOPROXY; "off" for none (default: those of GOPROXY)',
    )  # fmt: skip
    parser.add_argument(
        "--sumdb", metavar="LIST", default=None,
        help='checksum databases, the first of which proves modules, or "off" (default: that of GOSUMDB)',
    )  # fmt: skip
    parser.add_argument(
        "--private", metavar="PATTERNS", default="", help="modules that no checksum database is asked for, as GONOSUMDB"
    )
    parser.add_argument(
        "--list-ttl", metavar="S", type=_seconds, default=60.0,
        help="seconds that a list of versions is believed (default: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--insecure-listen",
        action="store_true",
        help="let others than this host ask, without TLS and without a password",
    )
    flags.add_language(parser)


def run(options: Namespace) -> int:
    import asyncio

    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.modules.setting_up import Wanted, parts
    from gosteward.toolchains.origins.settings import go_proxy
    from gosteward.toolchains.origins.web import Web

    try:
        from gosteward.serve.module_server import ModuleServer
        from gosteward.serve.running import address, serve, sockets
    except ImportError as error:
        hint = "pip install 'gosteward[serve]'"
        raise UsageError(
            "the server needs a module that is not installed", subject=str(error.name), hint=hint
        ) from error
    where = address(options.listen)
    if not where.is_local and not options.insecure_listen:
        hint = "put a web server with TLS in front of it, or say --insecure-listen"
        what = "others than this host could ask it, without TLS and without a password"
        raise UsageError(what, subject=options.listen, hint=hint)
    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    store = store_of(options, host, me)
    upstream = options.upstream if options.upstream is not None else _without_direct(go_proxy(host, me))
    sumdb = options.sumdb if options.sumdb is not None else _database(os.environ.get("GOSUMDB", ""))
    made = parts(Wanted(store, upstream, sumdb, options.private, options.list_ttl), Web(host, me))
    listening = sockets(where, os.environ)
    words = flags.catalog(options.lang)

    def started() -> None:
        text = Text("listening on {address}, store {store}", address=options.listen, store=store)
        print(visible(words.text(text)), file=sys.stderr, flush=True)

    asyncio.run(serve(listening, ModuleServer(made.proxy, made.relay), started))
    made.proxy.close()
    return HEALTHY


def _without_direct(value: str) -> str:
    """The proxies of a GOPROXY: fetching from version control is not what this one does."""
    from gosteward.golang.modulepaths import proxy_list

    entries = [entry for entry in proxy_list(value) if entry.kind == "url"]
    return "".join(f"{entry.text}{'|' if entry.falls_through else ','}" for entry in entries).rstrip(",|")


def _database(value: str) -> str:
    from gosteward.golang.proxyurls import DEFAULT_DATABASE

    return value.strip() or DEFAULT_DATABASE


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86_400:
        raise ArgumentTypeError(f"{text} is no number of seconds from 0 to 86400")
    return found
