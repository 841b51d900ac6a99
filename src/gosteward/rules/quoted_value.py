"""GS504: quotes are part of a value: a file was not read by a shell, or was written as if it were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import masked
from gosteward.reasoning.setting_repair import commands_behind, origin_of, repaired_actions
from gosteward.reasoning.settings_in_force import in_force, in_session, locations, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS504",
    slug="quoted-value",
    title="quotes are part of a setting's value",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        "go: GOPATH entry is relative; must be absolute path: \"'/home/dev/go'\".",
        "invalid GOSUMDB: malformed verifier id",
        "invalid proxy URL missing scheme",
    ),
)
QUOTES = "\"'`“”‘’"  # the curly ones come from word processors and web pages
# These may hold quotes: go splits them as a shell would.
_SPLIT_BY_GO = (
    "GOFLAGS",
    "CC",
    "CXX",
    "FC",
    "GCCGO",
    "AR",
    "PKG_CONFIG",
    "GOGCCFLAGS",
    "GOAUTH",
    "GOCACHEPROG",
    "GODEBUG",
)
# With a wrong value of these, go stops or takes what nobody meant.
_OF_ONE_NAME = {"GO111MODULE": ("GS509",), "GOROOT": ("GS405",)}
_STOPPING = "GOPATH GOROOT GOCACHE GOMODCACHE GOBIN GOTMPDIR GOPROXY GOSUMDB GOTOOLCHAIN GO111MODULE GOOS GOARCH GOWORK GOEXPERIMENT"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in dict.fromkeys(s.name for s in snapshot.go_settings):
        if name in _SPLIT_BY_GO or name.startswith("CGO_"):
            continue
        for found in in_force(snapshot, name):
            if is_quoted(found.setting.value):
                yield _finding(snapshot, found)


def is_quoted(value: str) -> bool:
    """Whether a value begins or ends with a quote that no shell took off."""
    return bool(value) and (value[0] in QUOTES or value[-1] in QUOTES)


def _finding(snapshot: Snapshot, found: InForce) -> Finding:
    setting = found.setting
    name = setting.name
    stops = name in _STOPPING.split() and in_session(snapshot, found.contexts)
    origin = origin_of(snapshot, setting)
    bare = setting.value.strip(QUOTES)
    actions = repaired_actions(snapshot, setting, bare) if not set(bare) & set(QUOTES) else ()
    return Finding(
        rule=RULE,
        subject=f"{place(setting)}:{name}",
        message=Text(
            "{name} is {value}, with the quotes as part of it: {place} put them there",
            name=name,
            value=masked(setting.value),
            place=place(setting),
        ),
        locations=locations(setting, origin),
        evidence=(f"{name}={masked(setting.value)}",),
        contexts=found.contexts,
        severity="" if stops else "warning",
        explains=_consequences(name) if stops else (),
        risk="manual" if not actions else "safe" if setting.origin == "goenv-file" else "confirm",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=Text(
            "Go takes the value as it is. Write it without quotes in {place}, or in the file that this line reads.",
            place=place(origin),
        ),
    )


def _consequences(name: str) -> tuple[Explains, ...]:
    return (
        *(Explains(rule, name) for rule in ("GS505", "GS506", "GS511", "GS513", "GS515")),
        *(Explains(rule) for rule in _OF_ONE_NAME.get(name, ("GS314", "GS320"))),
    )
