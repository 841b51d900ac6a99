"""Go's settings, read without asking `go`: the environment of every context, the goenv file (`go env -w`), and GOROOT/go.env.

Source: cmd/go/internal/cfg/cfg.go (`EnvFile`, `initEnvCache`): the environment wins over the goenv file, that over go.env.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.golang import goenv, quoted
from gosteward.knowledge import go_variables
from gosteward.probes.work_contexts import AS_ROOT, at_work
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Gap, Location, Setting

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext
    from gosteward.snapshot import Context, GoTree, User

MOST_FILES = 50
# Of one file, and of all goenv files; Go itself knows some sixty names.
MOST_ENTRIES, MOST_SETTINGS = 100, 1_000
MOST_TREES = 60
_SHOWN = 300
_FLAGS_WITH_FILES = ("overlay", "modfile", "toolexec", "pgo")


def collect(
    host: Host,
    user: User,
    contexts: tuple[Context, ...],
    toolchains: tuple[GoTree, ...],
    project_roots: tuple[str, ...],
) -> tuple[tuple[Setting, ...], tuple[Gap, ...]]:
    """Every place that gives a Go variable a value.

    Args:
        project_roots: directories in which the user may run go: a relative GOENV is taken from there.
    Returns:
        Settings of the environment (those of equal value and origin together), then of goenv files, then of go.env files;
        and gaps of the field "go_settings".
    """
    goenv_files, gaps = _goenv_files(host, user, contexts, project_roots)
    named = _with_missing_files(host, user, (*_environment(contexts), *goenv_files))
    return (*named, *_go_env_of_trees(host, user, toolchains)), gaps


def _with_missing_files(host: Host, user: User, settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    with as_user(host, user):
        return tuple(
            s._replace(missing=True)
            if s.name in ("GOWORK", "GOENV") and s.value.startswith("/") and not host.exists(s.value)
            else s._replace(missing_file=next((f for f in named_files(s) if not host.exists(f)), ""))
            for s in settings
        )


def named_files(setting: Setting) -> tuple[str, ...]:
    """Files that a value names by their whole paths, and without which go does nothing.

    Source: cmd/go/internal/cache/prog.go; `go help build`.
    """
    if setting.problem:
        return ()
    files: tuple[str, ...] = ()
    if setting.name == "GOCACHEPROG":
        files = (quoted.split(setting.value) or ())[:1]
    elif setting.name == "GOFLAGS":
        pairs = (word.lstrip("-").partition("=") for word in quoted.split(setting.value) or () if word.startswith("-"))
        files = tuple((quoted.split(v) or ("",))[0] for name, _, v in pairs if name in _FLAGS_WITH_FILES and v)
    return tuple(file for file in files if file.startswith("/"))


def _environment(contexts: tuple[Context, ...]) -> tuple[Setting, ...]:
    groups: dict[tuple[str, str, Location | None], list[str]] = {}
    for context in contexts:
        for variable in context.variables:
            # An empty value is none to Go; a variable that is not exported never reaches it.
            if variable.exported and variable.value and go_variables.known(variable.name):
                location = variable.sources[0] if variable.sources else None
                names = groups.setdefault((variable.name, variable.value, location), [])
                if context.name not in names:
                    names.append(context.name)
    return tuple(
        Setting(name=name, value=value, origin="environment", location=location, contexts=tuple(names))
        for (name, value, location), names in groups.items()
    )


def _goenv_files(
    host: Host, user: User, contexts: tuple[Context, ...], project_roots: tuple[str, ...]
) -> tuple[tuple[Setting, ...], tuple[Gap, ...]]:
    readers: dict[tuple[str, int], list[WorkContext]] = {}
    own: list[str] = []
    for context in contexts:
        work = at_work(host, user, context) if context.uses_go or context.kind not in AS_ROOT else None
        if work is None:
            continue
        if work.own:
            own.append(context.name)
        path = _located(
            goenv.file_named(work.value("GOENV"), work.value("XDG_CONFIG_HOME"), work.home), work, project_roots
        )
        if path:
            readers.setdefault((path, work.account.uid), []).append(work)
    if not contexts and user.home:
        return _of_file(host, user, goenv.file_named("", "", user.home), ()), ()
    found: list[Setting] = []
    for (path, _), works in list(readers.items())[:MOST_FILES]:
        if len(found) >= MOST_SETTINGS or host.reading_time.is_up("go_settings"):
            break
        names = tuple(work.context.name for work in works)
        # () stands for everything that the user starts.
        found += _of_file(host, works[0].account, path, () if list(names) == own else names, complain=works[0].own)
    many = len(readers) > MOST_FILES or len(found) >= MOST_SETTINGS
    reason = f"more than {MOST_FILES} goenv files, or {MOST_SETTINGS} settings in them"
    return tuple(found), (Gap("go_settings", reason),) if many else ()


def _located(path: str, work: WorkContext, project_roots: tuple[str, ...]) -> str:
    if not path or path.startswith("/"):
        return path
    base = work.context.directory or next(iter(project_roots), "")
    return f"{base.rstrip('/')}/{path}" if base.startswith("/") else ""


def _of_file(
    host: Host, account: User, path: str, names: tuple[str, ...], *, complain: bool = True
) -> tuple[Setting, ...]:
    """Settings of one goenv file, read with the rights of its reader; complain: tell if it is there and cannot be read."""
    text: str | None = None
    with as_user(host, account):
        try:
            text = host.text(path)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError:
            if not complain:
                return ()
    if text is None:
        return (_unreadable(host, path, names),)
    return tuple(
        Setting(
            name=entry.name,
            value=entry.value,
            origin="goenv-file",
            location=Location(path, entry.number, entry.text[:_SHOWN]),
            contexts=names,
            known=go_variables.known(entry.name, environment=False),
            problem="no-setting" if entry.ignored else "",
        )
        for entry in goenv.in_force(goenv.parse(text))[:MOST_ENTRIES]
    )


def _unreadable(host: Host, path: str, names: tuple[str, ...]) -> Setting:
    found = Setting("", "", "goenv-file", Location(path), names, known=False, problem="unreadable")
    status = host.stat(path)
    return found if status is None else found._replace(uid=status.st_uid, mode=stat.S_IMODE(status.st_mode))


def _go_env_of_trees(host: Host, user: User, toolchains: tuple[GoTree, ...]) -> tuple[Setting, ...]:
    found: list[Setting] = []
    seen: set[str] = set()
    for tree in toolchains[:MOST_TREES]:
        goroot = tree.real_path or tree.path
        if goroot in seen or host.reading_time.is_up("go_settings"):
            continue
        seen.add(goroot)
        path = f"{tree.path.rstrip('/')}/go.env"
        with as_user(host, user):
            try:
                text = host.text(path)
            except OSError:
                continue  # releases before 1.21 have none
        for entry in goenv.in_force(goenv.parse(text))[:MOST_ENTRIES]:
            if not entry.ignored:
                location = Location(path, entry.number, entry.text[:_SHOWN])
                known = go_variables.known(entry.name, environment=False)
                found.append(Setting(entry.name, entry.value, "goroot", location, (), goroot, known))
    return tuple(found)
