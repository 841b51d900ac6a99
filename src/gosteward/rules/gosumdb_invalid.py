"""GS511: GOSUMDB is none of the forms that go accepts, so no module can be verified, and none is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import meant_values
from gosteward.golang.proxyurls import DATABASE_IN_CHINA, DEFAULT_DATABASE, database_problem, masked
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS511",
    slug="gosumdb-invalid",
    title="go refuses the value of GOSUMDB",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        "invalid GOSUMDB: malformed verifier id",
        "invalid GOSUMDB: invalid verifier hash",
        "invalid GOSUMDB: too many fields",
        "invalid sumdb name (must be host[/path])",
        "missing GOSUMDB",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOSUMDB"):
        problem = database_problem(found.setting.value)
        if problem and not is_quoted(found.setting.value):
            yield _finding(snapshot, found, problem)


def _finding(snapshot: Snapshot, found: InForce, problem: str) -> Finding:
    message = _message(place(found.setting), masked(found.setting.value), problem)
    meant = meant_values.database(found.setting.value)
    finding = unwanted(snapshot, RULE, found, message, meant)
    # A database of somebody's own was meant: without the setting, go would ask the public one about their modules.
    own = (
        not meant
        and bool(found.setting.value.strip())
        and problem in ("unknown-name", "key", "hash", "name", "url", "fields")
    )
    return finding._replace(
        risk="manual" if own else finding.risk,
        actions=() if own else finding.actions,
        commands=() if own else finding.commands,
        explains=(Explains("GS606"), Explains("GS607")),
        advice=Text(
            "Valid are {database}, {mirror}, and the verifier key NAME+HASH+KEY of another database, each with a URL behind it if need be. Without the setting Go uses {database}.",
            database=DEFAULT_DATABASE,
            mirror=DATABASE_IN_CHINA,
        ),
    )


def _message(where: str, value: str, problem: str) -> Text:
    if problem == "unknown-name":
        return Text(
            "{place} sets GOSUMDB={value}: of a database other than {database} go needs the verifier key, not the name alone",
            place=where,
            value=value,
            database=DEFAULT_DATABASE,
        )
    if problem == "hash":
        return Text(
            "{place} sets GOSUMDB={value}: the hash in the verifier key does not fit the key, so one of them is mistyped",
            place=where,
            value=value,
        )
    if problem == "fields":
        return Text("{place} sets GOSUMDB={value}: a key and at most one URL are expected", place=where, value=value)
    if problem == "url":
        return Text("{place} sets GOSUMDB={value}: what stands behind the key is not a URL", place=where, value=value)
    return Text(
        "{place} sets GOSUMDB={value}, which go cannot read: it verifies no new module", place=where, value=value
    )
