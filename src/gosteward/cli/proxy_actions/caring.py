"""What the actions that look after a store share: their flags, the store that is meant, sizes, and progress on a terminal."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions.places import add_store, store_of
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.cared_store import CaredStore
    from gosteward.modules.setting_up import Wanted
    from gosteward.toolchains.origins.web import Web

PROGRESS_SECONDS = 0.2
MOST_SHOWN = 50
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)i?B?", re.IGNORECASE)


def add_proving(parser: ArgumentParser) -> None:
    """Flags for the store, and for what proves modules: the same as those of `serve`."""
    add_store(parser)
    parser.add_argument(
        "--sumdb", metavar="LIST", default=None,
        help='checksum databases, the first of which proves modules, or "off" (default: that of GOSUMDB)',
    )  # fmt: skip
    parser.add_argument(
        "--private", metavar="PATTERNS", default="", help="modules that no checksum database is asked for, as GONOSUMDB"
    )
    parser.add_argument("--offline", action="store_true", help="ask no server")


def add_format(parser: ArgumentParser) -> None:
    """Flags for how results are shown."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")
    flags.add_language(parser)


def wanted_of(options: Namespace) -> tuple[Wanted, Web]:
    """What the flags of `add_proving` mean, with --upstream where there is one. Raises StewardError."""
    from gosteward.golang.proxyurls import DEFAULT_DATABASE
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.modules.setting_up import Wanted
    from gosteward.modules.upstreams import without_direct
    from gosteward.toolchains.origins.settings import go_proxy
    from gosteward.toolchains.origins.web import Web

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    given = getattr(options, "upstream", None)
    upstream = given if given is not None else without_direct(go_proxy(host, me))
    sumdb = options.sumdb if options.sumdb is not None else os.environ.get("GOSUMDB", "").strip() or DEFAULT_DATABASE
    wanted = Wanted(store_of(options, host, me), upstream, sumdb, options.private)
    return wanted, Web(host, me, offline=options.offline)


def cared_of(options: Namespace) -> CaredStore:
    """The store that is meant. Raises StewardError."""
    from gosteward.modules.care.cared_store import cared

    wanted, web = wanted_of(options)
    return cared(wanted, web)


def read_text(path: str) -> str:
    """A text that somebody names. Raises UsageError: it cannot be read."""
    from gosteward.errors import UsageError
    from gosteward.host.descriptors import read_all
    from gosteward.toolchains.origins import bundle_file

    descriptor = bundle_file.opened(path)
    try:
        return read_all(descriptor, os.fstat(descriptor).st_size, 64 << 20).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    finally:
        os.close(descriptor)


def size_of(text: str) -> int:
    """Bytes, for argparse: "500000", "10G" (1024 times 1024 times 1024 each), "1.5T"."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def shown_size(size: int) -> str:
    """Bytes for people."""
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def print_text(lines: Iterable[str]) -> None:
    """Lines for people, on standard output."""
    flags.write("".join(f"{visible(line)}\n" for line in lines), "")


def shortened(lines: list[str], words: Catalog) -> list[str]:
    """So many lines, and how many more there are."""
    more = len(lines) - MOST_SHOWN
    return [*lines[:MOST_SHOWN], *([words.text(Text("and {count} more", count=str(more)))] if more > 0 else [])]


class Bar:
    """How many files are done, on a terminal, after a second."""

    def __init__(self, words: Catalog) -> None:
        self._words = words
        self._begun = self._shown = time.monotonic()

    def show(self, done: int, count: int) -> None:
        now = time.monotonic()
        if now - self._begun < 1 or not sys.stderr.isatty():
            return
        if done == count:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        elif now - self._shown >= PROGRESS_SECONDS:
            self._shown = now
            text = self._words.text(Text("{done} of {count} files", done=str(done), count=str(count)))
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
