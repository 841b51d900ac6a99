"""GS524: GOWORK names a file that is not there: every go command that looks for a module stops."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS524",
    slug="gowork-missing",
    title="GOWORK names a file that is not there",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=("go: reading go.work: open /home/dev/src/go.work: no such file or directory",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOWORK"):
        setting = found.setting
        if not setting.missing or not setting.value.startswith("/"):
            continue
        message = Text(
            "{place} sets GOWORK={value}, and there is no such file: every go command that needs a module stops",
            place=place(setting),
            value=setting.value,
        )
        yield unwanted(snapshot, RULE, found, message)._replace(
            evidence=(f"ls -l {quote(setting.value)}",), explains=(Explains("GS903"), Explains("GS902"))
        )
