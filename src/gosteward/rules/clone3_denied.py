"""GS325: a seccomp filter answers EPERM to clone3, so C libraries cannot start threads: an old container runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS325",
    slug="clone3-denied",
    title="the container's seccomp filter refuses clone3",
    severity="error",
    needs=("machine",),
    symptoms=(
        "runtime/cgo: pthread_create failed: Operation not permitted",
        "SIGABRT: abort",
    ),
)
FIRST_GLIBC_WITH_CLONE3 = "2.34"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    if machine.clone3 != "eperm" or machine.libc == "musl":
        return
    # An older glibc does not call clone3; the next base image will.
    calls = not (machine.libc_version and goversion.older(machine.libc_version, FIRST_GLIBC_WITH_CLONE3))
    yield Finding(
        rule=RULE,
        subject="clone3",
        message=Text(
            "the seccomp filter of this {container} answers clone3 with EPERM where it should be ENOSYS: with glibc {version}, programs with cgo cannot start threads (pthread_create)",
            container=machine.container or "process",
            version=machine.libc_version or "2.34+",
        ),
        evidence=("grep Seccomp /proc/self/status",),
        severity="" if calls else "note",
        confidence="high" if machine.container else "medium",
        advice=Text(
            "The filter comes from the host of the container: Docker before 20.10.10, or an old runc or libseccomp. They have to be updated there. Do not run without a filter or with more privileges for it."
        ),
    )
