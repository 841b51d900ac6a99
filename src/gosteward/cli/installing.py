"""What commands share that put a release on the host (`install`, `upgrade`, `build`): their flags, what is asked for, and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Union

from gosteward.cli import options as flags
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from gosteward.catalogs import Catalog
    from gosteward.host.accounts import Group
    from gosteward.toolchains import build, install

    Result = Union[install.Result, build.Result]


def add_order(parser: ArgumentParser, what: str, unverified: str) -> None:
    """Flags that say where a release comes from and where it is put.

    Args:
        what: comes from sources, for people.   unverified: help of --allow-unverified.
    """
    flags.add_root(parser)
    flags.add_source(parser, f"where {what} come from (default: GOPROXY, go.dev)")
    flags.add_offline(parser)
    flags.add_placing(parser)
    parser.add_argument("--allow-unverified", action=flags.Filled, metavar="REASON", default="", help=unverified)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def add_use(parser: ArgumentParser) -> None:
    """The flag of commands that otherwise leave what is in use as it is."""
    parser.add_argument("--use", action="store_true", help="switch to it, even if another one is in use")


def order_of(options: Namespace, spec: str, home: str, *, use: bool, group: Group | None = None) -> install.Order:
    """What the flags of `add_order` ask for, once they are settled (`options.settle`).  home: of the user of this process."""
    from gosteward.toolchains.install import Order

    links, usual_place = flags.link_places(options, home)
    return Order(
        spec=spec,
        root=flags.root_of(options),
        source=options.source,
        offline=options.offline,
        links=links,
        usual_place=usual_place,
        use=use,
        adopt=options.adopt,
        reason=options.allow_unverified.strip(),
        group=group,
    )


def document(schema: str, result: Result, **own: object) -> str:
    """What came of it, as JSON.  own: members of this command alone."""
    proofs = result.evidence.proofs if result.evidence is not None else ()
    members = {
        "schema": schema,
        "version": result.version,
        "goroot": result.tree,
        "run": result.run,
        "source": result.source,
        **own,
        "proofs": [{"kind": proof.kind, "value": proof.value, "by": proof.by} for proof in proofs],
        "in_use": result.in_use,
        "notes": [str(note) for note in result.notes],
    }
    return json.dumps(members, indent=1) + "\n"


def text(lines: Iterable[str], result: Result, words: Catalog) -> str:
    """What came of it, for people.  lines: of this command alone."""
    end = []
    if result.in_use:
        end.append(Text("in use: {version}", version=result.in_use))
    if result.in_use != result.version:
        end.append(Text("`gosteward use {version}` switches to it", version=result.version[2:]))
    said = [*lines, *(f"  {words.text(one)}" for one in (*end, *result.notes))]
    if result.run:
        said += ["", words.text(Text("`gosteward undo {run}` takes this back.", run=str(result.run)))]
    return "".join(f"{visible(line)}\n" for line in said)
