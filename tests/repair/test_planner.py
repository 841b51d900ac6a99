"""One plan from many findings: what is taken on, what is merged, what waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.actions import (
    LAST,
    Action,
    EditLines,
    LineEdit,
    MoveAside,
    ReplaceLink,
    SetMode,
    UnixLineEnds,
)
from gosteward.finding import Finding, Judged, Rule, Text
from gosteward.repair.planner import plan


def judged(
    number: int,
    *actions: Action,
    severity: str = "error",
    risk: str = "safe",
    confidence: str = "high",
    explained_by: str = "",
) -> Judged:
    rule = Rule(f"GS{number}", f"rule-{number}", "a fault", severity, ())
    finding = Finding(rule, f"subject {number}", Text("it is so"), risk=risk, confidence=confidence, actions=actions)
    return Judged(finding, severity, explained_by=explained_by)


LINK = ReplaceLink("/usr/local/bin/go", "/usr/local/go/bin/go")


def edit(line: int, before: str, *after: str, path: str = "/home/dev/.profile") -> EditLines:
    return EditLines(path, (LineEdit(line, before, after),))


def test_repairs_errors_and_certain_warnings_that_nothing_else_explains() -> None:
    taken = (
        judged(100, SetMode("/a", 0o644, 0o755)),
        judged(101, SetMode("/b", 0o644, 0o755), severity="warning"),
    )
    left = (
        judged(102, SetMode("/c", 0o644, 0o755), severity="warning", confidence="medium"),
        judged(103, SetMode("/d", 0o644, 0o755), severity="note"),
        judged(104, SetMode("/e", 0o644, 0o755), risk="manual"),
        judged(105, SetMode("/f", 0o644, 0o755), explained_by=taken[0].finding.fingerprint),
        judged(106),
    )
    assert [step.rules for step in plan((*left, *taken))] == [("GS100",), ("GS101",)]


def test_the_same_repair_of_several_findings_is_one_step_and_done_once() -> None:
    (step,) = plan((judged(101, LINK), judged(104, LINK, risk="confirm")))
    assert step.actions == (LINK,)
    assert step.rules == ("GS101", "GS104")
    assert step.risk == "confirm"


def test_edits_of_one_file_become_one_action_in_the_order_of_its_lines() -> None:
    found = (
        judged(101, edit(LAST, "", "last")),
        judged(102, edit(28, "b", "B")),
        judged(103, UnixLineEnds("/home/dev/.profile")),
        judged(104, edit(3, "a")),
    )
    (step,) = plan(found)
    assert step.actions == (
        UnixLineEnds("/home/dev/.profile"),
        EditLines("/home/dev/.profile", (LineEdit(3, "a"), LineEdit(28, "b", ("B",)), LineEdit(LAST, "", ("last",)))),
    )


def test_of_two_answers_for_one_line_the_second_waits() -> None:
    (step,) = plan((judged(101, edit(28, "a", "b")), judged(102, edit(28, "a", "c"))))
    assert step.rules == ("GS101",)


def test_what_lies_below_a_tree_that_is_moved_waits() -> None:
    steps = plan((judged(101, MoveAside("/usr/local/go")), judged(102, SetMode("/usr/local/go/bin/go", 0o644, 0o755))))
    assert [step.rules for step in steps] == [("GS101",)]


def test_a_finding_that_joins_two_steps_makes_them_one() -> None:
    (step,) = plan(
        (
            judged(101, SetMode("/a", 0, 1)),
            judged(102, SetMode("/b", 0, 1)),
            judged(103, SetMode("/a", 0, 1), SetMode("/b", 0, 1)),
        )
    )
    assert step.rules == ("GS101", "GS102", "GS103")
    assert step.actions == (SetMode("/a", 0, 1), SetMode("/b", 0, 1))


paths = st.sampled_from(("/etc/a", "/etc/b", "/usr/local/go", "/usr/local/go/bin/go"))
edits = st.builds(LineEdit, st.integers(-1, 3), st.just("x"), st.sampled_from(((), ("y",), ("z",))))
actions = st.one_of(
    st.builds(EditLines, paths, st.tuples(edits)),
    st.builds(UnixLineEnds, paths),
    st.builds(MoveAside, paths),
    st.builds(SetMode, paths, st.just(0o644), st.sampled_from((0o755, 0o700))),
)
findings = st.lists(st.lists(actions, min_size=1, max_size=3), max_size=6)


@given(findings, st.randoms())
def test_the_plan_is_the_same_in_whatever_order_findings_come(found: list[list[Action]], chance: object) -> None:
    all_of_them = [judged(100 + number, *acts) for number, acts in enumerate(found)]
    shuffled = list(all_of_them)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan(shuffled) == plan(all_of_them)


@given(findings)
def test_no_two_steps_touch_one_path_and_no_line_has_two_answers(found: list[list[Action]]) -> None:
    steps = plan(judged(100 + number, *acts) for number, acts in enumerate(found))
    touched = [{action.path for action in step.actions} for step in steps]
    assert sum(map(len, touched)) == len(set().union(*touched)) if touched else True
    for step in steps:
        lines = [(a.path, e.line) for a in step.actions if isinstance(a, EditLines) for e in a.edits if e.line > 0]
        assert len(lines) == len(set(lines))
