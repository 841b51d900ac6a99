from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy_conformance import cmdgo
from proxy_conformance.run import SELECTION, Outcome

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = f"""var (
{cmdgo.ANCHOR})
const (
\ttestSumDBName        = "log.example/sumdb"
\ttestSumDBVerifierKey = "log.example/sumdb+0c55+AcTrnk"
)
"""


def test_the_proxy_under_test_is_chosen_right_after_the_test_proxy_is() -> None:
    changed = cmdgo.with_insertion(SOURCE)
    assert changed.count("\n") == SOURCE.count("\n") + 3
    assert changed.index("PROXY_UNDER_TEST") > changed.index("*proxyAddr")


@pytest.mark.parametrize("times", [0, 2])
def test_a_go_whose_test_proxy_starts_otherwise_is_refused(times: int) -> None:
    with pytest.raises(cmdgo.HarnessError, match=f"{times} times, not once"):
        cmdgo.with_insertion(cmdgo.ANCHOR * times)


def test_the_key_of_the_database_is_read_from_the_sources() -> None:
    assert cmdgo.database_of(SOURCE) == ("log.example/sumdb", "log.example/sumdb+0c55+AcTrnk")
    with pytest.raises(cmdgo.HarnessError, match="no constant testSumDBName"):
        cmdgo.database_of("")


def test_a_goroot_without_the_tests_of_the_go_command_is_refused(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("go1.26.8\n")
    with pytest.raises(cmdgo.HarnessError, match="it has no bin/go"):
        cmdgo.goroot_at(tmp_path)


def test_results_are_read_from_what_go_test_prints() -> None:
    printed = "--- FAIL: TestScript (1.20s)\n    --- PASS: TestScript/mod_case (0.31s)\n        script_test.go:139: x\n    --- SKIP: TestScript/mod_x (0.00s)\n"
    assert cmdgo.parsed(printed) == {"mod_case": "PASS", "mod_x": "SKIP"}


def test_worse_is_what_passes_without_only() -> None:
    without = {"a": "PASS", "b": "PASS", "c": "FAIL", "d": "SKIP", "e": "PASS"}
    through = {"a": "PASS", "b": "FAIL", "c": "FAIL", "d": "FAIL", "e": "SKIP"}
    assert Outcome(without, through, 1).worse == ("b", "e")


def test_the_selection_names_each_script_once() -> None:
    names = [line.partition("#")[0].strip() for line in SELECTION.read_text().splitlines()]
    names = [name for name in names if name]
    assert len(names) == len(set(names)) > 100
