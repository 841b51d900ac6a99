"""Which Go release a module gets in a context: the go that is found, GOTOOLCHAIN, and the lines of go.mod and go.work. Pure.

Source: cmd/go/internal/toolchain/select.go (`Select`): GOTOOLCHAIN is `auto`, `path`, `local`, a toolchain's name, or
`<name>+auto` and `<name>+path`; only `auto` and `path` follow the go and toolchain lines. An unset one (a go.env without the line)
works like `local`. Go releases before 1.21 know none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import ReplaceLink
from gosteward.golang import goversion
from gosteward.reasoning.impact import matters
from gosteward.reasoning.remedies import LINKS, is_private
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import value_in, winner
from gosteward.reasoning.viewpoint import usable_trees
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Context, Setting, Snapshot, Workspace

FIRST_WITH_TOOLCHAINS = "go1.21rc1"


class Choice(NamedTuple):
    """How a context chooses among releases.

    Attributes:
        running: the go that PATH finds.   minimum: what runs for a module without wishes ("go1.26.8").
        follows: "auto" (go.mod may raise it, by PATH or download), "path" (by PATH only), "" (nothing raises it).
        setting: where GOTOOLCHAIN gets its value; None where nothing sets it.   pinned: the value names a release.
    """

    context: Context
    running: RunningGo
    minimum: str
    follows: str
    setting: Setting | None = None
    pinned: bool = False

    @property
    def switches(self) -> bool:
        """The go that is found knows GOTOOLCHAIN at all."""
        return not goversion.older(self.running.version, FIRST_WITH_TOOLCHAINS)


class Wish(NamedTuple):
    """A release that a module asks for at least: "1.26.8", and the line that says so."""

    version: str
    location: Location


def choices(snapshot: Snapshot) -> Iterator[Choice]:
    """The choice of each session and job of the user that finds a go of a known version."""
    for context in snapshot.contexts:
        choice = choice_in(snapshot, context) if matters(context) else None
        if choice is not None:
            yield choice


def choice_in(snapshot: Snapshot, context: Context) -> Choice | None:
    """The choice of one context; None without a go of a known version, or with a value that go refuses."""
    running = running_go_of(snapshot, context)
    if running is None or goversion.parse(running.version) is None or running.go.origin == "gccgo":
        return None
    if goversion.older(running.version, FIRST_WITH_TOOLCHAINS):
        return Choice(context, running, running.version, "")
    setting = winner(snapshot, context, "GOTOOLCHAIN")
    if setting is None:
        known = any(s.origin == "goroot" and s.goroot == running.go.goroot for s in snapshot.go_settings)
        return Choice(context, running, running.version, "" if known else "auto")
    return _by_value(context, running, setting)


def _by_value(context: Context, running: RunningGo, setting: Setting) -> Choice | None:
    if setting.value in ("auto", "path"):
        return Choice(context, running, running.version, setting.value, setting)
    name, plus, follows = setting.value.partition("+")
    if plus and follows not in ("auto", "path"):
        return None
    if name == "local":
        return Choice(context, running, running.version, follows, setting)
    version = name[name.find("go1") :] if "go1" in name else ""
    if goversion.parse(version) is None:
        return None
    return Choice(context, running, version, follows, setting, pinned=True)


def wish_of(workspace: Workspace) -> Wish | None:
    """The newest go line that binds a module: its own, that of the go.work in force, that of its dependencies."""
    wishes = []
    place = workspace.go_location or Location(workspace.go_mod)
    if workspace.go:
        wishes.append(Wish(workspace.go, place))
    work = workspace.work
    if work is not None and work.lists_module and work.go:
        wishes.append(Wish(work.go, work.go_location or Location(work.path)))
    if workspace.newest_go:
        wishes.append(Wish(workspace.newest_go, place))
    newest: Wish | None = None
    for wish in wishes:
        if newest is None or goversion.older(newest.version, wish.version):
            newest = wish
    return newest


def toolchain_wish_of(workspace: Workspace) -> Wish | None:
    """The toolchain line in force, that of go.work before that of go.mod; None without one, or with `default`."""
    work = workspace.work
    if work is not None and work.lists_module:
        text, place = work.toolchain, work.go_location or Location(work.path)
    else:
        text, place = workspace.toolchain, workspace.toolchain_location or Location(workspace.go_mod)
    return Wish(text, place) if goversion.parse(text) is not None else None


def release_for(choice: Choice, workspace: Workspace) -> tuple[str, Wish | None]:
    """The release that a module gets in a context, "go1.26.8", and the line that raised it (None where none did)."""
    version, by = choice.minimum, None
    if not choice.follows or "default" in (workspace.toolchain, workspace.work.toolchain if workspace.work else ""):
        return version, None
    for wish in (toolchain_wish_of(workspace), wish_of(workspace)):
        if wish is not None and goversion.older(version, wish.version):
            version, by = toolchain_named(wish.version), wish
    return version, by


def toolchain_named(version: str) -> str:
    """Name of the toolchain for a go line: from 1.21 on the first release of a line ends in `.0`."""
    parsed = goversion.parse(version)
    name = version if version.startswith("go") else f"go{version}"
    return f"{name}.0" if parsed is not None and parsed.stage == -1 else name


def here(snapshot: Snapshot, context: Context, name: str, *, by_path: bool = False) -> bool:
    """Whether go has a toolchain ("go1.26.8") at hand: it is that release itself, finds it on PATH, or in the module cache.

    Args:
        by_path: GOTOOLCHAIN allows PATH alone.
    """
    running = running_go_of(snapshot, context)
    if running is not None and goversion.parse(name) == goversion.parse(running.version):
        return True
    directories = {entry.directory.rstrip("/") for entry in context.search_path}
    on_path = any(
        b.path.rpartition("/")[2] == name and b.path.rpartition("/")[0] in directories and b.executable
        for b in snapshot.binaries
    )
    cached = any(t.origin == "toolchain-module" and t.version == name for t in snapshot.toolchains)
    return on_path or (cached and not by_path)


def obtainable(snapshot: Snapshot, context: Context, name: str) -> bool:
    """Whether go gets a toolchain once GOTOOLCHAIN lets it: it is at hand, or a proxy answers and nothing forbids the download."""
    if here(snapshot, context, name):
        return True
    forbidden = any(value_in(snapshot, context, variable) == "off" for variable in ("GOPROXY", "GOSUMDB"))
    return not forbidden and any(c.kind == "goproxy" and c.ok and context.name in c.contexts for c in snapshot.network)


def link_to(snapshot: Snapshot, contexts: tuple[Context, ...], name: str) -> ReplaceLink | None:
    """A link of the toolchain's name to a tree of that very release, where all contexts find it; None without such a tree."""
    places = (t.path for t in usable_trees(snapshot) if t.version == name and t.origin != "toolchain-module")
    tree = next((path for path in places if not is_private(snapshot, path)), "")
    path = f"{LINKS}/{name}"
    looked_at = all(
        any(e.directory.rstrip("/") == LINKS and e.kind == "directory" for e in c.search_path) for c in contexts
    )
    if not tree or not contexts or not looked_at or any(b.path == path for b in snapshot.binaries):
        return None
    return ReplaceLink(path, f"{tree}/bin/go")
