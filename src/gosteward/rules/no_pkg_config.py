"""GS803: a `#cgo pkg-config:` line wants pkg-config, and the program is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.setting_repair import commands_behind, unset_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Need, Standing
    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS803",
    slug="no-pkg-config",
    title="cgo needs pkg-config, which is not there",
    severity="error",
    needs=("c_toolchain", "workspaces", "contexts"),
    symptoms=('go build: exec: "pkg-config": executable file not found in $PATH', "pkg-config: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    wanted = tuple(need for need in cgo.needs(snapshot) if need.use is not None and need.use.pkg_config)
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key) if wanted else ():
        yield _finding(snapshot, standing, contexts, wanted)


def _key(standing: Standing) -> str:
    tool = standing.tool("pkg-config")
    return tool.command if standing.state == "on" and not tool.path else ""


def _finding(snapshot: Snapshot, standing: Standing, contexts: tuple[str, ...], wanted: tuple[Need, ...]) -> Finding:
    tool = standing.tool("pkg-config")
    chosen = tool.location
    setting = cgo.setting_in(snapshot, standing, "PKG_CONFIG") if chosen is not None else None
    actions = unset_actions(snapshot, setting) if setting is not None else ()
    commands = package_names.install_part(snapshot.machine, "pkg-config") if chosen is None else ()
    return Finding(
        rule=RULE,
        subject=tool.command,
        message=_message(standing, wanted[0]),
        locations=(*((chosen,) if chosen is not None else ()), *cgo.places_of(wanted)),
        evidence=(f"type -a {tool.command.split()[0]}" if tool.command.split() else "type -a pkg-config",),
        contexts=contexts,
        explains=(Explains("GS804"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions and setting is not None else commands,
        advice=_advice(chosen, commands),
    )


def _message(standing: Standing, need: Need) -> Text:
    tool = standing.tool("pkg-config")
    names = ", ".join(need.use.pkg_config) if need.use else ""
    if tool.location is not None:
        return Text(
            "{place} sets PKG_CONFIG={command}, which is not installed; {file} asks it for {names}",
            place=f"{tool.location.path}:{tool.location.line}",
            command=tool.command,
            file=need.place,
            names=names,
        )
    return Text(
        "{file} asks pkg-config for {names}, and pkg-config is not installed",
        file=need.place,
        names=names,
    )


def _advice(chosen: Location | None, commands: tuple[str, ...]) -> Text:
    if chosen is not None:
        return Text("Remove the line, or install the program that it names.")
    if commands:
        return Text(
            "Install the package: `{command}`. The libraries' own -dev packages bring the .pc files.",
            command=commands[0],
        )
    return Text("Install the package of this distribution with pkg-config or pkgconf.")
