"""GS805: sources need cgo, and cgo is off: CGO_ENABLED=0 is set, or another machine is built for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.settings_in_force import locations, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Need, Standing
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS805",
    slug="cgo-disabled",
    title="cgo is needed, and it is off",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "build constraints exclude all Go files",
        "undefined: C",
        "Binary was compiled with 'CGO_ENABLED=0', go-sqlite3 requires cgo to work. This is a stub",
        "go: -race requires cgo; enable cgo by setting CGO_ENABLED=1",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    wanted, severity = cgo.needs(snapshot), cgo.severity(snapshot)
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key) if severity else ():
        yield _finding(snapshot, standing, contexts, wanted)


def _key(standing: Standing) -> str:
    if standing.state == "set-off":
        return f"{place(standing.setting)}:CGO_ENABLED" if standing.setting is not None else "go:CGO_ENABLED"
    cause = _cause(standing)
    return f"{place(cause)}:{cause.name}" if standing.state == "foreign" and cause is not None else ""


def _cause(standing: Standing) -> Setting | None:
    if standing.state == "set-off":
        return standing.setting
    return standing.goarch_setting or standing.goos_setting


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...], wanted: tuple[Need, ...]) -> Finding:
    cause = _cause(standing)
    # Who builds for another machine may mean it; and without a compiler cgo would stay off. What CC names is GS807's subject.
    ours = standing.state == "set-off" and (bool(standing.tool("cc").path) or standing.cc_setting is not None)
    actions = unset_actions(snapshot, cause) if ours and cause is not None else ()
    return Finding(
        rule=RULE,
        subject=_key(standing),
        message=_message(standing, wanted[0]),
        locations=(*locations(cause), *cgo.places_of(wanted)),
        evidence=("go env CGO_ENABLED",),
        contexts=contexts,
        severity=cgo.severity(snapshot),
        # While cgo is off, nobody asks for what CC names.
        explains=(Explains("GS519", _key(standing)) if standing.state == "foreign" else Explains("GS807"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(cause) if actions and cause is not None else (),
        advice=_advice(standing),
    )


def _message(standing: Standing, need: Need) -> Text:
    cause = _cause(standing)
    if standing.state == "set-off":
        return Text(
            "{place} sets CGO_ENABLED=0, but {file} needs cgo: go leaves the file out, and the package does not build",
            place=place(cause) if cause is not None else "the build of this go",
            file=need.place,
        )
    return Text(
        "{place} sets {name}={value}: go builds for another machine and turns cgo off by itself, but {file} needs cgo",
        place=place(cause) if cause is not None else "?",
        name=cause.name if cause is not None else "GOARCH",
        value=cause.value if cause is not None else standing.goarch,
        file=need.place,
    )


def _advice(standing: Standing) -> Text:
    if standing.state == "set-off":
        return Text(
            "Remove the line: with a C compiler on PATH cgo is on. Where static programs are wanted, set it for that one build only."
        )
    compiler = package_names.cross_compiler(standing.goarch)
    return Text(
        "To build for this host remove the line. To build for the other one add CGO_ENABLED=1 and its C compiler (CC={compiler}) in the same command.",
        compiler=compiler or "...",
    )
