"""Rules and what they find: types only."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Location

SEVERITIES = ("error", "warning", "note")


class _Text(NamedTuple):
    template: str
    values: tuple[tuple[str, str], ...]


class Text(_Text):
    """A message as template and values, so that a catalog can translate the template.

    `Text("mode {mode} lets nobody run it", mode="0644")`; braces name values, nothing else is interpreted.
    """

    __slots__ = ()

    def __new__(cls, template: str, **values: str) -> Text:  # noqa: PYI034 - Self is not in Python 3.9
        return super().__new__(cls, template, tuple(sorted(values.items())))

    def __str__(self) -> str:
        return fill(self.template, self.values)

    def __bool__(self) -> bool:
        return bool(self.template)


def fill(template: str, values: tuple[tuple[str, str], ...]) -> str:
    """Put values into a template; a value is never interpreted, an unknown name stays as it is."""
    pieces = []
    known = dict(values)
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        pieces.append(before)
        name, closing, following = after.partition("}")
        if not brace:
            break
        if closing and name in known:
            pieces.append(known[name])
            rest = following
        else:
            pieces.append(brace)
            rest = after
    return "".join(pieces)


class Rule(NamedTuple):
    """One check.

    Attributes:
        id: "GS301".   slug: file name of the rule with dashes.   title: one clause, translated through the catalogs.
        severity: "error" (Go does not work, or will not), "warning" (it works by luck, or not everywhere), "note".
        needs: names of Snapshot fields, or of sources of their own ("crontabs", "units", "sudoers"); a gap in one makes the rule "not judged".
        symptoms: texts that people see when the fault is there: search keys of `explain`, never used to judge.
        hinders: it can keep a command from working; what only endangers the host is read last, and no failed command has its cause in it.
        introduced: version of gosteward.
    """

    id: str
    slug: str
    title: str
    severity: str
    needs: tuple[str, ...]
    symptoms: tuple[str, ...] = ()
    introduced: str = "0.1.0"
    hinders: bool = True


class Explains(NamedTuple):
    """A consequence: findings of `rule` (an id) about `subject` ("" for any subject) in `contexts` (() for any)."""

    rule: str
    subject: str = ""
    contexts: tuple[str, ...] = ()


class Finding(NamedTuple):
    """One fault, with where it is and what to do.

    Attributes:
        subject: what the finding is about, stable over runs: a path, `path:variable`, a context name. Part of the fingerprint.
        message: what is true, with the user's own paths.   severity: "" for the rule's own.
        locations: files and lines, the one to change first.   evidence: short facts that a reader can check with one command.
        contexts: names of the contexts that suffer.   confidence: "high", "medium" (a sound guess), "low".
        explains: findings that this one causes; they are shown behind it and lose their severity.
        risk: of the repair: "safe" (`--fix` does it), "confirm" (it asks first), "manual" (a person does it).
        actions: what `--fix` does, in order.   commands: what a person types instead of actions, or behind them (a service to restart).
        advice: what to do and why, where a command does not say it all.
    """

    rule: Rule
    subject: str
    message: Text
    locations: tuple[Location, ...] = ()
    evidence: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    severity: str = ""
    confidence: str = "high"
    explains: tuple[Explains, ...] = ()
    risk: str = "manual"
    actions: tuple[Action, ...] = ()
    commands: tuple[str, ...] = ()
    advice: Text = Text("")

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay the same as long as rule and subject do."""
        text = f"{self.rule.id}\0{self.subject}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:32]


class Judged(NamedTuple):
    """A finding in its place among the others.

    Attributes:
        severity: what counts: "note" for a finding that another one explains.   explains: fingerprints of its consequences.
        explained_by: fingerprint of its cause, "" for a root cause.
    """

    finding: Finding
    severity: str
    explains: tuple[str, ...] = ()
    explained_by: str = ""


class NotJudged(NamedTuple):
    """A rule that could not be judged: its id, the gap's field and reason; asked: the caller left the fact out on purpose.

    The field is "rule" where nothing is missing, and the rule itself failed.
    """

    rule: str
    field: str
    reason: str
    asked: bool = False


class Judgement(NamedTuple):
    """All findings, causes before consequences and the worst first, and the rules that could not be judged."""

    findings: tuple[Judged, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
