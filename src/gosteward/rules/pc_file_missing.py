"""GS804: pkg-config finds no .pc file for a library: PKG_CONFIG_LIBDIR or PKG_CONFIG_PATH leads elsewhere, or a -dev package is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.viewpoint import context_named, variable
from gosteward.snapshot import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.cgo import Need, Standing
    from gosteward.snapshot import EnvironmentVariable, Snapshot

RULE = Rule(
    id="GS804",
    slug="pc-file-missing",
    title="pkg-config does not find a library that cgo asks for",
    severity="error",
    needs=("c_toolchain", "workspaces", "contexts"),
    symptoms=(
        "Package greet was not found in the pkg-config search path.",
        "Perhaps you should add the directory containing `greet.pc' to the PKG_CONFIG_PATH environment variable",
        "Package 'greet', required by 'virtual:world', not found",
    ),
)
# A pkg-config that some other world brought has directories of its own.
_OF_HOST = ("/usr/bin/", "/bin/")
_NATIVE = ("pkg-config", "pkgconf")


class _Search(NamedTuple):
    """Where one context's pkg-config looks.

    Attributes:
        libdir, path: PKG_CONFIG_LIBDIR and PKG_CONFIG_PATH, None where they are not set.   names: of all .pc files there.
    """

    libdir: EnvironmentVariable | None
    path: EnvironmentVariable | None
    directories: tuple[str, ...]
    names: frozenset[str]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    wanted = tuple(need for need in cgo.needs(snapshot) if need.use is not None and need.use.pkg_config)
    found: dict[str, tuple[_Search, list[str], tuple[str, ...]]] = {}
    for standing in cgo.standings(snapshot) if wanted else ():
        search = _search(snapshot, standing)
        missing = _missing(search, wanted) if search is not None else ()
        if search is not None and missing:
            found.setdefault(_subject(search, missing), (search, [], missing))[1].append(standing.context)
    for subject, (search, contexts, missing) in found.items():
        yield _finding(snapshot, subject, search, tuple(contexts), missing)


def _search(snapshot: Snapshot, standing: Standing) -> _Search | None:
    """None where cgo is off, where there is no pkg-config, or where nobody can tell in which directories it looks."""
    tool = standing.tool("pkg-config")
    context = context_named(snapshot, standing.context)
    if standing.state != "on" or not tool.path or context is None:
        return None
    libdir, path = (variable(context, name) for name in ("PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH"))
    libdir, path = (v if v is not None and v.exported and v.value else None for v in (libdir, path))
    known = tool.path.startswith(_OF_HOST) and tool.path.rpartition("/")[2] in _NATIVE
    if libdir is None and not known:
        return None
    toolchain = snapshot.c_toolchain
    named = _directories(path) + _directories(libdir)
    listed = dict(toolchain.pkg_config_listed)
    names = {name for directory in named for name in listed.get(directory, ())}
    if libdir is None:
        names.update(toolchain.pkg_config_names)
        named += toolchain.pkg_config_directories
    return _Search(libdir, path, named, frozenset(names))


def _directories(named: EnvironmentVariable | None) -> tuple[str, ...]:
    return tuple(d.rstrip("/") or "/" for d in named.value.split(":") if d) if named is not None else ()


def _missing(search: _Search, wanted: tuple[Need, ...]) -> tuple[str, ...]:
    asked = dict.fromkeys(name for need in wanted if need.use is not None for name in need.use.pkg_config)
    return tuple(n for n in asked if n not in search.names and "/" not in n and not n.startswith("-"))


def _subject(search: _Search, missing: tuple[str, ...]) -> str:
    setting = search.libdir
    if setting is not None and setting.sources:
        return f"{setting.sources[0].path}:{setting.name}"
    return setting.name if setting is not None else f"{missing[0]}.pc"


def _finding(
    snapshot: Snapshot, subject: str, search: _Search, contexts: tuple[str, ...], missing: tuple[str, ...]
) -> Finding:
    wanted = tuple(n for n in cgo.needs(snapshot) if n.use is not None and set(missing) & set(n.use.pkg_config))
    hides = search.libdir is not None and set(missing) & set(snapshot.c_toolchain.pkg_config_names)
    actions: tuple[Action, ...] = ()
    commands: tuple[str, ...] = ()
    if search.libdir is None:
        commands = package_names.providing_pc(snapshot.machine, missing[0])
    elif hides:
        setting = _setting(search.libdir, contexts)
        actions = unset_actions(snapshot, setting)
        commands = commands_behind(setting) if actions else ()
    lines = tuple(v.sources[0] for v in (search.libdir, search.path) if v is not None and v.sources)
    return Finding(
        rule=RULE,
        subject=subject,
        message=_message(search, wanted[0], missing),
        locations=(*lines, *cgo.places_of(wanted)),
        evidence=(
            *(f"{v.name}={v.value}" for v in (search.libdir, search.path) if v is not None),
            f"pkg-config --exists --print-errors {missing[0]}",
        ),
        contexts=contexts,
        # A library that was never installed may belong to a project that nobody builds here.
        severity="" if search.libdir is not None or wanted[0].workspace.current else "warning",
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands,
        advice=_advice(search, missing, hides=bool(hides)),
    )


def _message(search: _Search, need: Need, missing: tuple[str, ...]) -> Text:
    names = ", ".join(f"{name}.pc" for name in missing)
    if search.libdir is None:
        return Text(
            "{file} asks pkg-config for {names}, which is in none of the directories that it searches: {directories}",
            file=need.place,
            names=names,
            directories=", ".join(search.directories) or "-",
        )
    return Text(
        "{place} sets PKG_CONFIG_LIBDIR={value}: pkg-config looks there instead of in the host's own directories, and does not find {names}, which {file} asks for",
        place=_place(search.libdir),
        value=search.libdir.value,
        names=names,
        file=need.place,
    )


def _place(found: EnvironmentVariable) -> str:
    return f"{found.sources[0].path}:{found.sources[0].line}" if found.sources else "the environment"


def _setting(libdir: EnvironmentVariable, contexts: tuple[str, ...]) -> Setting:
    """The variable as a setting: what to take back, and where."""
    return Setting(libdir.name, libdir.value, "environment", libdir.sources[0] if libdir.sources else None, contexts)


def _advice(search: _Search, missing: tuple[str, ...], *, hides: bool) -> Text:
    if hides:
        return Text(
            "The host has {name}.pc in a directory of its own. Remove the line, and give PKG_CONFIG_LIBDIR to cross builds only, beside GOARCH and CC in one command.",
            name=missing[0],
        )
    if search.libdir is not None:
        return Text(
            "Install the library for the machine that is built for, so that {name}.pc comes into {directory}.",
            name=missing[0],
            directory=search.libdir.value.partition(":")[0],
        )
    return Text(
        "Install the -dev or -devel package of the library; it brings {name}.pc. If the file is elsewhere, name its directory in PKG_CONFIG_PATH.",
        name=missing[0],
    )
