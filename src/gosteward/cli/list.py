"""List the installed releases: which is in use and by whom, whether it still gets fixes, and what is known against it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from gosteward.catalogs import Catalog
    from gosteward.finding import Text
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import Snapshot
    from gosteward.toolchains.installed.store import Installed

HELP = "list the installed releases of Go"
SHOWN = 8


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_root(parser)
    parser.add_argument(
        "--uses", action="store_true", help="say which sessions, jobs and settings use each (default: running processes only)"
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to list (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.cli import release_text
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.probes.kept_release_data import known
    from gosteward.toolchains.installed.store import installed

    host = LocalHost(os.environ)
    root = flags.root_of(options)
    words = flags.catalog(options.lang)
    releases = known(host.environ, user_with_id(host, os.geteuid()).home)
    trees = installed(host, root)
    snapshot = _snapshot(wanted=options.uses and bool(trees))
    rows: list[dict[str, Any]] = [
        {
            "version": tree.version,
            "goroot": tree.tree,
            "in_use": tree.current,
            **release_text.row(tree.version, releases.data),
            "proofs": [str(proof.get("kind", "")) for proof in tree.record.get("proofs", ())],
            "source": str(tree.record.get("source", "")),
            # That it is in use says a member of its own.
            "uses": [words.text(text) for text in _uses(tree, snapshot, host if options.uses else None)],
        }
        for tree in trees
    ]
    if options.format == "json":
        head = {"schema": "gosteward.list/1", "root": root, **release_text.dated(releases.data)}
        text = json.dumps({**head, "uses_asked": options.uses, "trees": rows}, indent=1)
    else:
        lines = [line for row in rows for line in _lines(row, words)]
        text = "\n".join([*lines, *release_text.day(releases, words)] if lines else [words.words("Nothing is installed there.")])  # fmt: skip
    flags.write(f"{text}\n", "")
    return HEALTHY


def _uses(tree: Installed, snapshot: Snapshot, host: LocalHost | None) -> tuple[Text, ...]:
    """Who would miss a tree.  host: where to look for its name, too; None: do not."""
    from gosteward.toolchains.installed import mentions, switching

    found = switching.uses(tree._replace(current=False), snapshot)
    return found if host is None else tuple(dict.fromkeys((*found, *mentions.of(tree.tree, host))))


def _snapshot(*, wanted: bool) -> Snapshot:
    """What the user's sessions and jobs find; nothing where it is not wanted, as it takes seconds."""
    from gosteward.snapshot import Snapshot

    if not wanted:
        return Snapshot()
    from gosteward.examination import Request, snapshot_of

    return snapshot_of(Request(offline=True))[0]


def _lines(row: dict[str, Any], words: Catalog) -> Iterator[str]:
    from gosteward.cli import release_text

    proofs = "+".join(row["proofs"]) or words.words("not proved")
    state = release_text.state(row, words)
    yield visible(f"{'*' if row['in_use'] else ' '} {row['version']:<12} {proofs:<14} {state}")
    yield from (visible(f"    {use}") for use in row["uses"][:SHOWN])
    if len(row["uses"]) > SHOWN:
        from gosteward.finding import Text

        yield "    " + words.text(Text("and {more} more", more=str(len(row["uses"]) - SHOWN)))
