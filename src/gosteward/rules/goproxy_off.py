"""GS512: GOPROXY=off forbids every download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang.modulepaths import covers, proxy_list
from gosteward.reasoning.downloads import needed_modules
from gosteward.reasoning.settings_in_force import (
    in_force,
    in_session,
    loser,
    place,
    privately,
    working_contexts,
)
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.downloads import Needed
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS512",
    slug="goproxy-off",
    title="GOPROXY=off forbids downloads",
    severity="error",
    needs=("go_settings", "contexts", "workspaces"),
    symptoms=("module lookup disabled by GOPROXY=off",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOPROXY"):
        entries = proxy_list(found.setting.value)
        if entries and entries[0].kind == "off":
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: InForce) -> Finding:
    missing = tuple(m for m in needed_modules(snapshot) if not _goes_around(snapshot, found, m))
    stops = bool(missing) and in_session(snapshot, found.contexts)
    finding = unwanted(snapshot, RULE, found, _message(found, missing))
    # Whether the host may fetch from outside is not for a tool to say, unless a stored value says whence.
    stored = any(loser(snapshot, c, "GOPROXY") for c in working_contexts(snapshot) if c.name in found.contexts)
    return finding._replace(
        risk=finding.risk if stored else "manual",
        locations=(*finding.locations, *(m.requirement.location for m in missing[:3] if m.requirement.location)),
        # On a host that is meant to have everything it is a wish, not a fault.
        severity="" if stops else "warning",
        explains=(Explains("GS908"),) if stops else (),
    )


def _goes_around(snapshot: Snapshot, found: InForce, module: Needed) -> bool:
    contexts = tuple(c for c in working_contexts(snapshot) if c.name in found.contexts)
    return bool(contexts) and all(
        covers(privately(snapshot, c, "GONOPROXY"), module.requirement.path) for c in contexts
    )


def _message(found: InForce, missing: tuple[Needed, ...]) -> Text:
    if missing:
        first = missing[0]
        return Text(
            "{place} sets GOPROXY=off, so go downloads nothing, but {module} {version} of {file} is not in the module cache",
            place=place(found.setting),
            module=first.requirement.path,
            version=first.requirement.version,
            file=first.workspace.go_mod,
        )
    return Text(
        "{place} sets GOPROXY=off: go downloads nothing, so `go install pkg@version` and new requirements fail",
        place=place(found.setting),
    )
