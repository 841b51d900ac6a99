"""Which release is asked for: as the real go resolves a go.mod, and as a user means a word."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang import toolchain_names
from gosteward.golang.platforms import FIRST_ARCHIVES, Platform
from gosteward.golang.toolchain_names import Wanted, chosen, from_file, wanted
from growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")  # `make test` names the one of the fault lab

AVAILABLE = ("go1.28rc1", "go1.27.4", "go1.27.0", "go1.27rc2", "go1.26.11", "go1.26.8", "go1.21.0", "go1.20.14", "go1.20", "go1.9.2rc2", "go1")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("1.26.8", "go1.26.8"),
        ("go1.26.8", "go1.26.8"),
        (" 1.26 ", "go1.26.11"),
        ("go1.26", "go1.26.11"),
        ("latest", "go1.27.4"),
        ("1.27", "go1.27.4"),
        ("1.27rc2", "go1.27rc2"),
        ("1.20", "go1.20.14"),
        ("1.20.0", "go1.20"),  # the name that the first release of a line had up to here
        ("1.21.0", "go1.21.0"),
        ("1.25.99", "go1.25.99"),  # not listed: whoever fetches it will see
    ],
)
def test_word_of_a_user_means_a_release(text: str, release: str) -> None:
    assert chosen(wanted(text), AVAILABLE) == release


@pytest.mark.parametrize(
    "text",
    ["", "go", "1", "go1", "2.0", "1.26.", "1.26.08", "v1.26.8", "1.26.8-bigcorp", "1.26.8rc1", "1.26.8/../../etc", "1.26.8\x1b[2J", "٤.٢", "１.26", "tip", "system", "1." + "9" * 5000],
)  # fmt: skip
def test_word_that_names_no_release_is_one_clear_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a version of Go") as caught:
        wanted(text)
    assert caught.value.subject.isprintable()
    assert len(caught.value.subject) < 100


def test_candidate_is_never_chosen_for_a_line_but_named_where_it_is_all_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        chosen(wanted("1.28"), AVAILABLE)
    assert "1.28rc1" in caught.value.hint


def test_hostile_names_in_a_list_are_passed_over() -> None:
    names = ("go1.99.0/../x", "go1.99.0 ", "1.99.0", "go1.099.0", "go1.99.0\n", "", *AVAILABLE)
    assert chosen(Wanted("latest"), names) == "go1.27.4"
    with pytest.raises(UsageError):
        chosen(Wanted("latest"), names[:6])


MODULES = (
    "go 1.22\n",
    "go 1.22.5\n",
    "go 1.20\n",
    "go 1.23rc1\n",
    "go 1.22\ntoolchain go1.22rc1\n",
    "go 1.22\ntoolchain go1.22.3\n",
    "go 1.22.5\ntoolchain go1.22.3\n",
    "go 1.22.3\ntoolchain go1.22.3\n",
    "toolchain go1.21.3\n",
    "go 1.9\ntoolchain go1.20\n",
    "go 1.24\ntoolchain go1.22.3-bigcorp\n",
)


@pytest.mark.parametrize("lines", MODULES)
@pytest.mark.parametrize("name", ["go.mod", "go.work"])
def test_file_of_a_project_means_what_the_real_go_looks_for(tmp_path: Path, name: str, lines: str) -> None:
    text = f"module example.com/m\n{lines}" if name == "go.mod" else lines
    tmp_path.joinpath("go.mod").write_text("module example.com/m\n")
    tmp_path.joinpath(name).write_text(text)
    assert chosen(from_file(str(tmp_path / name), text), ()) == looked_for(tmp_path)


def looked_for(directory: Path) -> str:
    """The toolchain that the go command would switch to if it were an old one: it looks on PATH, where none is, and says so."""
    environment = {"PATH": "/nowhere", "HOME": str(directory), "GOTOOLCHAIN": "go1.1+path", "GOENV": "off"}
    ran = subprocess.run(
        [f"{GOROOT}/bin/go", "version"], cwd=directory, env=environment, check=False, capture_output=True, text=True
    )
    found = re.search(r'cannot find "(.*?)" in PATH', ran.stderr)
    assert found is not None, ran.stderr
    return found[1]


def test_toolchain_default_leaves_the_go_line() -> None:
    asked = from_file("go.mod", "module m\ngo 1.22\ntoolchain default\n")
    assert asked == Wanted("release", "go1.22.0", "go.mod:2: go 1.22")


@pytest.mark.parametrize(
    ("name", "text", "version", "line"),
    [
        (".go-version", "# of the team\n\n1.22.3\n", "go1.22.3", 3),
        ("sub/.tool-versions", "python 3.12\ngolang 1.22.3 1.21.0 # comment\n", "go1.22.3", 2),
        (".tool-versions", "go 1.22.3\n", "go1.22.3", 1),
        ("tools.mod", "module m\n\ngo 1.22.3\n", "go1.22.3", 3),
    ],
)
def test_file_of_a_version_manager_is_read_and_its_line_named(name: str, text: str, version: str, line: int) -> None:
    asked = from_file(name, text)
    assert (asked.kind, asked.version) == ("release", version)
    assert asked.origin.startswith(f"{name}:{line}:")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("go.mod", "module m\n"),
        ("go.mod", "module m\ngo 1.22\ntoolchain local\n"),  # only GOTOOLCHAIN may be "local"
        ("go.mod", "module m\ngo 1.22\ntoolchain go1.x\n"),
        ("go.mod", "module m\ngo 1.20\ntoolchain go1.22\n"),  # "go1.22 toolchain not available", says go
        ("go.mod", "module m\ngo 1.20\ntoolchain go1.21.3-bigcorp\n"),
        ("go.mod", "module m\ngo 1.22foo3\n"),
        ("go.mod", "module m\ngo one\n"),
        (".go-version", "system\n"),
        (".go-version", ""),
        (".tool-versions", "python 3.12\n"),
        (".tool-versions", "golang\n"),
        (".tool-versions", "golang ref:master\n"),
        ("Dockerfile", "FROM golang:1.22\n"),
    ],
)
def test_file_without_a_release_is_one_clear_error(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_file(name, text)
    assert str(caught.value).isprintable()


NAMES = st.sampled_from(["go.mod", "go.work", ".go-version", ".tool-versions"])
TEXTS = st.lists(st.sampled_from(["module m\n", "go ", "golang ", "toolchain ", "go1.22", "1.22.3", "1.23", "default", "-x", "\n", " ", "/", "\x1b"]), max_size=12).map("".join)  # fmt: skip


@given(NAMES, TEXTS | st.text(max_size=80))
@example("go.mod", "go 1." + "9" * 5000)
def test_any_file_names_a_release_or_is_refused(name: str, text: str) -> None:
    asked, said = Wanted("latest"), ""
    try:
        asked = from_file(name, text)
    except UsageError as error:
        said = str(error)
    assert said.isprintable()
    assert asked.kind in ("release", "line", "latest")
    assert asked.kind != "release" or toolchain_names.is_release(asked.version)
    assert asked.origin.isprintable()


def test_long_file_is_read_in_linear_time() -> None:
    assert grows_linearly(lambda size: from_file(".tool-versions", "python 3\n" * size + "go 1.22.3\n"), 40_000)


@pytest.mark.parametrize("goarch", FIRST_ARCHIVES)
def test_names_of_archives_and_modules_are_read_back(goarch: str) -> None:
    platform = Platform(goarch)
    named = toolchain_names.Named("go1.26.8", platform)
    assert toolchain_names.of_archive(toolchain_names.archive_name(*named)) == named
    assert toolchain_names.of_module_version(toolchain_names.module_version(*named)) == named


def test_32_bit_arm_is_armv6l_in_file_names_and_arm_in_module_versions() -> None:
    assert toolchain_names.archive_name("go1.26.8", Platform("arm")) == "go1.26.8.linux-armv6l.tar.gz"
    assert toolchain_names.module_version("go1.26.8", Platform("arm")) == "v0.0.1-go1.26.8.linux-arm"
    assert toolchain_names.of_archive("go1.26.8.linux-arm.tar.gz") is None
    assert toolchain_names.of_module_version("v0.0.1-go1.26.8.linux-armv6l") is None
    assert toolchain_names.source_name("go1.26.8") == "go1.26.8.src.tar.gz"


@pytest.mark.parametrize(
    "name",
    ["x/go1.26.8.linux-amd64.tar.gz", "../go1.26.8.linux-amd64.tar.gz", "go1.26.8.linux-amd64.tar.gz\n", "go1.26.8.linux-sparc.tar.gz", "go1.26.8.src.tar.gz", "go1.26.8.linux-amd64.zip", "go1.26.08.linux-amd64.tar.gz", "go1..linux-amd64.tar.gz", ""],
)  # fmt: skip
def test_other_names_are_not_archives(name: str) -> None:
    assert toolchain_names.of_archive(name) is None
    assert toolchain_names.of_module_version(name) is None
