"""Which Go a project asks for, by which line of which file, which installed release serves it; and how it is made to ask for another one.

cmd/go looks at the go.work in force, or at go.mod where there is none, never at both. Files of version managers (.go-version,
.tool-versions) stand beside; they are told, and kept in step. Source: cmd/go/internal/toolchain, select.go (`Select`, `modGoToolchain`).
"""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import EditLines, LineEdit
from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang import goenv, gomod, goversion, toolchain_names
from gosteward.golang.version_files import OF_MANAGERS, wish_lines
from gosteward.host.planted import read_as_its_owner
from gosteward.probes import module_roots
from gosteward.shells.user_files import as_user
from gosteward.toolchains.installed import store, switching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.actions import Action
    from gosteward.golang.version_files import WishLine
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.installed.store import Installed

FILE_LIMIT = 1 << 20


class GoSetting(NamedTuple):
    """A variable of go.  value: "" where nothing sets it.  origin: "environment", or file and line."""

    value: str = ""
    origin: str = ""


class Project(NamedTuple):
    """What a project's files say.

    Attributes:
        directory: where it was looked for.   file: go.work or go.mod, the one that go reads, "" without one.
        wishes: all lines, the one that counts first: of `file`, then of version managers.   gotoolchain: GOTOOLCHAIN.
        refused: "go.mod:3: why" of the first line of `file` that no Go parses, "" if all is well.
    """

    directory: str
    file: str = ""
    wishes: tuple[WishLine, ...] = ()
    gotoolchain: GoSetting = GoSetting()
    refused: str = ""


class Serving(NamedTuple):
    """What a project asks for, and what it gets.

    Attributes:
        wanted: "go1.26.8", of a version manager's file also a line of releases, "go1.26"; "" if nothing asks.
        by: what decides: place and text of a line, or a setting with its place; "" for neither.
        tree: installed tree that is this release, or the newer one that is in use and serves as well; None without one.
    """

    wanted: str
    by: str
    tree: Installed | None = None


def project_at(directory: str, host: LocalHost, user: User, trees: tuple[str, ...] = ()) -> Project:
    """Read what there is in a directory and above it.

    Args:
        user: whose settings of go count.   trees: Go trees, whose go.env is read.

    Raises:
        UsageError: there is no such directory; a file cannot be read.
    """
    if not host.is_directory(directory):
        raise UsageError("there is no such directory", subject=directory)
    gotoolchain = setting_of(host, user, "GOTOOLCHAIN", trees)
    gowork = setting_of(host, user, "GOWORK", ()).value
    file = _work_file(directory, gowork, host) or _above(directory, "go.mod", host)
    wishes = list(_wishes(file, host)) if file else []
    # In the directory of the project only: those further up, in a home, are for all that lies there.
    places = dict.fromkeys((directory, *((file.rpartition("/")[0] or "/",) if file else ())))
    for path in (f"{place.rstrip('/')}/{name}" for place in places for name in OF_MANAGERS):
        if host.exists(path):
            wishes += _wishes(path, host)
    return Project(directory, file, tuple(wishes), gotoolchain, _refused(file, host) if file else "")


def _refused(file: str, host: LocalHost) -> str:
    directives = gomod.WORK_DIRECTIVES if file.endswith(".work") else gomod.MOD_DIRECTIVES
    errors = gomod.parse(_content(file, host), directives).errors
    return f"{file}:{errors[0][0].number}: {errors[0][1]}" if errors else ""


def serving(project: Project, trees: tuple[Installed, ...]) -> Serving:
    """Which release a project gets.  trees: those installed, the newest first."""
    used = next((tree for tree in trees if tree.current), None)
    value = project.gotoolchain.value
    name, _, mode = value.partition("+")
    least = name if toolchain_names.is_release(name) else used.version if used is not None else ""
    setting = f"GOTOOLCHAIN={value} ({project.gotoolchain.origin})" if value else ""
    wish = next(iter(project.wishes), None)
    # Only where no go was found, whose go.env would say it, an unset one is taken for the default.
    follows = "auto" in (name, mode) or "path" in (name, mode) or (not value and used is None)
    if wish is not None and wish.kind == "manager":  # it takes exactly what is written
        return Serving(wish.version, _shown(wish), next((t for t in trees if wish.agrees(t.version)), None))
    if wish is None or not follows:
        return Serving(least, setting, _tree_of(least, trees))
    version = _release_of(wish)
    if least and not goversion.older(least, version):  # go never steps back: a line asks for a release at least
        wanted, by = (least, setting) if least == name else (version or least, _shown(wish))
        return Serving(wanted, by, _tree_of(least, trees))
    return Serving(version, _shown(wish), _tree_of(version, trees))


