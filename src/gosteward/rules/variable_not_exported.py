"""GS126: a variable of Go is set in the shell but not exported: the prompt shows one value, go uses another."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.reach import WANTED
from gosteward.reasoning.remedies import real_path
from gosteward.reasoning.viewpoint import own_contexts, setting_in

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        risk="confirm",
        commands=_commands(snapshot, hit),
        advice=_advice(hit),
    )


def _commands(snapshot: Snapshot, hit: _Hit) -> tuple[str, ...]:
    where, name = hit.variable.sources[0], hit.variable.name
    path = quote(real_path(snapshot, where.path))
    if hit.shell == "fish":
        match = re.match(rf"(\s*)set\s+((?:-\w+\s+|--\w+\s+){{0,5}}){name}\b", where.text)
        if match is None or "U" in match[2] or "-x" in match[2]:
            return ()
        written = f"set {match[2]}{name}" if match[2] else f"set {name}"
        return (f"sed -i {quote(f'{where.line}s/{written}/set -gx {name}/')} {path}",) if written in where.text else ()
    if re.match(rf"\s*{name}=", where.text):
        return (f"sed -i {quote(f'{where.line}s/{name}=/export {name}=/')} {path}",)
    return ()


def _advice(hit: _Hit) -> Text:
    if hit.shell == "fish":
        return Text(
            "In fish a variable is exported with -x: `set -gx {name} ...` in the file. Do not use a universal variable (-U), which outlives the line.",
            name=hit.variable.name,
        )
    return Text("Write `export {name}=...`, or let go keep it: `go env -w {name}=...`.", name=hit.variable.name)
