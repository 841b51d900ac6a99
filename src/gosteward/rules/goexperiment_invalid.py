"""GS520: GOEXPERIMENT names an experiment that the running go does not have, so every build stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.knowledge.experiments import knows
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS520",
    slug="goexperiment-invalid",
    title="the running go does not have the experiment that is asked for",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=("go: unknown GOEXPERIMENT rangefunc", "compile: unknown experiment"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOEXPERIMENT"):
        version = _version(snapshot, found)
        names = () if is_quoted(found.setting.value) else found.setting.value.split(",")
        known = tuple(n for n in names if n in ("", "none") or knows(version, n))
        wrong = next((n for n in names if n not in known), "")
        if wrong:
            yield _finding(snapshot, found, wrong, version, known)


def _version(snapshot: Snapshot, found: InForce) -> str:
    """The release that runs, "" if unknown or if several do."""
    contexts = (context_named(snapshot, name) for name in found.contexts)
    running = [running_go_of(snapshot, c) for c in contexts if c is not None]
    versions = {r.version for r in running if r is not None}
    return versions.pop() if len(versions) == 1 else ""


def _finding(snapshot: Snapshot, found: InForce, wrong: str, version: str, known: tuple[str, ...]) -> Finding:
    message = Text(
        "{place} sets GOEXPERIMENT={value}: {version} has no experiment {name}, so every build stops",
        place=place(found.setting),
        value=found.setting.value,
        version=version or "Go",
        name=wrong,
    )
    return unwanted(snapshot, RULE, found, message, ",".join(n for n in known if n))
