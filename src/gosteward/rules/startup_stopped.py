"""GS123: a start-up file does not come to its end: it hangs, exits, calls itself, waits for input, or becomes another shell."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.reach import WANTED, additions, go_directories, nowhere, severity
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.reach import Addition
    from gosteward.snapshot import Context, Location, Snapshot

RULE = Rule(
    id="GS123",
    slug="startup-stopped",
    title="a start-up file does not come to its end",
    severity="error",
    needs=("contexts",),
    symptoms=("the terminal does not open", "ssh hangs after login", "maximum source nesting level exceeded"),
)
# In a session without a terminal some files leave early on purpose, and a shell that is replaced by another one goes on there.
_SEVERITIES = {"hangs": "error", "recursion": "error", "exits": "warning", "reads-input": "warning"}

_LOGOUT_FILES = ("/.bash_logout", "/.zlogout", "/etc/zsh/zlogout")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, int, str], list[Context]] = {}
    for context in snapshot.contexts:
        stopped = context.status in ("timed-out", "no-answer") and context.reason != "path-too-long"
        if context.own and context.kind in (*WANTED, "sudo-login") and stopped and context.stopped_at is not None:
            where = context.stopped_at
            found.setdefault((where.path, where.line, context.reason), []).append(context)
    # `exit` makes a login shell read its logout file at last: the line before that is what counts, where another context shows it.
    farewells = [key for key in found if key[0].endswith(_LOGOUT_FILES)]
    others = [key for key in found if key not in farewells and key[2] == "exits"]
    for key in farewells if others else ():
        found[others[0]] += found.pop(key)
    lost = severity(snapshot) if nowhere(snapshot) and go_directories(snapshot) else ""
    for contexts in found.values():
        if contexts[0].stopped_at is not None:
            yield _finding(contexts[0].stopped_at, contexts, _cut_off(snapshot, contexts[0].stopped_at, contexts), lost)


def _cut_off(snapshot: Snapshot, where: Location, contexts: list[Context]) -> Addition | None:
    """The line behind an `exec` of another shell that would have put go on PATH, where that shell does not find it by itself."""
    if contexts[0].reason != "exec" or any(first_go(c) is not None for c in contexts):
        return None
    if any(c.kind == "terminal" and c.shell and c.shell in where.text and first_go(c) for c in snapshot.contexts):
        return None
    lines = (a for a in additions(snapshot) if a.file.path == where.path and a.line.location.line > where.line)
    return next(lines, None)


def _finding(where: Location, contexts: list[Context], cut_off: Addition | None, lost: str) -> Finding:
    names = tuple(c.name for c in contexts)
    reason = contexts[0].reason
    how_bad = _SEVERITIES.get(reason, "warning" if cut_off else "note")
    if reason == "exits" and lost:
        how_bad = lost  # what would be an error without this finding stays one
    if how_bad == "error" and not any(c.kind in ("login", "ssh-login", "terminal") for c in contexts):
        how_bad = "warning"
    return Finding(
        rule=RULE,
        subject=where.path,
        message=_message(reason, where, names, cut_off),
        locations=(where, cut_off.line.location) if cut_off else (where,),
        evidence=(f"sed -n {where.line}p {quote(where.path)}",) if where.line else (),
        contexts=names,
        severity=how_bad,
        confidence="medium" if reason in ("exits", "exec", "reads-input", "") else "high",
        # A shell that is replaced on purpose is no reason for anything.
        explains=(*(Explains(rule) for rule in ("GS101", "GS102", "GS107", "GS127")), Explains("GS124", where.path))
        if how_bad != "note"
        else (),
        advice=_advice(reason),
    )


def _message(reason: str, where: Location, names: tuple[str, ...], cut_off: Addition | None) -> Text:
    values = {"file": where.path, "command": where.text.strip()[:120] or "?", "contexts": ", ".join(names)}
    if cut_off is not None:
        return Text(
            "{file} replaces the shell at `{command}` in {contexts}, and line {line}, which adds {directory} to PATH, is never reached",
            line=str(cut_off.line.location.line),
            directory=cut_off.directory,
            **values,
        )
    if reason == "hangs":
        return Text("{file} hangs at `{command}` in {contexts}", **values)
    if reason == "recursion":
        return Text("{file} reads itself again and again by `{command}` in {contexts}", **values)
    if reason == "reads-input":
        return Text("{file} waits for input at `{command}` in {contexts}", **values)
    if reason == "exec":
        return Text(
            "{file} replaces the shell at `{command}` in {contexts}: that program decides what is found", **values
        )
    return Text("{file} ends the shell at `{command}` in {contexts}", **values)


def _advice(reason: str) -> Text:
    if reason == "exec":
        return Text(
            "This is in order if it is meant. PATH must then be set above this line, or in a file of the other shell."
        )
    if reason == "exits":
        return Text(
            "A start-up file is read by the shell itself: `exit` in it ends the session. `return` leaves only the file. The start was tried without a terminal."
        )
    if reason == "reads-input":
        return Text(
            "Ask only in a shell that has a terminal and a person in front of it: `[ -t 0 ] && case $- in *i*) ... esac`."
        )
    return Text(
        "Look at this line first: whatever stands behind it in the file was not judged, and PATH may be set there."
    )
