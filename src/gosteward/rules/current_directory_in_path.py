"""GS115: PATH has an empty or relative entry, so programs of whatever directory one stands in are found, and go refuses them."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.obstacles import claims, severity_of
from gosteward.reasoning.path_text import defect
from gosteward.reasoning.reach import WANTED, holding_go, line_behind, plain
from gosteward.reasoning.remedies import reload_commands, replaced_line, risk
from gosteward.reasoning.viewpoint import first_go, own_contexts, variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Location, Snapshot

RULE = Rule(
    id="GS115",
    slug="current-directory-in-path",
    title="PATH has an entry that means the current directory",
    severity="warning",
    needs=("contexts",),
    symptoms=("cannot run executable found relative to current directory",),
)
_BEFORE = re.compile(r"\$(?:\{(\w{1,99})\}|(\w{1,99})):")
_BEHIND = re.compile(r":\$(?:\{(\w{1,99})\}|(\w{1,99}))(?=[\"'\s;:]|$)")


class _Entry(NamedTuple):
    text: str
    position: int
    location: Location
    contexts: tuple[str, ...]
    context: Context


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for entry in _entries(snapshot):
        yield _finding(snapshot, entry)


def _entries(snapshot: Snapshot) -> tuple[_Entry, ...]:
    found: dict[tuple[str, int, str], _Entry] = {}
    for context in own_contexts(snapshot):
        # What a shell without PATH falls back to, GS131 tells; a job's PATH is another administrator's business.
        if context.path_unset or (context.command and not context.uses_go):
            continue
        for position, entry in enumerate(context.search_path, 1):
            where = line_behind(snapshot, context, entry) if defect(entry.directory) == "relative" else None
            if where is None:
                continue
            key = (where.path, where.line, entry.directory)
            old = found.get(key)
            names = (*old.contexts, context.name) if old else (context.name,)
            first = old or _Entry(entry.directory, position, where, (), context)
            found[key] = first._replace(contexts=tuple(dict.fromkeys(names)))
    return tuple(found.values())


def _finding(snapshot: Snapshot, entry: _Entry) -> Finding:
    line = entry.location
    new = _without(entry)
    # A change of sudoers is checked by visudo first.
    actions = replaced_line(snapshot, line, new) if new and not line.path.startswith("/etc/sudoers") else ()
    hit = _lacking(snapshot, entry)
    return Finding(
        rule=RULE,
        subject=f"{line.path}:{entry.text or 'empty'}",
        message=_message(entry),
        locations=(line,),
        evidence=(f"sed -n {line.line}p {quote(line.path)}",) if line.line else (),
        contexts=entry.contexts,
        severity=severity_of(snapshot, hit) if hit else "",
        explains=(*claims(snapshot, hit), Explains("GS116", entry.text)) if hit else (),
        risk=risk(actions),
        actions=actions,
        commands=reload_commands(snapshot, line.path) if actions else (),
        advice=Text(
            "Go starts no program that it found by way of the current directory, and a file planted there could be run in place of a system command. Take the entry out of the line; never turn it into a dot."
        ),
    )


def _meant(entry: _Entry) -> str:
    """The absolute directory of an entry that a blank in front makes a relative one; "" for others."""
    text = entry.text.strip()
    return text if text != entry.text and text.startswith("/") else ""


def _lacking(snapshot: Snapshot, entry: _Entry) -> tuple[str, ...]:
    """Contexts that find no go because of the blank."""
    if plain(_meant(entry)) not in holding_go(snapshot):
        return ()
    own = own_contexts(snapshot, *WANTED)
    return tuple(c.name for c in own if c.name in entry.contexts and first_go(c) is None)


def _message(entry: _Entry) -> Text:
    if _meant(entry):
        return Text(
            "{file} puts '{entry}' on PATH: the blank in front of {directory} makes it a relative directory, which is not there",
            file=entry.location.path,
            entry=entry.text,
            directory=_meant(entry),
        )
    values = {"file": entry.location.path, "position": str(entry.position)}
    if not entry.text:
        return Text(
            "entry {position} of PATH is empty, which means the current directory; {file} put it there", **values
        )
    return Text(
        "entry {position} of PATH is {entry}, a relative directory; {file} put it there", entry=entry.text, **values
    )


def _without(entry: _Entry) -> str:
    """The line without what makes the entry; "" if that is not plain to see."""
    text = entry.location.text
    if _meant(entry):
        new = text.replace(f":{entry.text}", f":{_meant(entry)}", 1)
        return new if new != text else ""
    if entry.text:
        word = re.escape(entry.text)
        new = re.sub(rf"(?<=[=\"']){word}:|:{word}(?=[:\"'\s;]|$)", "", text, count=1)
        return new if new != text else ""
    for pattern, form in ((_BEFORE, "${{{0}:+${0}:}}"), (_BEHIND, "${{{0}:+:${0}}}")):
        for match in pattern.finditer(text):
            name = match[1] or match[2]
            found = variable(entry.context, name)
            if name != "PATH" and (found is None or not found.value):
                return text[: match.start()] + form.format(name) + text[match.end() :]
    new = re.sub(r"(?<=PATH=):|(?<=PATH=\"):|:(?=\"?\s*(?:;|$))", "", text.replace("::", ":"), count=1)
    return new if new != text else ""
