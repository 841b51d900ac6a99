"""GS126: a variable of Go is set in the shell but not exported: the prompt shows one value, go uses another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.reach import WANTED
from gosteward.reasoning.remedies import replaced_line, risk
from gosteward.reasoning.viewpoint import own_contexts, setting_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Context, EnvironmentVariable, Snapshot

RULE = Rule(
    id="GS126",
    slug="variable-not-exported",
    title="a variable of Go is set but not exported",
    severity="warning",
    needs=("contexts",),
    symptoms=("go env GOPATH shows another value than echo $GOPATH",),
)
# Variables that go reads from its environment (`go help environment`). GOROOT is right when it is not exported.
_NAMES = (
    "GO111MODULE GOARCH GOARM GOAMD64 GO386 GOARM64 GOAUTH GOBIN GOCACHE GOCACHEPROG GODEBUG GOENV GOEXPERIMENT GOFIPS140 GOFLAGS "
    "GOINSECURE GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH GOPRIVATE GOPROXY GOSUMDB GOTELEMETRYDIR GOTMPDIR GOTOOLCHAIN GOVCS "
    "GOWORK CGO_ENABLED CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS GOMEMLIMIT GOMAXPROCS"
)
NAMES = frozenset(_NAMES.split())


class _Hit(NamedTuple):
    variable: EnvironmentVariable
    shell: str
    contexts: tuple[str, ...]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str], _Hit] = {}
    for context in own_contexts(snapshot, *WANTED):
        for variable in context.variables:
            if variable.exported or variable.name not in NAMES or not variable.value or not variable.sources:
                continue
            if not _same_anyway(snapshot, context, variable):
                key = (variable.name, variable.sources[0].path)
                old = found.get(key, _Hit(variable, context.shell, ()))
                found[key] = old._replace(contexts=(*old.contexts, context.name))
    for hit in found.values():
        yield _finding(snapshot, hit)


def _same_anyway(snapshot: Snapshot, context: Context, variable: EnvironmentVariable) -> bool:
    """Whether go uses this value all the same: it is the default, or a file of Go says so too."""
    home = snapshot.user.home
    setting = setting_in(snapshot, context, variable.name)
    if setting is not None:
        return setting.value == variable.value
    defaults = {
        "GOPATH": f"{home}/go",
        "GOBIN": f"{home}/go/bin",
        "GOMODCACHE": f"{home}/go/pkg/mod",
        "GOCACHE": f"{home}/.cache/go-build",
    }
    return defaults.get(variable.name) == variable.value.rstrip("/")


def _finding(snapshot: Snapshot, hit: _Hit) -> Finding:
    variable = hit.variable
    where = variable.sources[0]
    actions = _actions(snapshot, hit)
    return Finding(
        rule=RULE,
        subject=f"{where.path}:{variable.name}",
        message=Text(
            "{file} sets {name} to {value} without exporting it: the shell shows this value, go does not get it",
            file=where.path,
            name=variable.name,
            value=variable.value[:200],
        ),
        locations=(where,),
        evidence=(f"env | grep ^{variable.name}=",),
        contexts=hit.contexts,
        risk=risk(actions),
        actions=actions,
        advice=_advice(hit),
    )


def _actions(snapshot: Snapshot, hit: _Hit) -> tuple[Action, ...]:
    where, name = hit.variable.sources[0], hit.variable.name
    if hit.shell == "fish":
        match = re.match(rf"(\s*)set\s+((?:-\w+\s+|--\w+\s+){{0,5}}){re.escape(name)}\b", where.text)
        if match is None or "U" in match[2] or "universal" in match[2] or "-x" in match[2]:
            return ()
        return replaced_line(snapshot, where, f"{match[1]}set -gx {name}{where.text[match.end() :]}")
    if re.match(rf"\s*{re.escape(name)}=", where.text):
        return replaced_line(snapshot, where, where.text.replace(f"{name}=", f"export {name}=", 1))
    return ()


def _advice(hit: _Hit) -> Text:
    if hit.shell == "fish":
        return Text(
            "In fish a variable is exported with -x: `set -gx {name} ...` in the file. Do not use a universal variable (-U), which outlives the line.",
            name=hit.variable.name,
        )
    return Text("Write `export {name}=...`, or let go keep it: `go env -w {name}=...`.", name=hit.variable.name)
