"""One module root: its go.mod, go.sum, vendor directory, sources and repository, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import gomod, gosum, goversion, modulepaths, vendoring
from gosteward.probes import go_sources, version_control
from gosteward.probes.work_files import absolute, errors, location, place
from gosteward.snapshot import ChecksumConflict, Import, Location, Replacement, Requirement, Vendor, Workspace

if TYPE_CHECKING:
    from gosteward.golang.gomod import ModFile
    from gosteward.golang.gosource import Tags
    from gosteward.golang.gosum import GoSum
    from gosteward.host.reading import Host
    from gosteward.probes.module_cache import ModuleCache
    from gosteward.probes.module_roots import Root
    from gosteward.probes.work_contexts import WorkContext
    from gosteward.probes.work_files import WorkFile, WorkFiles

MOST_REQUIREMENTS = 500
MOST_CONFLICTS = 10
MOST_DIFFERENCES = 10
MOST_SUM_ERRORS = 10
_SUM_LIMIT = 4 << 20


class Surroundings(NamedTuple):
    """What is the same for all modules of a user.

    Attributes:
        work: the context that the user mostly builds in.   tags: build tags that hold there.
        proxies: directories that GOPROXY names first.   not_by_proxy: GONOPROXY.   gopaths: first entries of GOPATH.
    """

    host: Host
    work: WorkContext
    tags: Tags
    cache: ModuleCache
    proxies: tuple[str, ...]
    not_by_proxy: str
    work_files: WorkFiles
    trees: frozenset[str]
    gopaths: tuple[str, ...]


class _Module(NamedTuple):
    """A module's files, read."""

    root: str
    go_mod: str
    mod: ModFile
    readable: bool
    work_file: WorkFile | None
    sums: GoSum
    go_sum: str
    sum_errors: tuple[Location, ...] = ()


def examine(around: Surroundings, root: Root, budget: int) -> Workspace:
    """All facts about one root.

    Args:
        budget: source files that may be looked at; 0 for none.
    """
    host = around.host
    module = _read(around, root.directory)
    sources = go_sources.scan(host, module.root, around.tags, budget) if module.go_mod else go_sources.Sources()
    requirements = _requirements(around, module, sources)
    repository = version_control.repository_of(host, module.root, around.work)
    status = host.stat(module.root)
    real = host.realpath(module.root) or module.root
    return Workspace(
        root=module.root,
        go_mod=module.go_mod,
        current=root.current,
        module=module.mod.module,
        go=module.mod.go,
        go_location=location(module.go_mod, module.mod.go_line),
        toolchain=module.mod.toolchain,
        toolchain_location=location(module.go_mod, module.mod.toolchain_line),
        errors=_errors(module),
        requirements=requirements,
        replacements=_replacements(around, module),
        work=around.work_files.facts(module.work_file, module.root) if module.work_file is not None else None,
        go_sum=module.go_sum,
        vendor=_vendor(host, module),
        cgo=sources.cgo,
        std_imports=sources.std_imports,
        vcs=repository.directory,
        vcs_uid=repository.uid,
        safe_directory=repository.safe,
        uid=status.st_uid if status is not None else 0,
        writable=host.may(module.root, "w", around.work.account),
        conflicts=_conflicts(around, module, requirements),
        newest_go=_newest_go(around, requirements),
        in_goroot=any(_inside(real, tree) for tree in around.trees),
        in_gopath_src=any(
            _inside(path, f"{gopath.rstrip('/')}/src") for gopath in around.gopaths for path in (module.root, real)
        ),
        generate=sources.generate,
        newer_directives=tuple(
            Import(line.verb, place(module.go_mod, line), gomod.SINCE[line.verb])
            for line in module.mod.directives
            if line.verb in gomod.SINCE
        ),
        has_main=sources.has_main or not sources.complete or not module.go_mod,
        go_sum_errors=module.sum_errors,
        git_errors=repository.errors,
        git_dir=repository.led_to,
    )


def _read(around: Surroundings, root: str) -> _Module:
    host = around.host
    go_mod = f"{root.rstrip('/')}/go.mod"
    if host.stat(go_mod) is None:
        go_mod = ""
    readable = True
    text = ""
    if go_mod:
        try:
            text = host.text(go_mod)
        except OSError:
            readable = False
    work_file = around.work_files.of(root)
    go_sum = f"{root.rstrip('/')}/go.sum"
    sums = _text(host, go_sum)
    beside_work = _text(host, f"{work_file.path}.sum") if work_file is not None else ""
    return _Module(
        root=root,
        go_mod=go_mod,
        mod=gomod.parse(text),
        readable=readable,
        work_file=work_file,
        sums=gosum.parse(f"{sums}\n{beside_work}" if beside_work else sums),
        go_sum=go_sum if host.exists(go_sum) else "",
        sum_errors=tuple(Location(go_sum, *line) for line in gosum.parse(sums).malformed[:MOST_SUM_ERRORS]),
    )


def _text(host: Host, path: str) -> str:
    try:
        return host.text(path, _SUM_LIMIT)
    except OSError:
        return ""


