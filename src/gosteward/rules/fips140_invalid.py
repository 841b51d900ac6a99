"""GS528: GODEBUG or GOFIPS140 asks for a FIPS 140-3 mode that there is not: programs of Go die at their start, or every build stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang import goversion
from gosteward.knowledge import fips_modules
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.reasoning.viewpoint import context_named
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS528",
    slug="fips140-invalid",
    title="a FIPS 140-3 mode is asked for that Go does not have",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        "panic: fips140: unknown GODEBUG setting fips140=yes",
        "go: invalid GOFIPS140: must be off, latest, inprocess, certified, or v1.Y.Z",
        'go: unknown GOFIPS140 version "v1.1.0"',
    ),
)
FIRST_WITH_FIPS = "go1.24rc1"
_MODES = ("on", "only", "debug", "off", "")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # The goenv file cannot set GODEBUG: GS516.
    for found in in_force(snapshot, "GODEBUG"):
        mode = _mode(found.setting.value)
        if found.setting.origin == "environment" and mode not in _MODES and _versions(snapshot, found):
            yield _of_godebug(snapshot, found, mode)
    for found in in_force(snapshot, "GOFIPS140"):
        value = found.setting.value
        versions = () if is_quoted(value) else _versions(snapshot, found)
        if versions and (not fips_modules.is_well_formed(value) or all(fips_modules.lacks(v, value) for v in versions)):
            yield _of_build(snapshot, found, versions[0])


def _mode(godebug: str) -> str:
    """The last fips140 of a list counts."""
    values = [w.partition("=")[2] for w in godebug.split(",") if w.partition("=")[0] == "fips140" and "=" in w]
    return values[-1] if values else ""


def _versions(snapshot: Snapshot, found: InForce) -> tuple[str, ...]:
    """Releases that run with a setting and that know FIPS 140-3; one without a name where none is known."""
    contexts = [c for c in (context_named(snapshot, name) for name in found.contexts) if c is not None]
    running = [running_go_of(snapshot, c) for c in contexts]
    versions = tuple(dict.fromkeys(r.version for r in running if r is not None and r.version))
    return tuple(v for v in versions if not goversion.older(v, FIRST_WITH_FIPS)) if versions else ("",)


def _of_godebug(snapshot: Snapshot, found: InForce, mode: str) -> Finding:
    rest = [w for w in found.setting.value.split(",") if w.partition("=")[0] != "fips140"]
    message = Text(
        "{place} sets GODEBUG={value}: fips140 is on, only, debug or off and never {mode}, so every Go program dies at its start, go itself too",
        place=place(found.setting),
        value=found.setting.value,
        mode=mode,
    )
    return unwanted(snapshot, RULE, found, message, ",".join(rest))


def _of_build(snapshot: Snapshot, found: InForce, version: str) -> Finding:
    message = Text(
        "{place} sets GOFIPS140={value}: {version} takes off, latest, inprocess, certified and the versions in its lib/fips140, so every build stops",
        place=place(found.setting),
        value=found.setting.value,
        version=version or "Go",
    )
    return unwanted(snapshot, RULE, found, message)
