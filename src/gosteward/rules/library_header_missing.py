"""GS811: a file includes the header of a C library that is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.settings_in_force import value_in
from gosteward.reasoning.viewpoint import context_named, variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Need, Standing
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS811",
    slug="library-header-missing",
    title="the header of a C library is missing",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "fatal error: sqlite3.h: No such file or directory",
        "fatal error: zlib.h: No such file or directory",
        "fatal error: 'pcap.h' file not found",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    toolchain = snapshot.c_toolchain
    if toolchain.missing_headers:
        return  # not even those of the C library are there: GS802
    standings = tuple(s for s in cgo.standings(snapshot) if _looks_there(snapshot, s))
    for header in toolchain.absent_headers if standings else ():
        wanted = tuple(n for n in cgo.needs(snapshot) if n.use is not None and header in n.use.needed_headers)
        if wanted:
            yield _finding(snapshot, header, wanted, tuple(s.context for s in standings if s.context))


def _looks_there(snapshot: Snapshot, standing: Standing) -> bool:
    """Whether cgo works in this context with the host's compiler, and nothing names more directories with headers."""
    compiler = standing.tool("cc")
    context = context_named(snapshot, standing.context)
    if standing.state != "on" or not compiler.path or compiler.target not in ("", snapshot.machine.userland_goarch):
        return False
    if context is None:
        return True
    more = (variable(context, name) for name in ("CPATH", "C_INCLUDE_PATH"))
    named = any(v is not None and v.exported and v.value for v in more)
    flags = value_in(snapshot, context, "CGO_CFLAGS") + value_in(snapshot, context, "CGO_CPPFLAGS")
    return not named and not any(word in flags for word in ("-I", "-isystem", "sysroot"))


def _finding(snapshot: Snapshot, header: str, wanted: tuple[Need, ...], contexts: tuple[str, ...]) -> Finding:
    commands = package_names.providing_header(snapshot.machine, header)
    return Finding(
        rule=RULE,
        subject=header,
        message=Text(
            "{file} includes <{header}>, which is in none of the C compiler's include directories: the library is not installed, or only its run-time part",
            file=wanted[0].place,
            header=header,
        ),
        locations=cgo.places_of(wanted),
        evidence=tuple(f"ls {directory}/{header}" for directory in snapshot.c_toolchain.include_directories[:5]),
        contexts=contexts,
        confidence="medium",
        commands=commands,
        advice=Text(
            "Install the library's development package, the one whose name ends in -dev or -devel. If the library lies in a place of its own, name it: `#cgo CFLAGS: -I/opt/greet/include` in the source, or CGO_CFLAGS for one build."
        ),
    )
