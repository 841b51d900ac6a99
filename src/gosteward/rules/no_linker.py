"""GS808: gcc is there, the linker that it calls is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import cgo, package_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS808",
    slug="no-linker",
    title="the C compiler has no linker",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "collect2: fatal error: cannot find 'ld'",
        "collect2: fatal error: ld terminated",
        "gcc: fatal error: cannot execute 'as'",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key):
        yield _finding(snapshot, standing, contexts)


def _key(standing: Standing) -> str:
    """A distribution's gcc takes `ld` from PATH; clang and compilers with directories of their own may bring one."""
    compiler = standing.tool("cc")
    directory, _, name = compiler.path.rpartition("/")
    by_path = directory in ("/usr/bin", "/bin") and (name in ("gcc", "cc") or "gcc-" in name)
    return compiler.path if by_path and standing.state == "on" and not standing.tool("ld").path else ""


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...]) -> Finding:
    wanted, compiler = cgo.needs(snapshot), standing.tool("cc")
    commands = package_names.install_part(snapshot.machine, "linker")
    return Finding(
        rule=RULE,
        subject=compiler.path,
        message=Text(
            "the C compiler {compiler} is there, but no linker (ld) is on PATH: {file} cannot be built",
            compiler=compiler.path,
            file=wanted[0].place,
        )
        if wanted
        else Text(
            "the C compiler {compiler} is there, but no linker (ld) is on PATH: programs that use net or os/user cannot be built",
            compiler=compiler.path,
        ),
        locations=cgo.places_of(wanted),
        evidence=("type -a ld as",),
        contexts=contexts,
        severity=cgo.severity(snapshot, chosen=True),
        commands=commands,
        advice=Text("Install the package binutils; it brings the linker and the assembler."),
    )
