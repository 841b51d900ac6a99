"""GS526: a setting names a program or a file of go's that is not there: GOCACHEPROG, or a flag of GOFLAGS."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang import goversion, meant_values, quoted
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.setting_repair import word_actions
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS526",
    slug="setting-names-missing-file",
    title="a setting names a file that is not there",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        'error starting GOCACHEPROG program "/opt/cacher/bin/go-cacher": fork/exec /opt/cacher/bin/go-cacher: no such file or directory',
        "go: reading overlay: open /home/dev/overlay.json: no such file or directory",
        "go: open /home/dev/go.local.mod: no such file or directory",
        "go: error obtaining buildID for go tool compile: fork/exec /opt/garble/run: no such file or directory",
    ),
)
# The first release that looks at it without an experiment.
_SINCE = {"GOCACHEPROG": "go1.24rc1"}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in ("GOFLAGS", "GOCACHEPROG"):
        for found in in_force(snapshot, name):
            if found.setting.missing_file and _is_read(snapshot, found):
                yield _finding(snapshot, found)


def _is_read(snapshot: Snapshot, found: InForce) -> bool:
    contexts = (context_named(snapshot, name) for name in found.contexts)
    running = (running_go_of(snapshot, c) for c in contexts if c is not None)
    versions = [r.version for r in running if r is not None and r.version]
    since = _SINCE.get(found.setting.name, "")
    return not since or not versions or any(not goversion.older(version, since) for version in versions)


def _finding(snapshot: Snapshot, found: InForce) -> Finding:
    setting = found.setting
    words = quoted.split(setting.value) or ()
    wrong = tuple(word for word in words if setting.missing_file in word) if setting.name == "GOFLAGS" else ()
    message = Text(
        "{place} sets {name}={value}, and there is no {file}: builds stop",
        place=place(setting),
        name=setting.name,
        value=setting.value,
        file=setting.missing_file,
    )
    rest = meant_values.flags_without(setting.value, wrong) if wrong else ""
    finding = unwanted(snapshot, RULE, found, message, rest)._replace(
        evidence=(f"ls -l {quote(setting.missing_file)}",)
    )
    if finding.actions or len(wrong) != 1:
        return finding
    actions = word_actions(snapshot, setting, wrong[0])
    return finding._replace(actions=actions, risk="confirm" if actions else "manual")