def _errors(module: _Module) -> tuple[Location, ...]:
    if not module.go_mod:
        return ()
    found = errors(module.go_mod, module.mod)
    # Go wants a module line; an unreadable file is wrong as a whole.
    return found if found or module.mod.module else (Location(module.go_mod),)


def _replacement_of(module: _Module, path: str, version: str) -> tuple[gomod.Replace, str] | None:
    """What stands for a module, with the directory that a relative path starts from; go.work wins over go.mod."""
    places = [(module.mod.replaces, module.root)]
    if module.work_file is not None:
        places.insert(0, (module.work_file.mod.replaces, module.work_file.path.rpartition("/")[0]))
    for replaces, base in places:
        fitting = [r for r in replaces if r.path == path and r.version in ("", version)]
        if fitting:
            return max(fitting, key=lambda r: r.version != ""), base
    return None


def _requirements(around: Surroundings, module: _Module, sources: go_sources.Sources) -> tuple[Requirement, ...]:
    asked = module.mod.requires[:MOST_REQUIREMENTS]
    paths = frozenset(require.path for require in asked)
    imported: dict[str, set[str]] = {}
    for name in sources.imports:
        if "." in name.partition("/")[0]:
            imported.setdefault(modulepaths.requirement_of(name, paths), set()).add(name)
    local = _modules_of_workspace(around, module)
    found = []
    for require in asked:
        path, version = require.path, require.version
        replaced = _replacement_of(module, path, version)
        if replaced is not None and replaced[0].target_version:
            path, version = replaced[0].target, replaced[0].target_version
        here = path in local or (replaced is not None and not replaced[0].target_version)
        packages = imported.get(require.path, set())
        # A replacement has its packages under another path.
        used = frozenset(f"{path}{name[len(require.path) :]}" for name in packages)
        damaged, damage = ("", "") if here else around.cache.damage(path, version, used)
        found.append(
            Requirement(
                path=require.path,
                version=require.version,
                location=place(module.go_mod, require.line),
                indirect=require.indirect,
                cached=here or around.cache.holds(path, version),
                summed=here or module.sums.of(path, version) is not None,
                imported=bool(packages),
                damaged=damaged,
                damage=damage,
            )
        )
    return tuple(found)


def _modules_of_workspace(around: Surroundings, module: _Module) -> frozenset[str]:
    """Module paths that a workspace takes from its own directories."""
    if module.work_file is None:
        return frozenset()
    found: set[str] = set()
    for directory, _ in module.work_file.uses[:50]:
        if around.host.reading_time.is_up("workspaces"):
            break
        found.add(gomod.parse(_text(around.host, f"{directory}/go.mod")).module)
    return frozenset(found - {""})


def _replacements(around: Surroundings, module: _Module) -> tuple[Replacement, ...]:
    found = []
    for replace in module.mod.replaces[:MOST_REQUIREMENTS]:
        local = not replace.target_version
        there = not local or around.host.exists(f"{absolute(module.root, replace.target)}/go.mod")
        line = place(module.go_mod, replace.line)
        found.append(Replacement(path=replace.path, target=replace.target, location=line, exists=there, local=local))
    return tuple(found)


def _vendor(host: Host, module: _Module) -> Vendor | None:
    directory = f"{module.root.rstrip('/')}/vendor"
    if not module.go_mod or not host.is_directory(directory):
        return None
    listing = f"{directory}/modules.txt"
    text = _text(host, listing)
    # Inside of a workspace only the vendor directory beside go.work counts.
    counts = vendoring.checked(module.mod.go) and module.work_file is None and not vendoring.of_workspace(text)
    different = vendoring.differences(module.mod, vendoring.parse(text)) if counts and module.readable else ()
    return Vendor(directory, modules_txt=host.exists(listing), differences=different[:MOST_DIFFERENCES])


def _conflicts(
    around: Surroundings, module: _Module, requirements: tuple[Requirement, ...]
) -> tuple[ChecksumConflict, ...]:
    found: list[ChecksumConflict] = []
    for require in requirements:
        if around.host.reading_time.is_up("workspaces"):
            break
        entry = module.sums.of(require.path, require.version)
        if entry is None or len(found) >= MOST_CONFLICTS or _replacement_of(module, require.path, require.version):
            continue
        wanted = tuple(s.digest for s in module.sums.sums[require.path, require.version])
        digest, source = around.cache.digest(require.path, require.version, wanted)
        if not require.cached and not modulepaths.covers(around.not_by_proxy, require.path):
            digest, source = around.cache.digest_at(around.proxies, require.path, require.version)
        if digest and digest not in wanted:
            # The line is one of go.sum, or of go.work.sum, whose lines were counted on behind it.
            where = Location(module.go_sum, entry.number, entry.text) if module.go_sum else None
            found.append(ChecksumConflict(require.path, require.version, entry.digest, digest, source, where))
    return tuple(found)


def _newest_go(around: Surroundings, requirements: tuple[Requirement, ...]) -> str:
    newest = ""
    for require in requirements:
        go = around.cache.go_of(require.path, require.version) if require.cached else ""
        if go and goversion.parse(go) is not None and (not newest or goversion.older(newest, go)):
            newest = go
    return newest


def _inside(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")
