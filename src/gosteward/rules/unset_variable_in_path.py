"""GS134: a PATH line uses $GOROOT or $GOPATH where it is not set, so `$GOPATH/bin` became `/bin`."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import claims, severity_of, unset_variables
from gosteward.reasoning.reach import installed_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS134",
    slug="unset-variable-in-path",
    title="a PATH line uses a variable that is not set",
    severity="warning",
    needs=("contexts",),
    symptoms=("go: command not found", "gopls: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    programs = f"{snapshot.user.home}/go/bin" in installed_programs(snapshot)
    for obstacle in unset_variables(snapshot):
        # Without anything that is missed, the entry is a harmless copy of /bin.
        if obstacle.contexts or (programs and obstacle.written.startswith("$GOPATH")):
            yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    line = obstacle.location
    name = obstacle.written.partition("/")[0].lstrip("$")
    actions = _actions(snapshot, obstacle, name)
    return Finding(
        rule=RULE,
        subject=f"{line.path}:{name}",
        message=Text(
            "{file} adds {written} to PATH, but {name} is not set there: the entry became {entry}",
            file=line.path,
            written=obstacle.written,
            name=name,
            entry=obstacle.written.partition("/")[2] and f"/{obstacle.written.partition('/')[2]}",
        ),
        locations=(line,),
        evidence=(f"sed -n {line.line}p {quote(line.path)}",) if line.line else (),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts) if obstacle.contexts else "warning",
        explains=(*claims(snapshot, obstacle.contexts), Explains("GS127")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "go needs no variable to find its own tree or its default GOPATH, so none is set unless somebody sets it: write the directory itself into the line. Never export GOROOT for this."
        ),
    )


def _actions(snapshot: Snapshot, obstacle: Obstacle, name: str) -> tuple[Action, ...]:
    line = obstacle.location
    tree = remedies.best_tree(snapshot)
    value = {"GOPATH": "$HOME/go", "GOROOT": tree.path if tree else ""}.get(name, "")
    new = line.text.replace(f"${{{name}}}", value).replace(f"${name}/", f"{value}/")
    return remedies.replaced_line(snapshot, line, new) if value else ()
