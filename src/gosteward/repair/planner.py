"""From findings to one plan: what `--fix` does, in which steps, and what it leaves for later. Pure.

Repairs that touch the same path become one step, which is asked for, done and taken back as a whole. Two that contradict each other are
not mixed: the one that comes later waits until the host was looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import FIRST, LAST, EditLines, InstallRelease, LineEdit, MoveAside, UnixLineEnds
from gosteward.finding import SEVERITIES
from gosteward.judgement import repairable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.actions import Action
    from gosteward.finding import Finding, Judged


class Step(NamedTuple):
    """Actions that belong together.

    Attributes:
        because: fingerprints of the findings that they repair.   rules: their ids.   risk: "safe", or "confirm" if one of them is.
    """

    actions: tuple[Action, ...]
    because: tuple[str, ...]
    rules: tuple[str, ...]
    risk: str


def plan(findings: Iterable[Judged]) -> tuple[Step, ...]:
    """The steps for all repairable findings; the same for every order in which they come."""
    chosen = sorted(
        (j for j in findings if repairable(j)),
        key=lambda j: (SEVERITIES.index(j.severity), j.finding.rule.id, j.finding.subject),
    )
    steps: list[Step] = []
    for judged in chosen:
        _add(steps, judged.finding)
    return tuple(steps)


def _add(steps: list[Step], found: Finding) -> None:
    new = Step(found.actions, (found.fingerprint,), (found.rule.id,), found.risk)
    touched = [step for step in steps if _meet(step.actions, new.actions)]
    whole = Step((), (), (), "safe")
    for step in (*touched, new):
        joined = _with(whole, step)
        if joined is None:
            return  # waits: another repair of the same place comes first
        whole = joined
    place = steps.index(touched[0]) if touched else len(steps)
    steps[:] = [step for step in steps if step not in touched]
    steps.insert(place, whole)


def _with(step: Step, other: Step) -> Step | None:
    actions = _joined(step.actions, other.actions)
    if actions is None:
        return None
    return Step(
        actions=actions,
        because=(*step.because, *other.because),
        rules=tuple(dict.fromkeys((*step.rules, *other.rules))),
        risk="confirm" if "confirm" in (step.risk, other.risk) else "safe",
    )


def _meet(some: tuple[Action, ...], others: tuple[Action, ...]) -> bool:
    return any(_near(one.path, other.path, one, other) for one in some for other in others)


def _near(path: str, other_path: str, one: Action, other: Action) -> bool:
    if path == other_path:
        return True
    # What lies below a tree that is moved is another thing afterwards.
    moving = (MoveAside, InstallRelease)
    below = path.startswith(f"{other_path}/") and isinstance(other, moving)
    above = other_path.startswith(f"{path}/") and isinstance(one, moving)
    return (below or above) and bool(path and other_path)


def _joined(some: tuple[Action, ...], others: tuple[Action, ...]) -> tuple[Action, ...] | None:
    """Both in one; None if they contradict each other."""
    joined = list(some)
    for other in others:
        if other in joined:
            continue
        at = next((i for i, one in enumerate(joined) if isinstance(one, EditLines) and one.path == other.path), -1)
        if isinstance(other, EditLines) and at >= 0:
            edits = _joined_edits(joined[at].edits, other.edits)  # type: ignore[union-attr]
            if edits is None:
                return None
            joined[at] = EditLines(other.path, edits)
        elif isinstance(other, UnixLineEnds) and at >= 0:
            joined.insert(at, other)
        elif _contradicts(other, some):
            return None
        else:
            joined.append(other)
    return tuple(joined)


def _contradicts(action: Action, others: tuple[Action, ...]) -> bool:
    line_kinds = (EditLines, UnixLineEnds)
    return any(
        _near(action.path, other.path, action, other)
        and not (isinstance(action, line_kinds) and isinstance(other, line_kinds))
        for other in others
    )


def _joined_edits(some: tuple[LineEdit, ...], others: tuple[LineEdit, ...]) -> tuple[LineEdit, ...] | None:
    joined = list(some)
    for other in others:
        if other in joined:
            continue
        if other.line not in (FIRST, LAST) and any(one.line == other.line for one in joined):
            return None
        joined.append(other)
    # Insertions keep the order in which they came; lines are in the order of the file.
    return tuple(sorted(joined, key=lambda edit: (edit.line == LAST, edit.line)))
