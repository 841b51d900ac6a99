"""Which release runs: the table follows cmd/go/internal/toolchain/select.go."""

from __future__ import annotations

import pytest

from gosteward.reasoning.toolchain_choice import choice_in, release_for, toolchain_named
from gosteward.snapshot import Binary, Context, Location, PathEntry, Setting, Snapshot, Workspace


def host(running: str, gotoolchain: str) -> tuple[Snapshot, Context]:
    go = Binary("/usr/local/go/bin/go", goroot="/usr/local/go", version=running, origin="official")
    context = Context("bash-login", "login", search_path=(PathEntry("/usr/local/go/bin", go=go),))
    settings = (
        Setting("GOTOOLCHAIN", gotoolchain, "goroot", Location("/usr/local/go/go.env", 9), goroot="/usr/local/go"),
    )
    return Snapshot(contexts=(context,), go_settings=settings if gotoolchain else ()), context


@pytest.mark.parametrize(
    ("running", "gotoolchain", "go_line", "toolchain_line", "release"),
    [
        ("go1.25.4", "auto", "1.21", "", "go1.25.4"),
        ("go1.25.4", "auto", "1.26.8", "", "go1.26.8"),
        ("go1.25.4", "auto", "1.26", "", "go1.26.0"),
        ("go1.25.4", "auto", "1.25", "go1.26.8", "go1.26.8"),
        ("go1.25.4", "auto", "1.25", "default", "go1.25.4"),
        ("go1.25.4", "auto", "1.25", "go1.22.1", "go1.25.4"),
        ("go1.25.4", "path", "1.26.8", "", "go1.26.8"),
        ("go1.25.4", "local", "1.26.8", "go1.26.8", "go1.25.4"),
        ("go1.26.8", "go1.23.5", "1.26.8", "", "go1.23.5"),
        ("go1.26.8", "go1.23.5+auto", "1.21", "", "go1.23.5"),
        ("go1.26.8", "go1.23.5+auto", "1.25.0", "", "go1.25.0"),
        ("go1.26.8", "local+path", "1.27.1", "", "go1.27.1"),
        ("go1.19.8", "auto", "1.22", "", "go1.19.8"),
    ],
)
def test_the_release_is_the_one_that_go_would_select(
    running: str, gotoolchain: str, go_line: str, toolchain_line: str, release: str
) -> None:
    snapshot, context = host(running, gotoolchain)
    choice = choice_in(snapshot, context)
    assert choice is not None
    workspace = Workspace("/src", go_mod="/src/go.mod", go=go_line, toolchain=toolchain_line)
    assert release_for(choice, workspace)[0] == release


@pytest.mark.parametrize("value", ["autom", "go1.23+maybe", "latest", "bash"])
def test_a_value_that_go_refuses_is_no_choice(value: str) -> None:
    assert choice_in(*host("go1.26.8", value)) is None


def test_a_language_version_becomes_the_first_release_of_its_line() -> None:
    assert [toolchain_named(v) for v in ("1.22", "1.22.3", "1.26rc1", "1.20")] == [
        "go1.22.0",
        "go1.22.3",
        "go1.26rc1",
        "go1.20",
    ]
