"""GS814: LD_LIBRARY_PATH or LD_PRELOAD gives go, the C compiler or git a library with which they do not start."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning import cgo
from gosteward.reasoning.modules_in_use import stamped_modules
from gosteward.reasoning.settings_in_force import InForce, exported_in, place, working_contexts
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.snapshot import LoaderFault, Setting, Snapshot

RULE = Rule(
    id="GS814",
    slug="library-path-breaks-tools",
    title="a variable of the dynamic loader keeps a program from starting that go needs",
    severity="error",
    needs=("c_toolchain", "contexts", "workspaces", "go_settings"),
    symptoms=(
        "gcc: error while loading shared libraries: /opt/oldsdk/lib/libc.so.6: file too short",
        "gcc: error while loading shared libraries: /opt/oldsdk/lib/libz.so.1: invalid ELF header",
        "gcc: symbol lookup error: /opt/oldsdk/lib/libc.so.6: undefined symbol: _dl_audit_symbind_alt, version GLIBC_PRIVATE",
        "git: /opt/oldsdk/lib/libz.so.1: version `ZLIB_1.2.9' not found (required by git)",
        "gcc: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /usr/local/lib/agent.so)",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for fault in snapshot.c_toolchain.loader_faults:
        for setting in exported_in(working_contexts(snapshot), fault.variable):
            if setting.value == fault.value:
                yield _finding(snapshot, fault, setting)


def _finding(snapshot: Snapshot, fault: LoaderFault, setting: Setting) -> Finding:
    parts = fault.value.replace(";", ":").split(":") if fault.variable == "LD_LIBRARY_PATH" else fault.value.split()
    rest = (":" if fault.variable == "LD_LIBRARY_PATH" else " ").join(p for p in parts if p and p != fault.part)
    finding = unwanted(snapshot, RULE, InForce(setting, setting.contexts), _message(fault, setting), rest)
    return finding._replace(
        subject=f"{place(setting)}:{fault.variable}",
        evidence=(
            *finding.evidence,
            f"env -u {fault.variable} {quote(fault.program)} --version",
            f"file {quote(fault.file)}",
        ),
        severity=finding.severity or _severity(snapshot, fault),
        explains=(Explains("GS801"), Explains("GS808")),
    )


def _message(fault: LoaderFault, setting: Setting) -> Text:
    values = {"place": place(setting), "name": fault.variable, "file": fault.file, "program": fault.program}
    if fault.reason == "damaged":
        return Text(
            "{place} sets {name}, so {program} loads {file}, which is no whole library: it does not start", **values
        )
    if fault.reason == "libc":
        return Text(
            "{place} sets {name}, so {program} loads {file}, another C library than the one of this host's loader: it does not start",
            **values,
        )
    if fault.reason == "old":
        return Text(
            "{place} sets {name}, so {program} loads {file}, which is too old for it: it does not start", **values
        )
    return Text(
        "{place} sets {name}: {file} wants a newer glibc than this host has, so {program} and every other program that loads it does not start",
        **values,
    )


def _severity(snapshot: Snapshot, fault: LoaderFault) -> str:
    """An error where a build stops over it; go itself and what it always starts count in any case."""
    if fault.role == "go":
        return ""
    stamped = bool(stamped_modules(snapshot))
    by_cgo = cgo.severity(snapshot, chosen=True) == "error" and fault.role != "git"
    return "" if by_cgo or (stamped and (fault.role == "git" or fault.reason == "libc")) else "warning"
