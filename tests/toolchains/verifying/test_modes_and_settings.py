"""Permissions, which no h1 shows, are judged by themselves; so is go.env, which distributions and administrators change."""

from __future__ import annotations

import pytest

from toolchains.goroot_copies import TOOLS
from toolchains.verifying.logged_tree import Case, put, statuses, wrong


@pytest.mark.parametrize(
    ("name", "mode", "what"),
    [
        ("bin/gofmt", 0o644, "not executable"),
        (f"{TOOLS}/asm", 0o744, "not executable"),
        ("src/make.bash", 0o644, "not executable"),
        ("lib/wasm/go_js_wasm_exec", 0o644, "not executable"),
        ("src/fmt/print.go", 0o666, "writable by anybody"),
        ("bin/gofmt", 0o4755, "set-user-ID or set-group-ID"),
    ],
)
def test_what_no_h1_shows_is_seen_in_the_modes(case: Case, name: str, mode: int, what: str) -> None:
    (case.tree / name).chmod(mode)
    found = case.judge()
    assert (wrong(found, "modes"), statuses(found)["files"]) == (((name, what),), "ok")


def test_closed_trees_of_a_group_have_good_modes(case: Case) -> None:
    for path in case.tree.rglob("*"):
        path.chmod(path.stat().st_mode & 0o770)
    assert case.judge().exit_code == 0


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (("GOTOOLCHAIN=auto", "GOTOOLCHAIN=local"), ("GOTOOLCHAIN=local",)),
        (("# More\nGOTOOLCHAIN=auto", "# Ours\nGOTOOLCHAIN=local"), ("GOTOOLCHAIN=local",)),
        (("GOPROXY=", "GOPROXY=https://user:secret@proxy.corp.example,"), None),
    ],
)
def test_a_go_env_of_a_distribution_is_told_and_forgiven(
    case: Case, after: tuple[str, str], lines: tuple[str, ...] | None
) -> None:
    case.zipped()
    put(case.tree / "go.env", (case.tree / "go.env").read_text().replace(*after))
    found = case.judge()
    assert (statuses(found)["go.env"], statuses(found)["files"], found.exit_code) == ("note", "ok", 0)
    check = found.check("go.env")
    assert check is not None
    assert lines in (None, check.lines)
    assert "secret" not in str(check)


@pytest.mark.parametrize(
    "line", ["GOFLAGS=-toolexec=/tmp/x", "GOSUMDB=off", "GONOSUMDB=*", "GOINSECURE=*", "CC=/tmp/cc"]
)
def test_a_go_env_that_does_more_is_a_fault(case: Case, line: str) -> None:
    with (case.tree / "go.env").open("a") as file:
        file.write(f"{line}\n")
    found = case.judge()
    assert (statuses(found)["go.env"], statuses(found)["files"], found.exit_code) == ("failed", "ok", 1)
    assert line in found.check("go.env").lines  # type: ignore[union-attr]
