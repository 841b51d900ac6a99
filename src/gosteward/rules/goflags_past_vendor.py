"""GS527: GOFLAGS=-mod=mod (or readonly) makes go pass over vendor/, and what it then has to download it cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import meant_values
from gosteward.golang.quoted import split
from gosteward.reasoning.setting_repair import word_actions
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS527",
    slug="goflags-past-vendor",
    title="GOFLAGS keeps go from using vendor/",
    severity="error",
    needs=("go_settings", "contexts", "workspaces", "network"),
    symptoms=("go: downloading example.com/greet v1.0.0", "GOFLAGS=-mod=mod"),
)
_PAST = ("-mod=mod", "--mod=mod", "-mod=readonly", "--mod=readonly")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    stopped = tuple(w for w in snapshot.workspaces if w.go_mod and _needs_its_vendor(w))
    for found in in_force(snapshot, "GOFLAGS") if stopped else ():
        words = tuple(word for word in split(found.setting.value) or () if word in _PAST)
        if words and _cannot_download(snapshot, found):
            yield _finding(snapshot, found, words, stopped[0])


def _needs_its_vendor(workspace: Workspace) -> bool:
    """Something that is imported is in vendor/ and not in the module cache."""
    vendored = workspace.vendor is not None and bool(workspace.vendor.modules_txt)
    return vendored and any(r.imported and not r.cached for r in workspace.requirements)


def _cannot_download(snapshot: Snapshot, found: InForce) -> bool:
    checks = tuple(
        n
        for n in snapshot.network
        if n.kind == "goproxy" and (not found.contexts or set(n.contexts) & set(found.contexts))
    )
    return bool(checks) and not any(n.ok for n in checks)


def _finding(snapshot: Snapshot, found: InForce, words: tuple[str, ...], workspace: Workspace) -> Finding:
    setting = found.setting
    message = Text(
        "{place} sets GOFLAGS={value}: go passes over {vendor}, and the modules that are in it cannot be downloaded here",
        place=place(setting),
        value=setting.value,
        vendor=f"{workspace.root.rstrip('/')}/vendor",
    )
    rest = meant_values.flags_without(setting.value, _PAST)
    finding = unwanted(snapshot, RULE, found, message, rest)._replace(
        explains=tuple(Explains(rule) for rule in ("GS601", "GS606", "GS607", "GS908"))
    )
    if finding.actions or len(words) != 1:
        return finding
    actions = word_actions(snapshot, setting, words[0])
    return finding._replace(actions=actions, risk="confirm" if actions else "manual")
