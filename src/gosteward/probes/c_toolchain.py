"""The C toolchain as cgo would find it: compilers, linker, pkg-config and git on each context's PATH, headers, .pc files.

Nothing is started. Which machine a compiler builds for is told by its name, by the links behind it, or by its own directories.
Source: cmd/go/internal/work/exec.go (`ccExe`, `gccCmd`), cmd/dist (`DefaultCC`): gcc and g++ on Linux.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import c_targets
from gosteward.golang import quoted
from gosteward.probes import c_headers, c_libraries, loader_overrides, work_contexts
from gosteward.probes.compilers import Programs
from gosteward.shells.user_files import as_user
from gosteward.snapshot import CompilerTool, CToolchain

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext
    from gosteward.snapshot import Context, Gap, Location, Setting, User, Workspace

# role, variable that names the program, default.
_ROLES = (
    ("cc", "CC", "gcc"),
    ("cxx", "CXX", "g++"),
    ("ld", "", "ld"),
    ("pkg-config", "PKG_CONFIG", "pkg-config"),
    ("git", "", "git"),
)
MOST_CONTEXTS = 40


class _Wanted(NamedTuple):
    role: str
    command: str
    location: Location | None


def collect(
    host: Host, user: User, contexts: tuple[Context, ...], settings: tuple[Setting, ...], glibc: str = ""
) -> tuple[CToolchain, tuple[Gap, ...]]:
    """The programs of every context in which go works, and what lies in the directories that they search; no gaps so far.

    Args:
        glibc: its version, "" where the host has another C library.
    """
    works = work_contexts.in_use(host, user, contexts)[:MOST_CONTEXTS]
    tools: list[CompilerTool] = []
    programs = Programs(host)
    for work in works:
        if host.reading_time.is_up("c_toolchain"):
            break
        with as_user(host, work.account):
            tools += _tools_of(programs, work, settings)
    with as_user(host, user):
        own = {work.context.name for work in works if work.own}
        compiler = next((t for t in tools if t.role == "cc" and t.path and t.context in own), None)
        headers = c_headers.of_compiler(
            host, compiler.path if compiler else "", programs.triple(compiler.path) if compiler else ""
        )
        default = c_headers.pkg_config_directories(host, programs.host_triples())
        named = dict.fromkeys(d for work in works if work.own for d in _named_directories(work))
        return (
            CToolchain(
                tools=tuple(tools),
                headers=headers.found,
                missing_headers=headers.missing,
                include_directories=headers.directories,
                pkg_config_directories=default,
                pkg_config_names=c_headers.pkg_config_names(host, default),
                pkg_config_listed=tuple((d, c_headers.pkg_config_names(host, (d,))) for d in list(named)[:20]),
                absent_libraries=c_libraries.absent(host, programs.host_triples(), settings),
                loader_faults=loader_overrides.faults(host, works, tuple(tools), programs.host_triples(), glibc),
            ),
            (),
        )


def with_library_headers(
    host: Host, user: User, toolchain: CToolchain, workspaces: tuple[Workspace, ...]
) -> CToolchain:
    """The toolchain with the headers that these modules include and that it does not find."""
    with as_user(host, user):
        absent = c_headers.absent(host, toolchain.include_directories, workspaces)
    return toolchain._replace(absent_headers=absent)


def _tools_of(programs: Programs, work: WorkContext, settings: tuple[Setting, ...]) -> list[CompilerTool]:
    directories = tuple(e.directory for e in work.context.search_path if e.directory.startswith("/"))
    tools: list[CompilerTool] = []
    for wanted in _wanted(work, settings):
        words = quoted.split(wanted.command) or ()
        path = programs.found(words, directories, work.account)
        if not path and wanted.role == "ld":
            path = _linker_beside(programs, tools, directories, work)
        closed, mode = ("", 0) if path else programs.closed(words, directories)
        target = c_targets.target_option(words[1:]) or (programs.target(path) if path else "")
        tools.append(
            CompilerTool(
                role=wanted.role,
                command=wanted.command,
                path=path,
                target=target if wanted.role in ("cc", "cxx", "ld") else "",
                location=wanted.location,
                context=work.context.name,
                closed=closed,
                closed_mode=mode,
            )
        )
    return tools


def _wanted(work: WorkContext, settings: tuple[Setting, ...]) -> list[_Wanted]:
    wanted = []
    for role, variable, default in _ROLES:
        setting = work_contexts.effective(work, settings, variable) if variable else None
        if setting is not None:
            wanted.append(_Wanted(role, setting.value, setting.location))
        else:
            wanted.append(_Wanted(role, default, None))
    return wanted


def _linker_beside(
    programs: Programs, tools: list[CompilerTool], directories: tuple[str, ...], work: WorkContext
) -> str:
    """The linker of a cross compiler, which carries its triple, or that of a compiler with its own directory of tools."""
    compiler = next((t.path for t in tools if t.role == "cc"), "")
    triple = programs.triple(compiler) if compiler else ""
    if not triple:
        return ""
    prefix = compiler.rpartition("/bin/")[0]
    return programs.found((f"{triple}-ld",), directories, work.account) or programs.found(
        (f"{prefix}/{triple}/bin/ld",), (), work.account
    )


def _named_directories(work: WorkContext) -> tuple[str, ...]:
    """Directories that PKG_CONFIG_PATH and PKG_CONFIG_LIBDIR name."""
    listed = (work.value(name).split(":") for name in ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"))
    return tuple(d.rstrip("/") or "/" for directories in listed for d in directories if d.startswith("/"))
