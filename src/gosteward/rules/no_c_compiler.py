"""GS801: sources need cgo, and no C compiler is on PATH. Without CGO_ENABLED=1 go then leaves cgo out without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.settings_in_force import locations, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS801",
    slug="no-c-compiler",
    title="cgo is needed, and there is no C compiler",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        'cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH',
        'exec: "gcc": executable file not found in $PATH',
        "build constraints exclude all Go files",
        "Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key):
        severity = cgo.severity(snapshot, chosen=standing.state == "on")
        if severity:
            yield _finding(snapshot, standing, contexts, severity)


def _key(standing: Standing) -> str:
    """A compiler that CC names is GS807's subject."""
    missing = not standing.tool("cc").path and standing.cc_setting is None
    return "gcc" if missing and standing.state in ("on", "without") else ""


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...], severity: str) -> Finding:
    wanted = cgo.needs(snapshot)
    machine = snapshot.machine
    commands = package_names.install_part(machine, "c-compiler")
    if standing.goarch_setting is not None:
        commands = package_names.install(machine, package_names.cross_packages(machine, standing.goarch))
    return Finding(
        rule=RULE,
        subject="gcc",
        message=_message(snapshot, standing),
        locations=(*locations(standing.setting), *cgo.places_of(wanted)),
        evidence=("type -a gcc", *(f"{need.place}: {need.location.text.strip()}" for need in wanted[:3])),
        contexts=contexts,
        severity=severity,
        explains=tuple(Explains(rule) for rule in ("GS802", "GS803", "GS808", "GS809")),
        commands=commands,
        advice=Text(
            "Install the package with the C compiler and the headers of the C library: `{command}`.",
            command=commands[0],
        )
        if commands
        else Text("Install the packages of this distribution with gcc and the headers of the C library."),
    )


def _message(snapshot: Snapshot, standing: Standing) -> Text:
    wanted = cgo.needs(snapshot)
    if not wanted:
        return Text(
            "{place} sets CGO_ENABLED=1, but no C compiler (gcc) is installed: programs that use net or os/user cannot be built",
            place=place(standing.setting) if standing.setting else "the build of this go",
        )
    if standing.state == "without":
        return Text(
            "{file} needs cgo, but the C compiler gcc is not installed: go leaves cgo out, and the package does not build",
            file=wanted[0].place,
        )
    return Text("{file} needs cgo, but the C compiler gcc is not installed", file=wanted[0].place)
