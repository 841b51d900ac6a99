"""GS415: a stored GOTOOLCHAIN names an older release, which go runs instead of the newer one that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.running_go import described
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.toolchain_choice import Choice, choices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS415",
    slug="toolchain-pinned-older",
    title="GOTOOLCHAIN holds an older release than the installed one",
    severity="warning",
    needs=("go_settings", "contexts", "toolchains"),
    symptoms=("go version prints the old release after an upgrade",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[Choice, tuple[str, ...]]] = {}
    for choice in choices(snapshot):
        if choice.pinned and choice.setting is not None and goversion.older(choice.minimum, choice.running.version):
            place = choice.setting.location
            key = f"{place.path if place else choice.context.name}:GOTOOLCHAIN"
            _, contexts = found.get(key, (choice, ()))
            found[key] = (choice, (*contexts, choice.context.name))
    for subject, (choice, contexts) in found.items():
        yield _finding(snapshot, subject, choice, contexts)


def _finding(snapshot: Snapshot, subject: str, choice: Choice, contexts: tuple[str, ...]) -> Finding:
    setting = choice.setting
    actions = unset_actions(snapshot, setting) if setting is not None else ()
    stored = setting is not None and setting.origin == "goenv-file"
    return Finding(
        rule=RULE,
        subject=subject,
        message=Text(
            "GOTOOLCHAIN={value} makes {go} run {older} instead of itself",
            value=setting.value if setting else "",
            go=described(choice.running),
            older=choice.minimum,
        ),
        locations=(setting.location,) if setting is not None and setting.location is not None else (),
        evidence=("go version", "GOTOOLCHAIN=local go version"),
        contexts=contexts,
        # `go env -w` is forgotten; a variable that is exported in a start-up file is mostly meant so.
        severity="" if stored else "note",
        # It works, and may be meant so.
        confidence="medium",
        explains=(Explains("GS417"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "If the older release is meant for one project, let that project's go.mod ask for it with a toolchain line; without the setting, the installed release runs."
        ),
    )