def pinned(project: Project, version: str, host: LocalHost) -> tuple[tuple[Action, ...], tuple[Text, ...]]:
    """Let a project ask for a release: by the file that go reads, and by those of version managers that say something else.

    Args:
        version: "go1.26.8".

    Returns:
        What is to be done, nothing where all of it is said already; and what was left as it is.

    Raises:
        UsageError: there is no such file, go does not read it, or its go line asks for a later release.
    """
    actions: list[Action] = []
    notes: list[Text] = []
    if not project.file and not project.wishes:
        hint = "`go mod init` makes a go.mod"
        raise UsageError("no go.mod and no go.work is there or above it", subject=project.directory, hint=hint)
    if project.refused:
        hint = "no go command works there, whichever release it is; `gosteward doctor` says what is wrong"
        raise UsageError("go does not read it as it is, so nothing was changed", subject=project.refused, hint=hint)
    if project.file and not _says(project, version):
        actions.append(switching.pinned(project.file, _content(project.file, host), version))
    for wish in (w for w in project.wishes if w.kind == "manager" and not w.agrees(version)):
        if wish.version:
            actions.append(EditLines(wish.path, (LineEdit(wish.line, wish.text, (wish.asking_for(version),)),)))
        else:
            notes.append(Text("{place} is no version, and stays so: {text}", place=_place(wish), text=wish.text))
    value, origin = project.gotoolchain
    if value.partition("+")[0] not in ("", "auto", "path", "local", version):
        notes.append(Text("GOTOOLCHAIN={value} ({origin}) comes before it", value=value, origin=origin))
    return tuple(actions), tuple(notes)


def release_named(text: str, trees: Iterable[Installed]) -> str:
    """The release that a user means: of those installed first; a whole version need not be installed. Raises UsageError."""
    asked = toolchain_names.wanted(text)
    return asked.version if asked.kind == "release" else switching.one_of(text, tuple(trees)).version


def setting_of(host: LocalHost, user: User, name: str, trees: tuple[str, ...]) -> GoSetting:
    """A variable as go reads it: environment, file of `go env -w`, go.env of a tree. Source: cmd/go/internal/cfg (`EnvFile`, `Getenv`)."""
    environ = host.environ
    if environ.get(name):
        return GoSetting(environ[name], "environment")
    file = goenv.file_named(environ.get("GOENV", ""), environ.get("XDG_CONFIG_HOME", ""), user.home)
    for path in (file, *(f"{tree}/go.env" for tree in trees)):
        for entry in _entries(path, host, user) if path.startswith("/") else ():
            if entry.name == name and not entry.ignored and entry.value:
                return GoSetting(entry.value, f"{path}:{entry.number}")
    return GoSetting()


def _entries(path: str, host: LocalHost, user: User) -> tuple[goenv.Entry, ...]:
    with as_user(host, user):
        try:
            return goenv.in_force(goenv.parse(host.text(path, FILE_LIMIT)))
        except OSError:
            return ()


def _work_file(directory: str, gowork: str, host: LocalHost) -> str:
    """Source: cmd/go/internal/modload/init.go (`FindGoWork`)."""
    if gowork == "off":
        return ""
    if gowork and gowork != "auto":
        return gowork if gowork.startswith("/") and host.exists(gowork) else ""
    return _above(directory, "go.work", host)


def _above(directory: str, name: str, host: LocalHost) -> str:
    found = module_roots.above(host, directory, name)
    return f"{found.rstrip('/')}/{name}" if found else ""


def _content(path: str, host: LocalHost) -> str:
    try:
        with read_as_its_owner(host, path):
            return host.text(path, FILE_LIMIT)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error


def _wishes(path: str, host: LocalHost) -> tuple[WishLine, ...]:
    return wish_lines(path, _content(path, host))


def _says(project: Project, version: str) -> bool:
    """Whether the file that go reads asks for this release already."""
    own = [wish for wish in project.wishes if wish.path == project.file]
    return bool(own) and own[0].version == version


def _release_of(wish: WishLine) -> str:
    """The release that a line means: "go 1.22" means go1.22.0; "" for `toolchain default`."""
    parsed = goversion.parse(wish.version)
    return f"{wish.version}.0" if parsed is not None and parsed.stage == -1 else wish.version


def _tree_of(version: str, trees: tuple[Installed, ...]) -> Installed | None:
    return next((tree for tree in trees if tree.version == version), None)


def _place(wish: WishLine) -> str:
    return f"{wish.path}:{wish.line}"


def _shown(wish: WishLine) -> str:
    return f"{_place(wish)}: {wish.text.strip()}"


def trees_below(roots: Iterable[str], host: LocalHost) -> tuple[Installed, ...]:
    """What is installed below several roots, the newest first; `current` counts in the first root that has one."""
    found = [tree for root in dict.fromkeys(map(os.path.normpath, roots)) for tree in store.installed(host, root)]
    used = next((tree.tree for tree in found if tree.current), "")
    marked = (tree._replace(current=tree.tree == used) for tree in found)
    return tuple(sorted(marked, key=lambda t: goversion.parse(t.version) or (0, 0, 0, 0), reverse=True))
