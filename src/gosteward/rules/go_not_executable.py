"""GS301: a program of a Go tree has no execute bit, so the shell skips it and finds an older one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS301",
    slug="go-not-executable",
    title="programs of the Go tree are not executable",
    severity="error",
    needs=("toolchains",),
    symptoms=("go: Permission denied", "fork/exec compile: permission denied", "go: error obtaining buildID for go tool compile"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in snapshot.toolchains:
        if not tree.not_executable:
            continue
        paths = tuple(f"{tree.path}/{name}" for name in tree.not_executable)
        yield Finding(
            rule=RULE,
            subject=tree.path,
            message=Text(
                "{count} programs of {tree} have no execute bit, {first} among them",
                count=str(len(paths)),
                tree=tree.path,
                first=paths[0],
            ),
            locations=tuple(Location(path) for path in paths[:10]),
            contexts=tree.on_path_of,
            explains=(Explains("GS101"), Explains("GS102")),
            risk="safe",
            commands=tuple(f"chmod u+x,g+x,o+x {path}" for path in paths[:10]),
            advice=Text("Restore the modes of the whole tree: a lone change of bin/go leaves compile and link broken."),
        )
