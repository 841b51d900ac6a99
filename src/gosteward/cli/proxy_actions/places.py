"""Flags that actions share, and what they mean: the store, who is asked for modules, and what proves them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User


def add_store(parser: ArgumentParser) -> None:
    """The flag --store."""
    parser.add_argument(
        "--store", metavar="DIR", default="", help="where modules are kept (default: in the state directory)"
    )


def add_upstream(parser: ArgumentParser, purpose: str = "to fetch from", none: str = '; "off" for none') -> None:
    """The flag --upstream.  purpose, none: words of its help."""
    parser.add_argument(
        "--upstream", metavar="LIST", default=None,
        help=f"module proxies {purpose}, a list like GOPROXY, also with file:///DIR and checkout{none} (default: those of GOPROXY)",
    )  # fmt: skip


def add_proving(parser: ArgumentParser) -> None:
    """The flags --sumdb and --private."""
    parser.add_argument(
        "--sumdb", metavar="LIST", default=None,
        help='checksum databases, the first of which proves modules, or "off" (default: that of GOSUMDB)',
    )  # fmt: skip
    parser.add_argument(
        "--private", metavar="PATTERNS", default="", help="modules that no checksum database is asked for, as GONOSUMDB"
    )


def private_of(options: Namespace) -> str:
    """The patterns of --private. Raises UsageError: one fits no module, so that what it is meant for would be asked outside."""
    from gosteward.errors import UsageError
    from gosteward.golang.modulepaths import PATTERN_HINT, is_pattern

    given: str = options.private
    for one in filter(None, map(str.strip, given.split(","))):
        if not is_pattern(one):
            raise UsageError("this is no pattern of module paths", subject=f"--private: {one}", hint=PATTERN_HINT)
    return given


def here() -> tuple[LocalHost, User]:
    """The host that it runs on, and the user of this process."""
    from gosteward.host.accounts import user_with_id  # here, as --help needs none of it
    from gosteward.host.local import LocalHost

    host = LocalHost(os.environ)
    return host, user_with_id(host, os.geteuid())


def store_of(options: Namespace, host: LocalHost, user: User) -> str:
    """Absolute path of the store that is meant. Raises StewardError: there is no place for one."""
    from gosteward.host.own_directory import state_for

    return os.path.abspath(options.store) if options.store else f"{state_for(host.environ, user.home)}/proxy"


def upstream_of(options: Namespace, host: LocalHost, user: User) -> str:
    """The list of module proxies that is meant; where there is no such flag, or it is not given, those of GOPROXY."""
    from gosteward.modules.upstreams import without_direct
    from gosteward.toolchains.origins.settings import go_proxy

    given: str | None = getattr(options, "upstream", None)
    return given if given is not None else without_direct(go_proxy(host, user))


def sumdb_of(options: Namespace) -> str:
    """The list of checksum databases that is meant."""
    from gosteward.golang.proxyurls import DEFAULT_DATABASE

    given: str | None = options.sumdb
    return given if given is not None else os.environ.get("GOSUMDB", "").strip() or DEFAULT_DATABASE
