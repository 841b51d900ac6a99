"""Modules and workspaces of the project, of jobs, and in the user's home: what their files say and what they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.formats import elf
from gosteward.golang import gosource, goversion
from gosteward.probes import effective_places, module_roots, work_contexts
from gosteward.probes.module_cache import ModuleCache, proxy_directories
from gosteward.probes.module_files import Surroundings, examine
from gosteward.probes.work_files import WorkFiles
from gosteward.reasoning.viewpoint import first_go
from gosteward.shells.user_files import as_user

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext
    from gosteward.snapshot import Context, Gap, GoTree, Setting, User, Workspace

# Source files that are looked at: of the project, of each other module, and of all.
_OF_PROJECT, _OF_EACH, _OF_ALL = 400, 60, 800


def collect(
    host: Host,
    user: User,
    project: str,
    contexts: tuple[Context, ...],
    settings: tuple[Setting, ...],
    toolchains: tuple[GoTree, ...],
) -> tuple[tuple[Workspace, ...], tuple[Gap, ...]]:
    """Every module root, and every go.work without a module beside it; those of the project come first.

    Args:
        project: directory that the user works in: the go.mod or go.work there or above is examined. "" for none.
    Returns:
        At most 20 roots; no gaps so far: what a budget leaves out counts as sound.
    """
    works = work_contexts.in_use(host, user, contexts)
    own = tuple(w for w in works if w.own) or works
    if not own:
        return (), ()
    trees = frozenset(path for tree in toolchains for path in (tree.path, tree.real_path) if path)
    jobs = tuple(w.context.directory for w in works if w.context.uses_go and w.context.directory)
    with as_user(host, user):
        around = _surroundings(host, own, settings, toolchains, trees)
        left = _OF_ALL
        found: list[Workspace] = []
        for root in module_roots.find(host, project, jobs, user.home, trees):
            budget = min(left, _OF_PROJECT if root.current else _OF_EACH)
            left -= budget
            workspace = examine(around, root, budget)
            if host.reading_time.is_up("workspaces"):  # this one may not have been read to its end
                break
            found.append(workspace)
    return tuple(found), ()


def _surroundings(
    host: Host,
    own: tuple[WorkContext, ...],
    settings: tuple[Setting, ...],
    toolchains: tuple[GoTree, ...],
    trees: frozenset[str],
) -> Surroundings:
    work = own[0]
    gowork = next((s for w in own if (s := work_contexts.effective(w, settings, "GOWORK"))), None)
    gopaths = dict.fromkeys(p.path for w in own if not (p := effective_places.first_gopath(w, settings)).problem)
    return Surroundings(
        host=host,
        work=work,
        tags=_tags(host, work, settings, toolchains),
        cache=ModuleCache(host, effective_places.module_cache(work, settings)),
        proxies=proxy_directories(_value(work, settings, "GOPROXY")),
        not_by_proxy=_value(work, settings, "GONOPROXY") or _value(work, settings, "GOPRIVATE"),
        work_files=WorkFiles(host, gowork, trees),
        trees=trees,
        gopaths=tuple(gopaths),
    )


def _value(work: WorkContext, settings: tuple[Setting, ...], name: str) -> str:
    setting = work_contexts.effective(work, settings, name)
    return setting.value if setting is not None else ""


def _tags(
    host: Host, work: WorkContext, settings: tuple[Setting, ...], toolchains: tuple[GoTree, ...]
) -> gosource.Tags:
    entry = first_go(work.context)
    goroot = entry.go.goroot if entry is not None and entry.go is not None else ""
    tree = next((t for t in toolchains if goroot and goroot in (t.path, t.real_path)), next(iter(toolchains), None))
    version = goversion.parse(tree.version) if tree is not None else None
    goarch = _value(work, settings, "GOARCH") or (tree.goarch if tree is not None else "") or _goarch_of_host(host)
    more: list[str] = []
    for flag in _value(work, settings, "GOFLAGS").split():
        name, _, value = flag.lstrip("-").partition("=")
        if name == "tags":
            more += value.strip("'\"").split(",")
    return gosource.machine_tags(goarch, version.minor if version is not None else 999, tuple(more))


def _goarch_of_host(host: Host) -> str:
    try:
        return elf.goarch_of(host.read_at("/bin/sh", 0, elf.HEADER_SIZE)) or "amd64"
    except OSError:
        return "amd64"
