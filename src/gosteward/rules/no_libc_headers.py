"""GS802: a C compiler is there, the headers of the C library are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import cgo, package_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS802",
    slug="no-libc-headers",
    title="the headers of the C library are missing",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "_cgo_export.c:3:10: fatal error: stdlib.h: No such file or directory",
        "fatal error: stdlib.h: No such file or directory",
        "fatal error: errno.h: No such file or directory",
        "/usr/bin/ld: cannot find crt1.o: No such file or directory",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    missing = snapshot.c_toolchain.missing_headers
    examined = next((s.tool("cc").path for s in cgo.standings(snapshot) if s.tool("cc").path), "")
    severity = cgo.severity(snapshot, chosen=True)
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key):
        if missing and standing.tool("cc").path == examined:
            yield _finding(snapshot, standing, contexts, severity)


def _key(standing: Standing) -> str:
    return standing.tool("cc").path if standing.state == "on" else ""


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...], severity: str) -> Finding:
    toolchain, compiler = snapshot.c_toolchain, standing.tool("cc")
    commands = _commands(snapshot, standing)
    wanted = cgo.needs(snapshot)
    return Finding(
        rule=RULE,
        subject=compiler.path,
        message=_message(snapshot, compiler.path),
        locations=cgo.places_of(wanted),
        evidence=tuple(f"ls {directory}/{toolchain.missing_headers[0]}" for directory in toolchain.include_directories),
        contexts=contexts,
        severity=severity,
        commands=commands,
        advice=Text(
            "Install the package with the headers: `{command}`. Do not copy headers from another machine.",
            command=commands[0],
        )
        if commands
        else Text(
            "Install the package of this distribution with the C library's headers (libc6-dev, glibc-devel, musl-dev). Do not copy headers from another machine."
        ),
    )


def _message(snapshot: Snapshot, compiler: str) -> Text:
    wanted, headers = cgo.needs(snapshot), ", ".join(snapshot.c_toolchain.missing_headers)
    if wanted:
        return Text(
            "the C compiler {compiler} is there, but not the headers of the C library: none of its include directories has {headers}; {file} cannot be built",
            compiler=compiler,
            headers=headers,
            file=wanted[0].place,
        )
    return Text(
        "the C compiler {compiler} is there, but not the headers of the C library: none of its include directories has {headers}; programs that use net or os/user cannot be built",
        compiler=compiler,
        headers=headers,
    )


def _commands(snapshot: Snapshot, standing: Standing) -> tuple[str, ...]:
    machine, target = snapshot.machine, standing.tool("cc").target
    if target and target != machine.userland_goarch:
        return package_names.install(machine, package_names.cross_headers(machine, target))
    return package_names.install_part(machine, "libc-headers")
