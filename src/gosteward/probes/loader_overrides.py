"""Libraries that LD_LIBRARY_PATH or LD_PRELOAD puts before the host's own, and that stop go, or a program that go starts. Nothing is started.

Source: ld.so(8); glibc's elf/dl-load.c (`open_verify`: a file of another machine is passed over, a damaged one ends the program) and
elf/dl-version.c (`_dl_check_map_versions`: a missing version ends it).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gosteward.formats import elf
from gosteward.reasoning.viewpoint import first_go
from gosteward.snapshot import LoaderFault

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext
    from gosteward.snapshot import CompilerTool, Elf

VARIABLES = ("LD_LIBRARY_PATH", "LD_PRELOAD")
MOST_DIRECTORIES, MOST_FAULTS = 30, 10
_LIBRARY_LIMIT = 16 << 20
_LIBC = "libc.so.6"
_ROLES = ("go", "cc", "ld", "git")
# Beginnings of symbol versions, and the library that has them.
_VERSIONED = (("GLIBCXX_", "libstdc++.so.6"), ("CXXABI_", "libstdc++.so.6"), ("GCC_", "libgcc_s.so.1"), ("ZLIB_", "libz.so.1"))  # fmt: skip
_HOST_PLACES = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")


def faults(
    host: Host, works: tuple[WorkContext, ...], tools: tuple[CompilerTool, ...], triples: tuple[str, ...], libc: str
) -> tuple[LoaderFault, ...]:
    """What is wrong with these variables of these contexts; to be called as the user.

    Args:
        libc: version of the host's glibc ("2.36"), "" where that is not its C library.
    """
    found: dict[LoaderFault, None] = {}
    judged: set[tuple[str, str, tuple[tuple[str, str], ...]]] = set()
    for work in works:
        for name in VARIABLES if libc else ():
            programs = _programs(host, work, tools, triples) if work.value(name) else ()
            key = (name, work.value(name), programs)
            if not programs or key in judged or len(found) >= MOST_FAULTS:
                continue
            judged.add(key)
            if name == "LD_PRELOAD":
                fault = _preloaded(host, key[1], programs, libc)
            else:
                fault = _in_directories(host, key[1], programs, triples)
            found.update({fault: None} if fault is not None else {})
    return tuple(found)


def _programs(
    host: Host, work: WorkContext, tools: tuple[CompilerTool, ...], triples: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """(role, path) of go and of what it starts, those that matter most first."""
    entry = first_go(work.context)
    go = (("go", entry.go.real_path),) if entry is not None and entry.go is not None else ()
    own = [(t.role, t.path) for t in tools if t.context == work.context.name and t.path and t.role in _ROLES]
    ordered = sorted(own, key=lambda pair: _ROLES.index(pair[0]))
    parts = tuple(("cc", path) for path in _parts_of_gcc(host, triples) if any(role == "cc" for role, _ in ordered))
    return (*go, *ordered[:1], *parts, *ordered[1:])


def _parts_of_gcc(host: Host, triples: tuple[str, ...]) -> tuple[str, ...]:
    """The compiler proper, which gcc starts: it needs more libraries than gcc itself."""
    found = []
    for place in ("/usr/libexec/gcc", "/usr/lib/gcc"):
        for triple in triples:
            for version in host.listdir(f"{place}/{triple}", 20):
                found.append(f"{place}/{triple}/{version}/cc1")
    return tuple(path for path in found if host.exists(path))[:1]


def _in_directories(
    host: Host, value: str, programs: tuple[tuple[str, str], ...], triples: tuple[str, ...]
) -> LoaderFault | None:
    directories = [d for d in value.replace(";", ":").split(":") if d.startswith("/")][:MOST_DIRECTORIES]
    for role, path in programs:
        program = _facts(host, path)
        for name in program.needed if program is not None else ():
            directory = next((d for d in directories if _is_taken(host, f"{d.rstrip('/')}/{name}", program)), "")
            reason = _wrong(host, f"{directory.rstrip('/')}/{name}", name, program, triples) if directory else ""
            if reason:
                file = f"{directory.rstrip('/')}/{name}"
                return LoaderFault("LD_LIBRARY_PATH", value, file, directory, reason, role, path)
    return None


def _is_taken(host: Host, file: str, program: Elf | None) -> bool:
    """Whether the search ends at a file: it is there, and not a library for another machine."""
    if not host.exists(file) or program is None:
        return False
    library = _facts(host, file)
    return library is None or library.goarch == program.goarch


def _wrong(host: Host, file: str, name: str, program: Elf | None, triples: tuple[str, ...]) -> str:
    """Why the loader ends a program over a library that it takes: "damaged", "libc", "old", or "" if it does not."""
    facts = _facts(host, file)
    if facts is None or facts.truncated:
        return "damaged"
    if name == _LIBC:
        return "libc" if _is_another_libc(host, file, triples) else ""
    wanted = [
        version
        for version in (program.needed_versions if program is not None else ())
        for beginning, library in _VERSIONED
        if version.startswith(beginning) and library == name
    ]
    if not wanted:
        return ""
    try:
        content = host.read(file, _LIBRARY_LIMIT)
    except OSError:
        return ""
    # A library without any versions gives a warning only.
    versioned = any(f"\0{v.partition('_')[0]}_".encode() in content for v in wanted)
    return "old" if versioned and any(f"\0{v}\0".encode() not in content for v in wanted) else ""


def _is_another_libc(host: Host, file: str, triples: tuple[str, ...]) -> bool:
    """Whether a libc.so.6 is not of the build that the host's loader belongs to: those two fit each other only."""
    status = host.stat(file)
    places = (*(f"{top}/{triple}" for triple in triples for top in ("/lib", "/usr/lib")), *_HOST_PLACES)
    sizes = [s.st_size for place in places if (s := host.stat(f"{place}/{_LIBC}")) is not None]
    return status is not None and bool(sizes) and status.st_size not in sizes


def _preloaded(host: Host, value: str, programs: tuple[tuple[str, str], ...], libc: str) -> LoaderFault | None:
    """A library that needs a newer glibc. One that is missing, or that cannot be read, is passed over with a message."""
    for role, path in programs:
        program = _facts(host, path)
        if program is None or not program.interpreter:
            continue
        for file in value.replace(":", " ").split()[:MOST_DIRECTORIES]:
            library = _facts(host, file) if file.startswith("/") and host.exists(file) else None
            if library is None or library.goarch != program.goarch:
                continue
            if elf.wanted_glibc(library.needed_versions) > elf.glibc_numbers(libc):
                return LoaderFault("LD_PRELOAD", value, file, file, "glibc", role, path)
    return None


def _facts(host: Host, path: str) -> Elf | None:
    """Headers of a file; None for what is no ELF file, or cannot be read."""
    status = host.stat(path)
    try:
        return elf.parse(partial(host.read_at, path), status.st_size) if status is not None else None
    except OSError:
        return None
