"""Answer the go command."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.garbage import collect_as_usual
from gosteward.cli.proxy_actions.access import add_access, protection_of
from gosteward.cli.proxy_actions.checkout import add_checkout, checkout_of
from gosteward.cli.proxy_actions.metadata import add_metadata, metadata_of
from gosteward.cli.proxy_actions.observation import add_observation, observation_of
from gosteward.cli.proxy_actions.places import (
    add_proving,
    add_store,
    add_upstream,
    here,
    private_of,
    store_of,
    sumdb_of,
    upstream_of,
)
from gosteward.cli.proxy_actions.shared_store import add_shared, shared_of
from gosteward.cli.proxy_actions.vulnerabilities import add_vulnerabilities, tell_vulnerabilities, vulnerabilities_of
from gosteward.errors import HEALTHY, UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Coroutine, Sequence
    from socket import socket

    from gosteward.cli.proxy_actions.access import Guards
    from gosteward.modules.policing import Policing
    from gosteward.modules.setting_up import Parts

HELP = "answer the go command, until it is told to stop"
LISTEN = "127.0.0.1:3000"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDR", default=LISTEN, help=f"HOST:PORT or unix:/PATH (default: {LISTEN})")
    add_store(parser)
    add_upstream(parser)
    add_proving(parser)
    parser.add_argument(
        "--list-ttl", metavar="S", type=_seconds, default=60.0,
        help="seconds that a list of versions is believed (default: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--policy",
        metavar="FILE",
        default="",
        help="which modules may be had, and where they come from; read again when it changes",
    )
    parser.add_argument(
        "--insecure-listen",
        action="store_true",
        help="let others than this host ask, without TLS, or without a password or certificate",
    )
    add_metadata(parser)
    add_shared(parser)
    add_vulnerabilities(parser)
    add_checkout(parser)
    add_access(parser)
    add_observation(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    import time

    from gosteward.modules.policing import Policing
    from gosteward.modules.setting_up import Wanted, parts
    from gosteward.toolchains.origins.web import Web

    try:
        from gosteward.serve.running import address, exposed, sockets
    except ImportError as error:
        hint = "pip install 'gosteward[serve]'"
        raise UsageError(
            "the server needs a module that is not installed", subject=str(error.name), hint=hint
        ) from error
    where = address(options.listen)
    protection = protection_of(options)
    if not where.is_local:
        protection.suffices_for(options.listen)
    guards = protection.guards()
    host, me = here()
    store, upstream, sumdb = store_of(options, host, me), upstream_of(options, host, me), sumdb_of(options)
    words = flags.catalog(options.lang)

    def say(text: Text) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more: no reason to end
            print(visible(words.text(text)), file=sys.stderr, flush=True)

    policing = Policing(os.path.abspath(options.policy), time.time, say) if options.policy else None
    wanted = Wanted(
        store,
        upstream,
        sumdb,
        private_of(options),
        options.list_ttl,
        metadata_of(options, os.environ),
        shared_of(options),
    )._replace(vulnerabilities=vulnerabilities_of(options, host, me), checkout=checkout_of(options, host, me))
    web = Web(host, me, via=f"gosteward-{os.urandom(6).hex()}")
    made = parts(wanted, web, time.time, policing)
    if options.upstream is None and upstream in ("", "off"):
        say(Text("GOPROXY names no module proxy, and --upstream is not given: what is not stored is not found"))
    tell_vulnerabilities(made, say)
    listening = sockets(where, os.environ)
    if exposed(listening):
        protection.suffices_for(exposed(listening))
    _serve(options, listening, made, policing, guards, say)
    return HEALTHY


def _serve(
    options: Namespace,
    listening: Sequence[socket],
    made: Parts,
    policing: Policing | None,
    guards: Guards,
    say: Callable[[Text], None],
) -> None:
    """Answer until a signal ends it."""
    import asyncio
    import signal
    from functools import partial

    from gosteward.serve.further_pages import keep_up, pages_of
    from gosteward.serve.module_server import ModuleServer
    from gosteward.serve.own_certificate import CertificateWatch
    from gosteward.serve.rereading import each_second, read_again
    from gosteward.serve.running import serve, shown
    from gosteward.serve.store_watching import watch

    watched = observation_of(options, made.proxy, guards.certificate)
    if guards.tls is not None:
        guards.tls.refused = watched.refused
    pages = {**watched.pages, **pages_of(made)}
    server = ModuleServer(made.proxy, made.relay, guards.gate, pages, watched.exchanges, made.pseudonym)
    on_hangup: list[Callable[[], None]] = []  # what SIGHUP does
    watching: list[Coroutine[None, None, None]] = []  # what looks whether files changed
    watching.append(watch(made.proxy.store.top, server.forget))
    watching.append(keep_up(made))
    looks: list[Callable[[], None]] = [partial(read_again, one, say) for one in guards.reread]
    on_hangup += [partial(read_again, one, say, always=True) for one in guards.reread]
    if policing is not None:
        policing.changed.append(server.forget)
        on_hangup.append(policing.reload)
        looks.append(policing.look)
    ending = [CertificateWatch(guards.certificate, say).look, CertificateWatch(guards.authorities, say).look]
    looks += ending  # behind what reads them again
    on_hangup += ending
    watching.append(each_second(looks))

    def started() -> None:
        loop = asyncio.get_running_loop()
        tasks.extend(loop.create_task(one) for one in watching)
        # Where there is nothing to read again, it is no reason to end: transfers would be cut.
        loop.add_signal_handler(signal.SIGHUP, lambda: [one() for one in on_hangup])
        made.start()
        for one in ending:
            one()
        say(Text("listening on {address}, store {store}", address=shown(listening), store=made.proxy.store.top))

    tasks: list[asyncio.Task[None]] = []
    application = watched.application(server, hits=options.log_hits)
    collect_as_usual()
    asyncio.run(serve(listening, application, started, watched.failed, tls=guards.tls, traffic=watched.traffic))
    made.close()
    watched.close()
    guards.close()


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86_400:
        raise ArgumentTypeError(f"{text} is no number of seconds from 0 to 86400")
    return found
