"""GS806: cgo is on, and the C compiler builds for another machine than GOARCH says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.settings_in_force import locations, place, value_in
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS806",
    slug="compiler-for-another-architecture",
    title="the C compiler builds for another machine than GOARCH",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "gcc_arm64.S:30: Error: no such instruction: `stp x29,x30,[sp,",
        "gcc: error: unrecognized command-line option '-marm'",
        "cc1: error: unrecognized command-line option '-m64'",
        "file in wrong format",
    ),
)
# go adds -m32, -m64, -mabi= ...: one compiler may serve the whole family.
_FAMILIES = (
    frozenset(("386", "amd64")),
    frozenset(("mips", "mips64")),
    frozenset(("mipsle", "mips64le")),
    frozenset(("ppc64", "ppc64le")),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), lambda standing: _key(snapshot, standing)):
        yield _finding(snapshot, standing, contexts)


def _key(snapshot: Snapshot, standing: Standing) -> str:
    compiler = standing.tool("cc")
    if standing.state != "on" or not compiler.path or not compiler.target or not standing.goarch:
        return ""
    same = compiler.target == standing.goarch or any({compiler.target, standing.goarch} <= f for f in _FAMILIES)
    if same or standing.goos_setting is not None or _retargeted(snapshot, standing):
        return ""
    cause = _cause(standing)
    return f"{place(cause)}:{cause.name}" if cause is not None else compiler.path


def _retargeted(snapshot: Snapshot, standing: Standing) -> bool:
    """Whether flags tell the compiler another target, as clang has them."""
    context = context_named(snapshot, standing.context)
    return context is not None and "-target" in value_in(snapshot, context, "CGO_CFLAGS")


def _cause(standing: Standing) -> Setting | None:
    return standing.goarch_setting or standing.cc_setting


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...]) -> Finding:
    wanted, cause = cgo.needs(snapshot), _cause(standing)
    left_over = standing.goarch_setting is None and cause is not None
    actions = unset_actions(snapshot, cause) if left_over and cause is not None else ()
    return Finding(
        rule=RULE,
        subject=_key(snapshot, standing),
        message=_message(standing),
        locations=(
            *locations(standing.goarch_setting, standing.cc_setting, standing.setting),
            *cgo.places_of(wanted),
        ),
        evidence=(f"{standing.tool('cc').command} -dumpmachine", "go env GOARCH CC"),
        contexts=contexts,
        severity=cgo.severity(snapshot, chosen=True),
        explains=(Explains("GS519"), Explains("GS802")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(cause)
        if left_over and cause is not None
        else package_names.install(snapshot.machine, package_names.cross_packages(snapshot.machine, standing.goarch)),
        advice=_advice(snapshot, standing),
    )


def _message(standing: Standing) -> Text:
    compiler = standing.tool("cc")
    machine = package_names.TRIPLES.get(compiler.target, compiler.target)
    if standing.goarch_setting is not None:
        return Text(
            "{place} sets GOARCH={goarch}, but the C compiler {command} ({path}) builds for {target} ({machine}): cgo cannot cross compile with it",
            place=place(standing.goarch_setting),
            goarch=standing.goarch,
            command=compiler.command,
            path=compiler.path,
            target=compiler.target,
            machine=machine,
        )
    return Text(
        "go builds for this host (GOARCH={goarch}), but the C compiler of {place}, CC={command} ({path}), builds for {target} ({machine})",
        place=place(standing.cc_setting) if standing.cc_setting is not None else "PATH",
        goarch=standing.goarch,
        command=compiler.command,
        path=compiler.path,
        target=compiler.target,
        machine=machine,
    )


def _advice(snapshot: Snapshot, standing: Standing) -> Text:
    if standing.goarch_setting is None:
        return Text(
            "Remove the line that sets CC, or give CC in one command beside GOARCH. Never store CC with `go env -w`: it then holds for every machine that is built for."
        )
    packages = package_names.cross_packages(snapshot.machine, standing.goarch)
    compiler = package_names.cross_compiler(standing.goarch) or "..."
    if packages:
        return Text(
            "Set CC={compiler} beside GOARCH={goarch}; the packages {packages} bring it. To build for this host, remove the line with GOARCH. Never store CC with `go env -w`: it then holds for every machine that is built for.",
            compiler=compiler,
            goarch=standing.goarch,
            packages=packages,
        )
    return Text(
        "Set CC={compiler} (the cross compiler and a C library for that machine) beside GOARCH={goarch}. To build for this host, remove the line with GOARCH. Never store CC with `go env -w`: it then holds for every machine that is built for.",
        compiler=compiler,
        goarch=standing.goarch,
    )
