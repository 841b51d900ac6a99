"""Install a verified release of Go: fetched, proved against the public transparency log, unpacked, linked, run. Nothing else is touched."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, PrivilegeError
from gosteward.finding import Text
from gosteward.report.layout import visible

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
    parser.add_argument("--use", action="store_true", help="switch to it, even if another one is in use")
    add_order(parser)


def add_order(parser: ArgumentParser) -> None:
    """Flags of every command that installs."""
    flags.add_root(parser)
    parser.add_argument(
        "--from",
        metavar="URL|DIR|FILE",
        dest="source",
        default="",
        help="where archives come from (default: GOPROXY, go.dev)",
    )
    flags.add_offline(parser)
    flags.add_placing(parser)
    parser.add_argument(
        "--allow-unverified", metavar="REASON", default="", help="install it although nothing proves it"
    )
    parser.add_argument(
        "--group", metavar="G", default=None, help="let only this group (and root) read and run it; needs root"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    return installed(options, "install", options.version, use=options.use)


def installed(options: Namespace, command: str, spec: str, *, use: bool) -> int:
    """Install what `spec` names, and say so. Returns the exit code."""
    from gosteward.toolchains.install import Installer, Order
    from gosteward.toolchains.obtaining.acquiring import keeping_of

    flags.settle(options)
    changing = flags.changing(command)
    links, usual_place = flags.link_places(options, changing.user.home)
    order = Order(
        spec=spec,
        root=flags.root_of(options),
        source=options.source,
        offline=options.offline,
        links=links,
        usual_place=usual_place,
        use=use,
        adopt=options.adopt,
        reason=options.allow_unverified.strip(),
        group=_group(options.group),
    )
    installer = Installer(changing, keeping_of(changing.host, changing.user.home), Bar().show)
    result = installer.install(order)
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
    found = result.evidence
    document = {
        "schema": "gosteward.install/1",
        "version": result.version,
        "goroot": result.tree,
        "run": result.run,
        "installed": found is not None,
        "source": result.source,
        "bytes": result.size,
        "proofs": [{"kind": p.kind, "value": p.value, "by": p.by} for p in found.proofs] if found else [],
        "in_use": result.in_use,
        "notes": [str(note) for note in result.notes],
    }
    return json.dumps(document, indent=1) + "\n"


def _text(result: Result, words: Catalog) -> str:
    version, tree = result.version, result.tree
    if result.evidence is None:
        lines = [words.text(Text("{version} is installed already: {tree}", version=version, tree=tree))]
    else:
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
    if result.in_use:
        lines.append("  " + words.text(Text("in use: {version}", version=result.in_use)))
    if result.in_use != version:
        lines.append("  " + words.text(Text("`gosteward use {version}` switches to it", version=version[2:])))
    lines += [f"  {words.text(note)}" for note in result.notes]
    if result.run:
        lines += ["", words.text(Text("`gosteward undo {run}` takes this back.", run=str(result.run)))]
    return "".join(f"{visible(line)}\n" for line in lines)
