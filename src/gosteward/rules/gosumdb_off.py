"""GS510: the checksum database is switched off: nothing tells whether a new module is what everybody else got."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import DEFAULT_PROXY
from gosteward.reasoning.settings_in_force import in_force, place, value_in, working_contexts
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS510",
    slug="gosumdb-off",
    title="the checksum database is switched off",
    severity="warning",
    needs=("go_settings", "contexts"),
    symptoms=("checksum database disabled by GOSUMDB=off",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOSUMDB"):
        if found.setting.value != "off":
            continue
        message = Text(
            "{place} sets GOSUMDB=off: modules that go.sum does not list are taken unverified, and go refuses to download toolchains",
            place=place(found.setting),
        )
        yield unwanted(snapshot, RULE, found, message)._replace(
            severity="note" if _isolated(snapshot, found) else "",
            # Some sites mean it: nothing is changed behind their back.
            confidence="medium",
            advice=Text(
                "Remove the setting. For private modules set GONOSUMDB or GOPRIVATE to their paths; a proxy can relay the database to hosts without Internet."
            ),
        )


def _isolated(snapshot: Snapshot, found: InForce) -> bool:
    """Whether modules come from a directory, or not at all: there is no database to be asked."""
    values = {
        value_in(snapshot, c, "GOPROXY", DEFAULT_PROXY) for c in working_contexts(snapshot) if c.name in found.contexts
    }
    entries = [entry for value in values for entry in proxy_list(value)]
    return bool(entries) and all(entry.kind in ("file", "off") for entry in entries)
