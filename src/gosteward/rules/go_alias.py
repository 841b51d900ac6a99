"""GS122: in interactive shells `go` is an alias or a function that runs something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import matters
from gosteward.reasoning.remedies import replaced_line, risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Alias, Snapshot

RULE = Rule(
    id="GS122",
    slug="go-alias",
    title="go is an alias or a function of the shell",
    severity="error",
    needs=("contexts",),
    symptoms=("fatal: not a git repository", "go: error: pathspec 'version' did not match any file(s) known to git"),
)
_WRAPPERS = {"command", "builtin", "exec", "env", "nice", "ionice", "time", "sudo", "noglob", "nocorrect", "grc"}
_GO = re.compile(r"\\?(?:.{0,200}/)?(?:go|gofmt|gotip)(?:\d[\w.]{0,20})?")
_ABOUT_GO = re.compile(r"(?:^|[^a-z])(?:go|rich|color)?go(?:$|[^a-z])")


class _Hit(NamedTuple):
    alias: Alias
    contexts: tuple[str, ...]
    certain: bool


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str], _Hit] = {}
    for context in snapshot.contexts:
        for alias in context.aliases:
            if not context.own or runs_go(alias):
                continue
            key = (alias.name, alias.source.path if alias.source else alias.value)
            old = found.get(key, _Hit(alias, (), certain=False))
            names = tuple(dict.fromkeys((*old.contexts, context.name)))
            found[key] = _Hit(old.alias, names, old.certain or matters(context))
    for hit in found.values():
        yield _finding(snapshot, hit)


def runs_go(alias: Alias) -> bool:
    """Whether the alias runs go after all: by its path, with settings in front, or through a wrapper that is known."""
    for word in alias.value.split()[:20]:
        if "=" in word or word in _WRAPPERS or word.startswith("-"):
            continue
        return _GO.fullmatch(word.strip("\"'")) is not None
    return False


def _finding(snapshot: Snapshot, hit: _Hit) -> Finding:
    alias, source = hit.alias, hit.alias.source
    # A body that is not known, or a program whose name has go in it, may run go in the end.
    unclear = not alias.value or _ABOUT_GO.search(alias.value.lower()) is not None
    actions = _actions(snapshot, alias)
    severity = "error" if hit.certain and alias.name == "go" and not unclear else "warning"
    return Finding(
        rule=RULE,
        subject=f"{source.path}:{alias.name}" if source else alias.name,
        message=_message(alias, hit.contexts),
        locations=(source,) if source else (),
        evidence=(f"type -a {alias.name}",),
        contexts=hit.contexts,
        severity=severity,
        confidence="medium" if unclear else "high",
        risk=risk(actions),
        actions=actions,
        advice=Text(
            "Give the alias another name, or take it out; `unalias {name}` helps in the shell that is open. `command {name}` runs the program meanwhile.",
            name=alias.name,
        ),
    )


def _message(alias: Alias, contexts: tuple[str, ...]) -> Text:
    if alias.kind == "alias":
        return Text(
            "{name} is an alias for `{value}` in {contexts}: the program of that name does not run there",
            name=alias.name,
            value=alias.value[:120],
            contexts=", ".join(contexts),
        )
    return Text(
        "{name} is a function of the shell in {contexts} (no alias, no program): it runs in the program's place",
        name=alias.name,
        contexts=", ".join(contexts),
    )


def _actions(snapshot: Snapshot, alias: Alias) -> tuple[Action, ...]:
    """The alias under another name: whoever made it can still have it."""
    source = alias.source
    word = re.compile(rf"(\balias\s+(?:-\w+\s+|--\s+)?){re.escape(alias.name)}(?=[=\s])")
    if source is None or alias.kind != "alias" or len(word.findall(source.text)) != 1:
        return ()
    return replaced_line(snapshot, source, word.sub(lambda match: f"{match[1]}my{alias.name}", source.text))
