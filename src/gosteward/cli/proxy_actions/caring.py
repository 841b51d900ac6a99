"""What the actions that look after a store share: their flags, the store that is meant, sizes, and progress on a terminal."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import places
from gosteward.finding import Text
from gosteward.formats.sizes import bytes_of
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable

    from gosteward.catalogs import Catalog
    from gosteward.modules.care.cared_store import CaredStore
    from gosteward.modules.setting_up import Wanted
    from gosteward.toolchains.origins.web import Web

PROGRESS_SECONDS = 0.2
MOST_SHOWN = 50


def add_proving(parser: ArgumentParser) -> None:
    """Flags for the store, and for what proves modules: the same as those of `serve`."""
    places.add_store(parser)
    places.add_proving(parser)
    parser.add_argument("--offline", action="store_true", help="ask no server")


def add_format(parser: ArgumentParser) -> None:
    """Flags for how results are shown."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")
    flags.add_language(parser)


def wanted_of(options: Namespace) -> tuple[Wanted, Web]:
    """What the flags of `add_proving` mean, with --upstream where there is one. Raises StewardError."""
    from gosteward.modules.setting_up import Wanted
    from gosteward.toolchains.origins.web import Web

    host, me = places.here()
    store, upstream = places.store_of(options, host, me), places.upstream_of(options, host, me)
    wanted = Wanted(store, upstream, places.sumdb_of(options), places.private_of(options))
    return wanted, Web(host, me, offline=options.offline)


def cared_of(options: Namespace, *, anew: bool = False) -> CaredStore:
    """The store that is meant.  anew: it is made if there is none. Raises StewardError."""
    from gosteward.errors import UsageError
    from gosteward.modules.care.cared_store import cared

    wanted, web = wanted_of(options)
    if not anew and not os.path.isdir(wanted.store):
        hint = "name it by --store; `serve`, `prefetch` and `import` make one"
        raise UsageError("there is no store", subject=wanted.store, hint=hint)
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
    """Bytes, for argparse: see `formats.sizes`."""
    from argparse import ArgumentTypeError

    found = bytes_of(text)
    if found < 0:
        raise ArgumentTypeError(f"{text} is no size: write bytes, or such as 10GiB (1024 each) or 10GB (1000 each)")
    return found


def show(options: Namespace, document: Callable[[], dict[str, object]], lines: Callable[[], Iterable[str]]) -> None:
    """A result as --format wants it: the JSON document, or lines for people."""
    if options.format == "json":
        flags.write(json.dumps(document(), indent=1) + "\n", "")
    else:
        flags.write("".join(f"{visible(line)}\n" for line in lines()), "")


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
