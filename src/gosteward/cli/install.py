"""Install a verified release of Go: fetched, proved against the public transparency log, unpacked, linked, run. Nothing else is touched."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import installing
from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, PrivilegeError
from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.host.accounts import Group
    from gosteward.toolchains.install import Result

HELP = "install a verified release of Go"
PROGRESS_SECONDS = 0.2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "version", metavar="VERSION|FILE", help="1.26.8, 1.26, latest, go.mod, .go-version, or a downloaded archive"
    )
    installing.add_use(parser)
    add_order(parser)


def add_order(parser: ArgumentParser) -> None:
    """Flags of commands that install a release as it is."""
    parser.add_argument(
        "--group",
        action=flags.Filled,
        metavar="G",
        default=None,
        help="let only this group (and root) read and run it; needs root",
    )
    installing.add_order(parser, "archives", "install it although nothing proves it")


def run(options: Namespace) -> int:
    return installed(options, "install", options.version, use=options.use)


def installed(options: Namespace, command: str, spec: str, *, use: bool) -> int:
    """Install what `spec` names, and say so. Returns the exit code."""
    from gosteward.toolchains.install import Installer
    from gosteward.toolchains.obtaining.acquiring import keeping_of

    flags.settle(options)
    changing = flags.changing(command)
    home = changing.user.home
    order = installing.order_of(options, spec, home, use=use, group=_group(options.group))
    result = Installer(changing, keeping_of(changing.host, home), Bar().show, flags.settings(options)).install(order)
    text = _json(result) if options.format == "json" else _text(result, flags.catalog(options.lang))
    flags.write(text, "")
    return HEALTHY


def _group(name: str) -> Group | None:
    from gosteward.host.accounts import group_named

    if name and os.geteuid():
        raise PrivilegeError("only root can give a tree to a group", subject="--group")
    return group_named(name) if name else None


class Bar:
    """Bytes, rate and time left, on a terminal, after a second."""

    def __init__(self) -> None:
        self.begun = self.shown = time.monotonic()
        self.first = -1

    def show(self, done: int, size: int) -> None:
        now = time.monotonic()
        if self.first < 0:
            self.begun, self.first = now, done
        if now - self.begun < 1 or not sys.stderr.isatty():
            return
        if done == size:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        elif now - self.shown >= PROGRESS_SECONDS:
            self.shown = now
            rate = max(1.0, (done - self.first) / (now - self.begun))
            of = f" of {size / 1e6:.1f} MB, {(size - done) / rate:.0f} s left" if size > 0 else " MB"
            print(f"\r\033[K{done / 1e6:.1f}{of}, {rate / 1e6:.1f} MB/s", end="", file=sys.stderr, flush=True)


def _json(result: Result) -> str:
    new = result.evidence is not None
    return installing.document("gosteward.install/1", result, installed=new, bytes=result.size)


def _text(result: Result, words: Catalog) -> str:
    version, tree = result.version, result.tree
    if result.evidence is None:
        there = words.text(Text("{version} is installed already: {tree}", version=version, tree=tree))
        return installing.text([there], result, words)
    lines = [
        words.text(Text("installed {version}: {tree}", version=version, tree=tree)),
        "  " + words.text(Text("from {source}, {size} MB", source=result.source, size=f"{result.size / 1e6:.1f}")),
    ]
    for proof in result.evidence.proofs:
        kinds = {
            "log": words.words("proved by the transparency log"),
            "pinned": words.words("has the SHA-256 that ships with gosteward"),
            "stated": words.words("has the SHA-256 that its source states"),
        }
        lines.append(f"  {kinds[proof.kind]} ({proof.by})")
    if not result.evidence.enough:
        lines.append("  " + words.words("nothing else proves it: installed because you gave a reason"))
    return installing.text(lines, result, words)
