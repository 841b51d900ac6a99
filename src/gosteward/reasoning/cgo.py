"""cgo: which examined sources need it, and whether it is on in the contexts where go works. Pure.

Source: cmd/go/internal/cfg/cfg.go (`defaultContext`): CGO_ENABLED decides where it is 0 or 1. Otherwise cgo is off when another
machine is built for and, from Go 1.20 on, when CC is not set and the default compiler is not on PATH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goversion
from gosteward.reasoning.settings_in_force import winner
from gosteward.reasoning.viewpoint import context_named, first_go, tree_of
from gosteward.snapshot import CompilerTool, Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.snapshot import CgoUse, Location, Setting, Snapshot, Workspace

FIRST_THAT_LOOKS_FOR_CC = "go1.20rc1"
# Modules that are C behind a thin layer of Go: without cgo they do not build, or build a stub that fails when it runs.
_C_MODULES_TEXT = """
    github.com/mattn/go-sqlite3 github.com/uber/h3-go github.com/uber/h3-go/v3 github.com/uber/h3-go/v4 gocv.io/x/gocv
    github.com/confluentinc/confluent-kafka-go github.com/confluentinc/confluent-kafka-go/v2 github.com/veandco/go-sdl2
    github.com/godror/godror github.com/linxGnu/grocksdb github.com/tecbot/gorocksdb github.com/mutecomm/go-sqlcipher/v4
    github.com/marcboeker/go-duckdb
"""
C_MODULES = frozenset(_C_MODULES_TEXT.split())


class Need(NamedTuple):
    """A reason to build with cgo.

    Attributes:
        location: the line with `import "C"`, or the requirement.   use: None for a requirement.
        module: the required module that is made of C, "" for a file of the workspace itself.
    """

    workspace: Workspace
    location: Location
    use: CgoUse | None = None
    module: str = ""

    @property
    def place(self) -> str:
        """For a sentence: "/home/dev/src/app/main.go:6"."""
        return f"{self.location.path}:{self.location.line}" if self.location.line else self.location.path


class Standing(NamedTuple):
    """How cgo stands in one context.

    Attributes:
        state: "on", "set-off" (CGO_ENABLED=0), "foreign" (off by itself: another machine is built for), "without" (off by itself:
            no compiler).
        setting: of CGO_ENABLED.   goarch: what is built for, "" if unknown.   goarch_setting, goos_setting: None for the host's own.
        tools: the C toolchain as this context finds it.
    """

    context: str
    state: str
    setting: Setting | None
    goarch: str
    goarch_setting: Setting | None
    goos_setting: Setting | None
    cc_setting: Setting | None
    tools: tuple[CompilerTool, ...]

    def tool(self, role: str) -> CompilerTool:
        """The tool of a role; one without a path where the context has none."""
        return next((t for t in self.tools if t.role == role), CompilerTool(role=role, command="", path="?"))


def needs(snapshot: Snapshot) -> tuple[Need, ...]:
    """Everything that needs cgo, of the project first; files that have a substitute without cgo are left out."""
    found: list[Need] = []
    for workspace in sorted(snapshot.workspaces, key=lambda w: not w.current):
        found += (Need(workspace, use.location, use) for use in workspace.cgo if not use.optional)
        for require in workspace.requirements:
            if require.path in C_MODULES and require.imported and require.location is not None:
                found.append(Need(workspace, require.location, module=require.path))
    return tuple(found)


def severity(snapshot: Snapshot, *, chosen: bool = False) -> str:
    """How bad it is that cgo cannot work; "" where nobody needs it.

    Args:
        chosen: somebody asked for cgo, by CGO_ENABLED=1 or CC, or by a compiler that is there. Then net and os/user of the standard
            library fail as well, in every module.
    """
    wanted = needs(snapshot)
    if wanted:
        return "error" if any(need.use is not None for need in wanted) else "warning"
    if not chosen:
        return ""
    return "warning" if any(workspace.go_mod for workspace in snapshot.workspaces) else "note"


def standings(snapshot: Snapshot) -> tuple[Standing, ...]:
    """Each context whose C toolchain is known; sessions without go are left out where others have one."""
    tools: dict[str, list[CompilerTool]] = {}
    for tool in snapshot.c_toolchain.tools:
        tools.setdefault(tool.context, []).append(tool)
    known = [(context_named(snapshot, name) or Context(name=name, kind="login"), tools[name]) for name in tools]
    # A job may call go by its path.
    with_go = [pair for pair in known if first_go(pair[0]) is not None or pair[0].uses_go]
    return tuple(_standing(snapshot, context, tuple(found)) for context, found in with_go or known)


def grouped(
    standings_: tuple[Standing, ...], key: Callable[[Standing], str]
) -> Iterator[tuple[Standing, tuple[str, ...]]]:
    """The first standing of each key that is not "", with the names of all contexts that share it."""
    found: dict[str, tuple[Standing, list[str]]] = {}
    for standing in standings_:
        name = key(standing)
        if name:
            found.setdefault(name, (standing, []))[1].append(standing.context)
    for standing, names in found.values():
        yield standing, tuple(name for name in names if name)


def setting_in(snapshot: Snapshot, standing: Standing, name: str) -> Setting | None:
    """The setting of another variable (CXX, PKG_CONFIG) in a standing's context; None without one."""
    context = context_named(snapshot, standing.context)
    return winner(snapshot, context, name) if context is not None else None


