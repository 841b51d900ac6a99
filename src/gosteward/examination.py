"""The one flow: a host (this one, an unpacked root, or a recorded snapshot) becomes facts, facts become findings, findings a report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward import __version__
from gosteward.errors import UsageError
from gosteward.judgement import judge
from gosteward.report import Report
from gosteward.rules import all_checks

if TYPE_CHECKING:
    from gosteward.judgement import Check
    from gosteward.snapshot import Snapshot


class Request(NamedTuple):
    """What to examine.

    Attributes:
        root: directory with an unpacked root file system, "" for this host.   recording: file with a recorded snapshot, "" for none.
        user: name or uid, "" for who calls (the invoking user under sudo).
        project: directory whose module is judged, "" for the current one.
        contexts: names; () for all.   only: ids or slugs of rules; () for all.   fail_on: see `Report`.
        offline: ask no server.   deadline: seconds for everything that may hang.
    """

    root: str = ""
    recording: str = ""
    user: str = ""
    project: str = ""
    contexts: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    fail_on: str = "error"
    offline: bool = False
    deadline: float = 20.0


def examine(request: Request) -> Report:
    """Collect the facts and judge them.

    Raises:
        UsageError: an unknown user, context, rule, directory or file.   DecodeError: the recording is none.
    """
    begun = time.monotonic()
    checks = selected(request.only)
    snapshot, steps = snapshot_of(request)
    collected = time.monotonic()
    judgement = judge(snapshot, checks)
    ended = time.monotonic()
    return Report(
        snapshot=snapshot,
        judgement=judgement,
        fail_on=request.fail_on,
        seconds=(*steps, ("rules", ended - collected), ("total", ended - begun)),
        version=__version__,
    )


def snapshot_of(request: Request) -> tuple[Snapshot, tuple[tuple[str, float], ...]]:
    """The facts that a request asks for, and (name, seconds) of each probe. Raises as `examine` does."""
    if request.recording:
        from gosteward.recording import read_snapshot

        return read_snapshot(request.recording), ()
    from gosteward.probes.collection import collect

    return collect(
        root=request.root,
        user_name=request.user,
        project=request.project,
        only=request.contexts,
        offline=request.offline,
        deadline=request.deadline,
    )


def selected(only: tuple[str, ...]) -> tuple[Check, ...]:
    """The rules with these ids or slugs; all of them for none.

    Raises:
        UsageError: one of the names is no rule.
    """
    checks = all_checks()
    if not only:
        return checks
    known = {name: check for check in checks for name in (check.rule.id, check.rule.slug)}
    for name in only:
        if name not in known and name.upper() not in known:
            raise UsageError("there is no such rule", subject=name, hint="`gosteward explain --list` shows all of them")
    return tuple(dict.fromkeys(known.get(name) or known[name.upper()] for name in only))
