"""GS502: GOROOT is exported and happens to be right: the next change of release makes it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named, first_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS502",
    slug="goroot-exported",
    title="GOROOT is exported",
    severity="note",
    needs=("go_settings", "contexts", "toolchains"),
    symptoms=("warning: GOROOT is set in the environment",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOROOT"):
        setting = found.setting
        # One that is not the running go's tree is GS404's subject, one that is gone GS405's.
        if setting.origin != "environment" or not _is_of_running_go(snapshot, found):
            continue
        others = _other_trees(snapshot, setting.value)
        finding = unwanted(snapshot, RULE, found, _message(found, others))
        # It works, and version managers export it knowingly.
        yield finding._replace(severity="warning" if others else "", confidence="medium")


def _message(found: InForce, others: tuple[str, ...]) -> Text:
    setting = found.setting
    if others:
        return Text(
            "{place} exports GOROOT={value}; every other Go of this host ({others}) would then run with the wrong tree",
            place=place(setting),
            value=setting.value,
            others=", ".join(others[:3]),
        )
    return Text(
        "{place} exports GOROOT={value}: it is the tree that go finds by itself, and turns wrong with the next release",
        place=place(setting),
        value=setting.value,
    )


def _is_of_running_go(snapshot: Snapshot, found: InForce) -> bool:
    value = found.setting.value.rstrip("/")
    roots = set()
    for name in found.contexts:
        context = context_named(snapshot, name)
        entry = first_go(context) if context is not None else None
        if entry is not None and entry.go is not None:
            roots.add(entry.go.goroot)
    trees = {t.path: t.real_path or t.path for t in snapshot.toolchains}
    return bool(roots) and roots <= {value, trees.get(value, value)}


def _other_trees(snapshot: Snapshot, value: str) -> tuple[str, ...]:
    """Trees that people start by themselves; the toolchains that go fetched are started with a GOROOT of their own."""
    trees = {
        t.real_path or t.path: t for t in snapshot.toolchains if t.go is not None and t.origin != "toolchain-module"
    }
    return tuple(t.path for t in trees.values() if value.rstrip("/") not in (t.path, t.real_path))
