"""GS516: Go's settings file has lines that go passes over without a word, or values with a carriage return in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.actions import LINE_SHOWN, EditLines, LineEdit, UnixLineEnds
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import masked
from gosteward.knowledge import go_variables
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS516",
    slug="goenv-malformed",
    title="lines of Go's settings file have no effect",
    severity="warning",
    needs=("go_settings",),
    symptoms=("go env does not show what ~/.config/go/env says", "invalid newline in GOPROXY=... value"),
)
_MOST_LINES = 10
_MEANT = re.compile(
    r"""\s*(?:export\s+|go\s+env\s+-w\s+)?(?P<name>[A-Z][A-Z0-9_]*)\s*=\s*(?P<quote>["']?)(?P<value>[^"'#]*?)(?P=quote)\s*"""
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    files: dict[str, list[Setting]] = {}
    for setting in snapshot.go_settings:
        if setting.origin == "goenv-file" and setting.location is not None and setting.problem != "unreadable":
            files.setdefault(setting.location.path, []).append(setting)
    for path, settings in files.items():
        ended = tuple(s for s in settings if s.value.endswith("\r"))
        passed_over = tuple(s for s in settings if s.problem == "no-setting")
        unknown = tuple(s for s in settings if not s.known and not s.problem)
        if ended:
            yield _finding(path, ended, _carriage_returns(path, ended), (UnixLineEnds(path),), carriage_returns=True)
        elif passed_over:
            yield _finding(path, passed_over, _passed_over(path, passed_over), _actions(path, settings))
        elif unknown:
            yield _finding(path, unknown, _unknown(path, unknown), _actions(path, settings))


def _finding(
    path: str,
    settings: tuple[Setting, ...],
    message: Text,
    actions: tuple[Action, ...],
    *,
    carriage_returns: bool = False,
) -> Finding:
    locations = tuple(s.location for s in settings[:_MOST_LINES] if s.location is not None)
    return Finding(
        rule=RULE,
        subject=path,
        message=message,
        locations=locations or (Location(path),),
        evidence=tuple(f"{where.line}: {masked(where.text.rstrip())}" for where in locations[:3]),
        # A value that ends in a carriage return names no proxy and no directory.
        severity="error" if carriage_returns else "",
        explains=_consequences(settings) if carriage_returns else (),
        risk="manual" if not actions else "safe" if carriage_returns else "confirm",
        actions=actions,
        advice=Text(
            "The file holds NAME=value lines alone, without export, quotes, spaces around `=` and comments behind a value. `go env -w NAME=value` writes them."
        ),
    )


def _consequences(settings: tuple[Setting, ...]) -> tuple[Explains, ...]:
    """What is wrong with these values besides, at their lines, and what comes of it elsewhere."""
    places = tuple(f"{s.location.path}:{s.location.line}" for s in settings if s.location is not None)
    of_values = ("GS513", "GS512", "GS511", "GS515", "GS509", "GS508", "GS507", "GS505", "GS501", "GS520")
    return (
        *(Explains(rule, place) for place in places for rule in of_values),
        *(Explains(rule) for rule in ("GS506", "GS601", "GS314")),
    )


def _actions(path: str, settings: list[Setting]) -> tuple[Action, ...]:
    """Lines of which go takes nothing, written as it takes them; a name that another line sets is left alone."""
    taken = {s.name for s in settings if s.known and not s.problem}
    edits = []
    for setting in settings:
        where = setting.location
        match = _MEANT.fullmatch(where.text) if where is not None and (setting.problem or not setting.known) else None
        if match is None or where is None or len(where.text) >= LINE_SHOWN or match["name"] in (*taken, "GOROOT"):
            continue
        if go_variables.known(match["name"], environment=False) and match["value"]:
            taken.add(match["name"])
            edits.append(LineEdit(where.line, where.text, (f"{match['name']}={match['value']}",)))
    return (EditLines(path, tuple(edits)),) if edits else ()


def _carriage_returns(path: str, settings: tuple[Setting, ...]) -> Text:
    return Text(
        "{path} has line ends of Windows: the value of {names} ends in a carriage return",
        path=path,
        names=", ".join(s.name for s in settings[:4]),
    )


def _passed_over(path: str, settings: tuple[Setting, ...]) -> Text:
    where = settings[0].location
    return Text(
        "{path}:{line} is not a NAME=value line, so go passes over it: {text}",
        path=path,
        line=str(where.line if where else 0),
        text=masked((where.text if where else "").strip()[:80]),
    )


def _unknown(path: str, settings: tuple[Setting, ...]) -> Text:
    return Text(
        "{path} sets {names}, which go does not look for in this file",
        path=path,
        names=", ".join(s.name for s in settings[:4]),
    )
