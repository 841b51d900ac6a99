"""Lines that limit something, with another number and nothing else changed."""

from __future__ import annotations

import pytest

from gosteward.reasoning.limit_lines import limits_for, raised
from gosteward.snapshot import Context, Location, Snapshot, StartupFile, StartupLine


def after(text: str) -> str:
    """The new line; "" where there is none."""
    actions = raised(Snapshot(), Location("/etc/some", 4, text), "4194304")
    return actions[0].edits[0].after[0] if actions else ""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("dev hard as 200000", "dev hard as 4194304"),
        ("  @grid\t-\tas   200000   # jobs of 200000", "  @grid\t-\tas   4194304   # jobs of 200000"),
        ("ulimit -v 200000", "ulimit -v 4194304"),
        (
            "[ $UID = 0 ] || ulimit -H -v 200000 2>/dev/null # 200000",
            "[ $UID = 0 ] || ulimit -H -v 4194304 2>/dev/null # 200000",
        ),
        ("if true; then ulimit -Sv 200000; fi", "if true; then ulimit -Sv 4194304; fi"),
    ],
)
def test_only_the_number_changes(line: str, wanted: str) -> None:
    assert after(line) == wanted


@pytest.mark.parametrize(
    "line",
    ["", "ulimit -v $LIMIT", "ulimit -v 1; ulimit -n 2", "dev hard as unlimited", "ulimit -v 200000k", "x" * 400],
)
def test_other_forms_are_left_to_a_person(line: str) -> None:
    assert after(line) == ""


@pytest.mark.parametrize(
    ("value", "soft"), [("200000", 200000 * 1024), ("unlimited", None), ("\u00b2", None), ("9" * 5000, None)]
)
def test_only_plain_numbers_are_limits(value: str, soft: int | None) -> None:
    line = StartupLine("limit", "as", Location("/home/dev/.bashrc", 1), value)
    file = StartupFile("/home/dev/.bashrc", contexts=("bash",), lines=(line,))
    snapshot = Snapshot(contexts=(Context("bash", "terminal"),), startup_files=(file,))
    assert [limit.soft for limit in limits_for(snapshot)] == ([soft] if soft is not None else [])
