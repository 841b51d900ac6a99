"""The flag for the vulnerability database, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from gosteward.golang.vulnerability_table import VulnerabilityTable
    from gosteward.host.local import LocalHost
    from gosteward.modules.setting_up import Parts
    from gosteward.snapshot import User


def add_vulnerabilities(parser: ArgumentParser) -> None:
    """The flag --vulndb."""
    parser.add_argument(
        "--vulndb", metavar="DB", default=None,
        help='vulnerability database to copy: a URL, a directory, a zip, "store" for what `import` brings, or "off" (default: that of GOVULNDB)',
    )  # fmt: skip


def vulnerabilities_of(options: Namespace, host: LocalHost, user: User) -> str:
    """The database that is meant."""
    from gosteward.toolchains.origins.settings import vulnerability_database  # here, as --help needs none of it

    given: str | None = options.vulndb
    return given if given is not None else vulnerability_database(host, user)[0]


def known_vulnerabilities(options: Namespace, top: str, host: LocalHost, user: User) -> VulnerabilityTable | None:
    """What a proxy with this store judges by: its copy of the database; that of --vulndb where it is given, or where there is no copy.

    Args:
        top: the store's directory.
    Raises:
        StewardError: it cannot be had.
    """
    import time

    from gosteward.modules.vulnerabilities import bringing, snapshot
    from gosteward.modules.vulnerabilities.mirror import STORE
    from gosteward.toolchains.origins.web import Web

    copy = snapshot.kept(top) if options.vulndb in (None, STORE) else None
    if copy is None and options.vulndb != STORE:
        source = bringing.database(vulnerabilities_of(options, host, user), Web(host, user))
        copy = bringing.newer(source, None, time.time()) if source is not None else None
    return copy.table() if copy is not None else None


def tell_vulnerabilities(made: Parts, say: Callable[[Text], None]) -> None:
    """Say what is known at the start, and what comes later."""
    mirror = made.vulnerabilities
    if mirror is None:
        return
    if mirror.wanted and mirror.problem:
        say(Text("the vulnerability database cannot be had: {problem}", problem=mirror.problem))
    if mirror.wanted and mirror.table is not None:
        say(mirror.said())
    elif mirror.wanted:
        say(Text("no vulnerability database is known yet: what the policy says by `when_unknown` holds"))
    mirror.told = say
