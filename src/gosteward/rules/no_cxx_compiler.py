"""GS809: cgo has sources in C++ to build, and no C++ compiler; or CXX names one that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.setting_repair import commands_behind, unset_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Need, Standing
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS809",
    slug="no-cxx-compiler",
    title="cgo needs a C++ compiler, and there is none",
    severity="error",
    needs=("c_toolchain", "workspaces", "contexts"),
    symptoms=(
        'cgo: C++ compiler "g++" not found: exec: "g++": executable file not found in $PATH',
        'exec: "g++": executable file not found in $PATH',
        "cannot find -lstdc++",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    wanted = cgo.needs(snapshot)
    in_cxx = tuple(need for need in wanted if need.use is not None and need.use.cxx)
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key):
        tool = standing.tool("cxx")
        if in_cxx or (wanted and tool.location is not None):
            yield _finding(snapshot, standing, contexts, in_cxx or wanted, surely=bool(in_cxx))


def _key(standing: Standing) -> str:
    tool = standing.tool("cxx")
    return tool.command if standing.state == "on" and standing.tool("cc").path and not tool.path else ""


def _finding(
    snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...], wanted: tuple[Need, ...], *, surely: bool
) -> Finding:
    tool = standing.tool("cxx")
    chosen = tool.location
    setting = cgo.setting_in(snapshot, standing, "CXX") if chosen is not None else None
    actions = unset_actions(snapshot, setting) if setting is not None else ()
    commands = package_names.install_part(snapshot.machine, "c++-compiler") if chosen is None else ()
    return Finding(
        rule=RULE,
        subject=tool.command,
        message=Text(
            "{place} sets CXX={command}, and there is no such C++ compiler",
            place=f"{chosen.path}:{chosen.line}",
            command=tool.command,
        )
        if chosen is not None
        else Text("{file} has sources in C++ beside it, and no C++ compiler (g++) is installed", file=wanted[0].place),
        locations=(*((chosen,) if chosen is not None else ()), *cgo.places_of(wanted)),
        evidence=(f"type -a {tool.command.partition(' ')[0]}",),
        contexts=contexts,
        severity="" if surely else "warning",
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions and setting is not None else commands,
        advice=Text("Remove the line, or install the compiler that it names.")
        if chosen is not None
        else Text("Install the package of this distribution with g++; it brings the C++ library as well."),
    )
