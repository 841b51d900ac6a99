"""Heads of Go source files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import gosource
from growth import grows_linearly

CGO = """// Copyright

//go:build linux && (amd64 || arm64)

// Package greet greets.
package greet

import (
	"fmt"
	other "example.com/other" // named
	_ `embed`
)

/*
#cgo linux pkg-config: --static greet >= 1.0 second<2
#cgo windows pkg-config: wingreet
#include <greet.h>
# include <sys/types.h>
*/
import "C"

import "late"

const notAnImport = "import \\"x\\""
"""
LINUX = gosource.machine_tags("amd64", 19)


def test_imports_stop_at_the_first_declaration() -> None:
    head = gosource.header(CGO)
    assert head.package == "greet"
    assert head.imports == (("fmt", 9), ("example.com/other", 10), ("embed", 11), ("C", 20), ("late", 22))
    assert head.constraint == "linux && (amd64 || arm64)"


def test_cgo_preamble_names_packages_of_this_system_and_headers() -> None:
    head = gosource.header(CGO)
    assert head.cgo_line == 20
    assert gosource.pkg_config_names(head.preamble, LINUX) == ("greet", "second")
    assert gosource.included_headers(head.preamble) == ("greet.h", "sys/types.h")


def test_comment_above_a_blank_line_is_no_preamble() -> None:
    assert gosource.header('package a\n\n// #cgo pkg-config: x\n\nimport "C"\n').preamble == ""
    assert "pkg-config" in gosource.header('package a\n\n// #cgo pkg-config: x\nimport "C"\n').preamble


@pytest.mark.parametrize(
    ("constraint", "built"),
    [
        ("", True), ("linux", True), ("!linux", False), ("windows || amd64", True), ("linux && !cgo", False), ("go1.18", True), ("!go1.21", True),
        ("go1.21", False), ("ignore", False), ("!(linux && amd64)", False), ("unix", True), ("linux &&", False), ("((linux)", False),
        ("!" * 39 + "linux", False), ("(" * 5000, False),
    ],
)  # fmt: skip
def test_build_constraints(constraint: str, built: bool) -> None:
    assert gosource.holds(constraint, LINUX) is built


def test_old_constraints_count_where_there_is_no_new_one() -> None:
    head = gosource.header("// +build linux,!cgo darwin\n// +build amd64\n\npackage a\n")
    assert not gosource.holds(head.constraint, LINUX)
    assert gosource.holds(gosource.header("// +build linux darwin\n\npackage a\n").constraint, LINUX)


@pytest.mark.parametrize(
    ("name", "fits"),
    [("a.go", True), ("a_test.go", False), ("a_windows.go", False), ("a_linux_amd64.go", True), ("a_linux_arm64.go", False), ("linux.go", True), ("a_arm64.go", False),
     ("_a.go", False), (".a.go", False), ("a.txt", False), ("a_windows.pb.go", False), ("a_unix.go", True)],
)  # fmt: skip
def test_file_names(name: str, fits: bool) -> None:
    assert gosource.name_fits(name, LINUX) is fits


PIECES = st.sampled_from(["package a\n", "import ", "(", ")", '"x"', '"', "`", "/*", "*/", "//", "\n", "\n\n", "\\", "C", "#cgo ", "pkg-config: ", ";", "\udcff", "//go:build a"])  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=200))
def test_imports_stand_in_their_lines_and_preambles_in_the_text(text: str) -> None:
    head = gosource.header(text)
    lines = text.split("\n")
    for path, line in head.imports:
        assert all(part in "\n".join(lines[line - 1 :]) for part in path.split("\n"))
    assert [line for _, line in head.imports] == sorted(line for _, line in head.imports)
    assert all(comment in text for comment in head.preamble.split("\n"))
    assert all(name in head.preamble for name in gosource.pkg_config_names(head.preamble, LINUX))
    assert set(gosource.needed_headers(text)) <= set(gosource.included_headers(text))


@given(st.text(alphabet="!&|() linuxgo1.2\u00b2", max_size=60))
def test_a_constraint_that_holds_does_not_hold_when_it_is_negated(text: str) -> None:
    assert not (gosource.holds(text, LINUX) and gosource.holds(f"!({text})", LINUX)) or not text.strip()


@given(st.text(alphabet="a_linuxwdos.t", max_size=30))
def test_tests_and_files_of_other_languages_are_never_built(name: str) -> None:
    assert not gosource.name_fits(f"{name}_test.go", LINUX)
    assert not gosource.name_fits(f"{name}.c", LINUX)


@pytest.mark.parametrize(
    "piece",
    [
        "/*",
        '"\\',
        "`",
        "//x\n",
        "#cgo a ",
        "#cgo pkg-config: ",
        '"x"\n',
        "# include <",
        "import\n",
        "#cgo \t ",
        " ",
        "#cgo pkg-config: a <",
        "//go:build (",
        "+build a",
    ],
)
def test_time_is_linear_in_the_length(piece: str) -> None:
    def read(size: int) -> None:
        text = "package a\nimport (\n#cgo" + piece * (size // len(piece))
        head = gosource.header(text)
        gosource.pkg_config_names(text, LINUX)
        gosource.included_headers(head.preamble)

    assert grows_linearly(read, 65_536)
