"""One cause first: of what a search path fault brings along, only its cause keeps its severity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gosteward.judgement import judge
from gosteward.recording import decode_snapshot
from gosteward.rules import all_checks

CASES = Path(__file__).parents[1] / "rules"
# A recorded case, and what must stand at the root of everything that all rules say about it.
ROOTS = {
    "go-on-no-path/fires_no_line_anywhere": {"GS101": "error"},
    "carriage-return/fires_profile": {"GS112": "error"},
    "literal-tilde/fires_within_quotes": {"GS110": "warning", "GS102": "warning"},
    "literal-tilde/fires_go_itself_is_behind_it": {"GS110": "error"},
    "unexpanded-variable/fires_etc_environment": {"GS113": "error"},
    "path-reset/fires_profile_of_the_distribution": {"GS114": "error"},
    "path-reset/fires_bashrc": {"GS114": "error", "GS102": "warning"},
    "profile-hidden/fires_bash_profile": {"GS108": "error"},
    "unreadable-startup-file/fires_bash_profile_that_blocks_profile": {"GS109": "error"},
    "file-not-read-by-shell/fires_zsh_user_with_bashrc": {"GS107": "error"},
    "line-behind-early-return/fires_debian_bashrc": {"GS106": "warning", "GS118": "warning"},
    "missing-directory/fires_colon_forgotten": {"GS116": "error"},
    "foreign-shell-syntax/fires_blanks_around_equals": {"GS125": "error"},
    "foreign-shell-syntax/fires_fish_takes_path_apart": {"GS125": "error"},
    "unset-variable-in-path/fires_goroot": {"GS134": "error"},
    "path-unset/fires_unset": {"GS131": "error"},
    "startup-file-is-no-file/fires_fifo": {"GS130": "error"},
    "windows-go-first/fires_no_linux_go": {"GS121": "error"},
    "startup-stopped/fires_other_shell_as_a_note": {"GS123": "note", "GS101": "warning"},
}


def roots(case: str) -> dict[str, str]:
    snapshot = decode_snapshot(json.loads((CASES / f"{case}.json").read_text())["snapshot"])
    return {j.finding.rule.id: j.severity for j in judge(snapshot, all_checks()).findings if not j.explained_by}


@pytest.mark.parametrize("case", ROOTS)
def test_one_fault_is_one_root(case: str) -> None:
    found = roots(case)
    expected = ROOTS[case]
    if "GS101" not in expected:
        assert "GS101" not in found, "its cause is known"
    assert {rule: found[rule] for rule in expected} == expected
    assert {r for r, s in found.items() if s == "error"} == {r for r, s in expected.items() if s == "error"}


@pytest.mark.parametrize(
    "case",
    [
        "path-reset/quiet_debian_profile_without_loss",  # the official archive with its line in /etc/profile.d
        "gobin-not-on-path/quiet_some_session_has_it",  # a Go of the user's own in ~/sdk
        "go-missing-in-context/quiet_links",
        "go-missing-in-context/quiet_zshenv",
        "slow-startup-file/fires_sleep",
    ],
)
def test_a_healthy_search_path_has_no_error(case: str) -> None:
    assert "error" not in roots(case).values()
