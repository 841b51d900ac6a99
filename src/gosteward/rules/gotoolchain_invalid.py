"""GS515: GOTOOLCHAIN names nothing that go can run, so every go command stops."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import goversion, meant_values
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.toolchain_choice import obtainable
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS515",
    slug="gotoolchain-invalid",
    title="go refuses the value of GOTOOLCHAIN",
    severity="error",
    needs=("go_settings", "contexts", "toolchains"),
    symptoms=(
        'invalid GOTOOLCHAIN "1.22"',
        'go: invalid GOTOOLCHAIN "latest"',
        'invalid GOTOOLCHAIN "go1.22.0+x": only version suffixes are +auto and +path',
        "go: download go1.22 for linux/amd64: toolchain not available",
    ),
)
FIRST_WITH_SWITCHING = "go1.21rc1"
_NAME = re.compile(r"go(1(?:\.\d{1,4}){0,2}(?:(?:rc|beta|alpha)\d{1,4})?)(?:[-\s].*)?")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOTOOLCHAIN"):
        value = found.setting.value
        wrong = problem(value)
        if wrong and not is_quoted(value) and _is_read(snapshot, found) and not _is_there(snapshot, value, wrong):
            yield _finding(snapshot, found, wrong)


def problem(value: str) -> str:
    """Why go refuses a value: "name", "suffix", "language" (a language version has no toolchain of that name); "" if it does not."""
    if value in ("auto", "path", "local"):
        return ""
    name, plus, suffix = value.partition("+")
    if plus and suffix not in ("auto", "path"):
        return "suffix"
    if name == "local":
        return ""
    if "/" in name or "\\" in name:
        return "name"
    match = _NAME.fullmatch(name[name.find("-go1") + 1 :] if "-go1" in name else name)
    if match is None:
        return "name"
    version = goversion.parse(match[1])
    return "language" if version is not None and version.stage == -1 else ""


def _is_read(snapshot: Snapshot, found: InForce) -> bool:
    """Whether some go that is found there knows GOTOOLCHAIN at all."""
    running = [
        running_go_of(snapshot, c) for c in (context_named(snapshot, n) for n in found.contexts) if c is not None
    ]
    known = [r.version for r in running if r is not None and r.version]
    return not known or any(not goversion.older(version, FIRST_WITH_SWITCHING) for version in known)


def _is_there(snapshot: Snapshot, value: str, wrong: str) -> bool:
    """A program of that very name on PATH serves instead of a download."""
    name = value.partition("+")[0]
    return wrong == "language" and any(b.path.rpartition("/")[2] == name for b in snapshot.binaries)


def _finding(snapshot: Snapshot, found: InForce, wrong: str) -> Finding:
    return unwanted(snapshot, RULE, found, _message(found, wrong), _meant(snapshot, found))._replace(
        confidence="medium" if wrong == "language" else "high", explains=(Explains("GS415"), Explains("GS416"))
    )


def _meant(snapshot: Snapshot, found: InForce) -> str:
    """The value that was meant, if go can have that toolchain; without the setting it takes the one that is there."""
    meant = meant_values.toolchain(found.setting.value)
    if not meant.startswith("go"):
        return meant
    contexts = tuple(c for c in (context_named(snapshot, name) for name in found.contexts) if c is not None)
    name = meant.partition("+")[0]
    return meant if contexts and all(obtainable(snapshot, c, name) for c in contexts) else ""


def _message(found: InForce, wrong: str) -> Text:
    where, value = place(found.setting), found.setting.value
    if wrong == "language":
        return Text(
            "{place} sets GOTOOLCHAIN={value}: there is no release of that name, its first one is {first}",
            place=where,
            value=value,
            first=f"{value.partition('+')[0]}.0",
        )
    if wrong == "suffix":
        return Text(
            "{place} sets GOTOOLCHAIN={value}: only +auto and +path may stand behind the release",
            place=where,
            value=value,
        )
    return Text(
        "{place} sets GOTOOLCHAIN={value}, which is neither auto, path, local nor a release such as go1.26.8: every go command stops",
        place=where,
        value=value,
    )
