"""List the installed releases: which is in use, whether it still gets fixes, and what is known against it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog

HELP = "list the installed releases of Go"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_root(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to list (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.host.local import LocalHost
    from gosteward.knowledge import releases
    from gosteward.toolchains.store import installed

    root = flags.root_of(options)
    rows = [
        {
            "version": tree.version,
            "goroot": tree.tree,
            "in_use": tree.current,
            "supported": not releases.ended(tree.version),
            "ended": releases.ended(tree.version),
            "vulnerabilities": [v.id for v in releases.vulnerabilities_of(tree.version)],
            "proofs": [str(proof.get("kind", "")) for proof in tree.record.get("proofs", ())],
            "source": str(tree.record.get("source", "")),
        }
        for tree in installed(LocalHost(os.environ), root)
    ]
    words = flags.catalog(options.lang)
    if options.format == "json":
        text = json.dumps(
            {"schema": "gosteward.list/1", "root": root, "known_as_of": releases.AS_OF, "trees": rows}, indent=1
        )
    else:
        text = "\n".join(_line(row, words) for row in rows) or words.words("Nothing is installed there.")
    flags.write(f"{text}\n", "")
    return HEALTHY


def _line(row: dict[str, Any], words: Catalog) -> str:
    state = words.words("supported") if row["supported"] else f"{words.words('ended')} {row['ended']}"
    against = f", {', '.join(row['vulnerabilities'])}" if row["vulnerabilities"] else ""
    proofs = "+".join(row["proofs"]) or words.words("not proved")
    return visible(f"{'*' if row['in_use'] else ' '} {row['version']:<12} {proofs:<14} {state}{against}")
