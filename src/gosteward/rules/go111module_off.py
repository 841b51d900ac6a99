"""GS509: GO111MODULE=off is left over from the time of GOPATH, or has a value that go does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning.settings_in_force import in_force, in_session, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS509",
    slug="go111module-off",
    title="GO111MODULE keeps Go from using modules",
    severity="error",
    needs=("go_settings", "contexts", "workspaces"),
    symptoms=(
        "go: modules disabled by GO111MODULE=off; see 'go help modules'",
        "go: unknown environment setting GO111MODULE=true",
        "cannot find package in any of: (from $GOROOT) (from $GOPATH)",
        "cannot find main module, but found .git/config",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GO111MODULE"):
        value = found.setting.value
        if value == "off" or (value not in ("on", "auto") and not is_quoted(value)):
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: InForce) -> Finding:
    setting = found.setting
    modules = tuple(w.root for w in snapshot.workspaces if w.go_mod)
    fatal = bool(modules) or setting.value != "off"
    finding = unwanted(snapshot, RULE, found, _message(found, modules))
    return finding._replace(
        # Somebody may keep a GOPATH tree of old on purpose; with a go.mod in sight that is not so.
        severity="" if fatal and in_session(snapshot, found.contexts) else "warning",
        confidence="high" if fatal else "medium",
        explains=(Explains("GS909"), Explains("GS910")),
        risk="safe" if finding.actions and setting.origin == "goenv-file" else finding.risk,
    )


def _message(found: InForce, modules: tuple[str, ...]) -> Text:
    where, value = place(found.setting), found.setting.value
    if value != "off":
        return Text(
            "{place} sets GO111MODULE={value}, which is none of on, off and auto: every go command that looks for a module stops",
            place=where,
            value=value,
        )
    if modules:
        return Text(
            "{place} sets GO111MODULE=off: go ignores go.mod, so the module in {module} cannot be built as one",
            place=where,
            module=modules[0],
        )
    return Text(
        "{place} sets GO111MODULE=off: go ignores every go.mod, and `go install pkg@version` and `go mod` fail",
        place=where,
    )
