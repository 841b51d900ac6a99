"""GS703: the go that is found is gccgo's: another compiler, of an older language, with files in other places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.hidden_go import HiddenGo, hidden_gos, lines_of, to_the_front
from gosteward.reasoning.impact import matters
from gosteward.reasoning.reach import go_trees
from gosteward.reasoning.remedies import risk
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS703",
    slug="gccgo-in-front",
    title="the go that runs is gccgo's",
    severity="warning",
    needs=("contexts", "toolchains"),
    symptoms=(
        "go version go1.18 gccgo (Debian 12.2.0-14) 12.2.0 linux/amd64",
        'go tool: no such tool "compile"',
        "cannot find package runtime/internal/sys",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    hidden = {h.first.go.path: h for h in hidden_gos(snapshot, _of_gccgo) if h.first.go is not None}
    found: dict[str, tuple[Binary, list[str]]] = {}
    for context in snapshot.contexts:
        entry = first_go(context)
        if entry is not None and entry.go is not None and matters(context) and _of_gccgo(entry.go):
            found.setdefault(entry.go.path, (entry.go, []))[1].append(context.name)
    for path, (go, contexts) in found.items():
        yield _finding(snapshot, go, tuple(contexts), hidden.get(path))


def _of_gccgo(go: Binary) -> bool:
    return go.origin == "gccgo"


def _finding(snapshot: Snapshot, go: Binary, contexts: tuple[str, ...], hidden: HiddenGo | None) -> Finding:
    other = next((t.path for t in go_trees(snapshot) if t.origin not in ("gccgo", "distribution")), "")
    actions = to_the_front(snapshot, hidden) if hidden is not None else ()
    behind = hidden.newer.go.path if hidden is not None and hidden.newer.go is not None else ""
    return Finding(
        rule=RULE,
        subject=go.path,
        message=_message(go, behind or other),
        locations=lines_of(hidden) if hidden is not None else (),
        evidence=("type -a go", f"{go.path} version"),
        contexts=contexts,
        # Where it is the only one, somebody may have chosen it.
        severity="" if behind or other else "note",
        explains=tuple(Explains(rule, go.path) for rule in ("GS408", "GS412", "GS413", "GS417")),
        risk=risk(actions),
        actions=actions,
        advice=Text(
            "Put the other go in front on PATH: by links in /usr/local/bin, or in the line that adds its directory. The package may stay: gccgo has uses of its own."
        )
        if behind or other
        else Text("gccgo follows Go by years. For current modules install a release of Go beside it."),
    )


def _message(go: Binary, other: str) -> Text:
    if other:
        return Text(
            "{go} ({package}) is the go command of gccgo and comes first; {other} is never reached",
            go=go.path,
            package=go.package or "gccgo",
            other=other,
        )
    return Text(
        "{go} ({package}) is the go command of gccgo, not that of the Go project",
        go=go.path,
        package=go.package or "gccgo",
    )