def places_of(wanted: tuple[Need, ...]) -> tuple[Location, ...]:
    """Lines that need cgo, at most 5."""
    return tuple(dict.fromkeys(need.location for need in wanted))[:5]


def _standing(snapshot: Snapshot, context: Context, tools: tuple[CompilerTool, ...]) -> Standing:
    setting = winner(snapshot, context, "CGO_ENABLED")
    goarch_setting, goos_setting = (_foreign(snapshot, context, name) for name in ("GOARCH", "GOOS"))
    standing = Standing(
        context=context.name,
        state="on",
        setting=setting,
        goarch=goarch_setting.value if goarch_setting is not None else _goarch_of(snapshot, context),
        goarch_setting=goarch_setting,
        goos_setting=goos_setting,
        cc_setting=winner(snapshot, context, "CC"),
        tools=tools,
    )
    return standing._replace(state=_state(snapshot, context, standing))


def _state(snapshot: Snapshot, context: Context, standing: Standing) -> str:
    value = standing.setting.value if standing.setting is not None else ""
    if value in ("0", "1"):
        return "on" if value == "1" else "set-off"
    entry = first_go(context)
    tree = tree_of(snapshot, entry.go) if entry is not None and entry.go is not None else None
    if tree is not None and tree.cgo_default:
        return "on" if tree.cgo_default == "1" else "set-off"
    if standing.goarch_setting is not None or standing.goos_setting is not None:
        return "foreign"
    version = tree.version if tree is not None else ""
    looks = not goversion.older(version, FIRST_THAT_LOOKS_FOR_CC)
    return "without" if looks and standing.cc_setting is None and not standing.tool("cc").path else "on"


def _foreign(snapshot: Snapshot, context: Context, name: str) -> Setting | None:
    """The setting of GOARCH or GOOS, if it names something else than go itself was built for."""
    setting = winner(snapshot, context, name)
    here = "linux" if name == "GOOS" else _goarch_of(snapshot, context)
    return setting if setting is not None and here and setting.value != here else None


def _goarch_of(snapshot: Snapshot, context: Context) -> str:
    """GOARCH of the go that runs, which is what it builds for."""
    entry = first_go(context)
    go = entry.go if entry is not None else None
    if go is not None and go.elf is not None and go.elf.goarch:
        return go.elf.goarch
    return snapshot.machine.userland_goarch
