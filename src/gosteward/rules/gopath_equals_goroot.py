"""GS407: GOPATH and GOROOT are the same directory, mostly because Go was unpacked to ~/go, the default GOPATH."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import LINE_SHOWN, EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.goenv_lines import setting_action
from gosteward.reasoning.running_go import running_gos
from gosteward.reasoning.setting_repair import change_actions, commands_behind
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Setting, Snapshot, WritePlace

RULE = Rule(
    id="GS407",
    slug="gopath-equals-goroot",
    title="GOPATH and GOROOT are the same directory",
    severity="warning",
    needs=("write_places", "contexts", "toolchains"),
    symptoms=(
        "warning: both GOPATH and GOROOT are the same directory",
        "warning: GOPATH set to GOROOT (/home/dev/go) has no effect",
        "module cache not found: neither GOMODCACHE nor GOPATH is set",
    ),
)
_GOPATH_BIN = re.compile(r"\$(?:GOPATH|\{GOPATH\})/bin(?![\w/])")
FIRST_WITH_GOENV_FILE = "go1.13"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for running in running_gos(snapshot):
        if running.tree is None:
            continue
        roots = {running.tree.path, running.tree.real_path, running.go.goroot} - {""}
        for place in places_of_user(snapshot, "GOPATH"):
            met = not place.contexts or set(place.contexts) & set(running.contexts)
            if place.path.rstrip("/") in roots and met and place.path not in seen:
                seen.add(place.path)
                yield _finding(snapshot, running, place)


def _finding(snapshot: Snapshot, running: RunningGo, place: WritePlace) -> Finding:
    by_default = place.setting is None
    setting = next((s for s in snapshot.go_settings if place.setting is not None and s.location == place.setting), None)
    actions = _actions(snapshot, running, setting, by_default=by_default)
    return Finding(
        rule=RULE,
        subject=place.path,
        message=Text(
            "{path} is GOROOT, the tree of {version}, and also GOPATH, which is that directory by default: go warns at every command, and has no place for modules",
            path=place.path,
            version=running.version,
        )
        if by_default
        else Text(
            "GOPATH is set to {path}, which is GOROOT, the tree of {version}: go warns at every command, and has no place for modules",
            path=place.path,
            version=running.version,
        ),
        locations=((place.setting,) if place.setting else (*running.sources, Location(place.path))),
        evidence=(f"head -1 {quote(place.path + '/VERSION')}",),
        contexts=tuple(n for n in running.contexts if not place.contexts or n in place.contexts),
        explains=(Explains("GS506"), Explains("GS314", place.path), Explains("GS127")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=_commands(snapshot, running, place, setting, fit=bool(actions)),
        advice=_advice(snapshot, running, place, fit=bool(actions)),
    )


def _new_place(snapshot: Snapshot, running: RunningGo) -> str:
    return f"{snapshot.user.home}/.local/share/go/{running.version[2:] or 'current'}"


def _actions(
    snapshot: Snapshot, running: RunningGo, setting: Setting | None, *, by_default: bool
) -> tuple[Action, ...]:
    """Another GOPATH, for everything that the user starts: the tree may stay, and every line that names it stays right."""
    home = snapshot.user.home.rstrip("/")
    own = f"{home}/go" if running.place != f"{home}/go" else f"{home}/gopath"
    if not home or (not by_default and setting is None):
        return ()
    if setting is not None:
        changed = change_actions(snapshot, setting, own) if ":" not in setting.value else ()
        return _with_path_lines(snapshot, changed, running.place)
    if goversion.older(running.version, FIRST_WITH_GOENV_FILE):
        return ()
    added = setting_action(snapshot, "GOPATH", own)
    return (added,) if added is not None else ()


def _with_path_lines(snapshot: Snapshot, changed: tuple[Action, ...], goroot: str) -> tuple[Action, ...]:
    """The change, with lines that put `$GOPATH/bin` on PATH, where go was found: they name its directory, too; () if one cannot."""
    edits = {a.path: list(a.edits) for a in changed if isinstance(a, EditLines)}
    if len(edits) != len(changed) or not changed:
        return ()
    for file in snapshot.startup_files:
        own = edits.setdefault(file.real_path or file.path, [])
        for place in (line.location for line in file.lines if line.kind == "path"):
            match = _GOPATH_BIN.search(place.text)
            quoted_list = file.dialect == "fish" and '"' in place.text
            if match is None:
                continue
            if quoted_list or len(place.text) >= LINE_SHOWN or place.line in {edit.line for edit in own}:
                return ()
            at, between = match.start(), " " if file.dialect == "fish" else ":"
            after = f"{place.text[:at]}{goroot}/bin{between}{place.text[at:]}"
            own.append(LineEdit(place.line, place.text, (after,)))
    return tuple(EditLines(path, tuple(found)) for path, found in edits.items() if found)


def _commands(
    snapshot: Snapshot, running: RunningGo, place: WritePlace, setting: Setting | None, *, fit: bool
) -> tuple[str, ...]:
    if fit or place.setting is not None:
        return commands_behind(setting) if fit and setting is not None else ()
    new = _new_place(snapshot, running)
    return (f"mkdir -p {quote(new.rpartition('/')[0])}", f"mv -T {quote(place.path)} {quote(new)}")


def _advice(snapshot: Snapshot, running: RunningGo, place: WritePlace, *, fit: bool) -> Text:
    if place.setting is not None:
        return Text(
            "Take the setting out, or let GOPATH name a directory of its own: Go then uses {home}/go.",
            home=snapshot.user.home,
        )
    if fit and place.setting is None:
        return Text(
            "The tree stays where it is, and GOPATH becomes a directory of its own: go makes it, and puts programs into {home}/gopath/bin from then on. Add that to PATH if you install programs with go.",
            home=snapshot.user.home,
        )
    line = running.sources[0] if running.sources else None
    return Text(
        "Move the tree away and name the new bin directory on PATH ({line}). What `go install` and module downloads have put into {path}/bin and {path}/pkg/mod goes back to {path} afterwards.",
        line=f"{line.path}:{line.line}" if line else "PATH",
        path=place.path,
    )
