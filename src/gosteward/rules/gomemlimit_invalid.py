"""GS525: GOMEMLIMIT is a number that the runtime cannot read, so every Go program dies at its start, `go` among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import goversion, memory_limit
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS525",
    slug="gomemlimit-invalid",
    title="the runtime refuses the value of GOMEMLIMIT",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=("fatal error: malformed GOMEMLIMIT; see `go doc runtime/debug.SetMemoryLimit`", "GOMEMLIMIT= 2G"),
)
FIRST_WITH_A_LIMIT = "go1.19beta1"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOMEMLIMIT"):
        # The goenv file cannot set it: GS516.
        if (
            found.setting.origin == "environment"
            and memory_limit.size(found.setting.value) is None
            and _is_read(snapshot, found)
        ):
            yield _finding(snapshot, found)


def _is_read(snapshot: Snapshot, found: InForce) -> bool:
    contexts = [c for c in (context_named(snapshot, name) for name in found.contexts) if c is not None]
    running = [running_go_of(snapshot, c) for c in contexts]
    versions = [r.version for r in running if r is not None and r.version]
    return not versions or any(not goversion.older(version, FIRST_WITH_A_LIMIT) for version in versions)


def _finding(snapshot: Snapshot, found: InForce) -> Finding:
    meant = memory_limit.meant(found.setting.value)
    message = Text(
        "{place} sets GOMEMLIMIT={value}, which is no number with one of the units B, KiB, MiB, GiB and TiB: every Go program dies at its start, go itself too",
        place=place(found.setting),
        value=found.setting.value,
    )
    return unwanted(snapshot, RULE, found, message, meant)._replace(explains=(Explains("GS324"),))
