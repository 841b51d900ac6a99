"""GS519: GOOS or GOARCH of a cross build stayed behind: everything is built for another system, and cannot run here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang import meant_values
from gosteward.reasoning.impact import native
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.settings_in_force import (
    in_force,
    in_session,
    place,
    value_in,
    working_contexts,
)
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS519",
    slug="target-left-over",
    title="every build is made for another system",
    severity="warning",
    needs=("go_settings", "contexts", "machine"),
    symptoms=(
        "fork/exec /tmp/go-build/b001/exe/main: exec format error",
        "go: unsupported GOOS/GOARCH pair linux/x86_64",
        "go: cannot install cross-compiled binaries when GOBIN is set",
    ),
)
SYSTEMS = "aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris wasip1 windows"
CPUS = "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name, known in (("GOOS", SYSTEMS.split()), ("GOARCH", CPUS.split())):
        for found in in_force(snapshot, name):
            value = found.setting.value
            if not is_quoted(value) and not _is_here(snapshot, name, value) and not _is_meant(snapshot, found):
                yield _finding(snapshot, found, known=value in known)


def _is_here(snapshot: Snapshot, name: str, value: str) -> bool:
    if name == "GOOS":
        return value == "linux"
    machine = snapshot.machine
    return native(machine, value) or value in machine.binfmt or value == machine.kernel_goarch


def _is_meant(snapshot: Snapshot, found: InForce) -> bool:
    """Whether a cross compiler is set as well, or cgo switched on: nobody forgot that."""
    contexts = tuple(c for c in working_contexts(snapshot) if c.name in found.contexts)
    return any(value_in(snapshot, c, "CGO_ENABLED") == "1" or value_in(snapshot, c, "CC") for c in contexts)


def _finding(snapshot: Snapshot, found: InForce, *, known: bool) -> Finding:
    setting = found.setting
    meant = "" if known else meant_values.target(setting.name, setting.value)
    finding = unwanted(snapshot, RULE, found, _message(snapshot, found, known=known), meant)._replace(
        subject=f"{place(setting)}:{setting.name}",
        # Somebody may build for another system day by day; a value that names none is a fault.
        severity="error" if not known and in_session(snapshot, found.contexts) else "",
    )
    if not known:
        # `$(uname -m)` cannot be corrected, and is not needed.
        computed = () if finding.actions else unset_actions(snapshot, setting)
        return finding._replace(actions=computed, risk="confirm") if computed else finding
    return finding._replace(
        # What `go env -w` stored is easily forgotten; who wrote a line for it may want it at every build.
        confidence="high" if setting.origin == "goenv-file" else "medium",
        advice=Text(
            "Set it for one command only: `{name}={value} go build`. Programs of `go install` then go to a directory of their own below bin.",
            name=setting.name,
            value=setting.value,
        ),
    )


def _message(snapshot: Snapshot, found: InForce, *, known: bool) -> Text:
    setting = found.setting
    if not known:
        return Text(
            "{place} sets {name}={value}, a name that Go does not know: every build stops",
            place=place(setting),
            name=setting.name,
            value=setting.value,
        )
    return Text(
        "{place} sets {name}={value} for every build, but this host is linux/{here}: `go run` and `go test` cannot start what they build",
        place=place(setting),
        name=setting.name,
        value=setting.value,
        here=snapshot.machine.userland_goarch,
    )
