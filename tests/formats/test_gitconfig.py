"""safe.directory in git's configuration, and the lines that git refuses."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import gitconfig
from growth import grows_linearly

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """[user]
	name = dev ; comment
[Safe]
	directory = /srv/app # why
	Directory = "/srv/with # hash"
directory = /srv/long\\
/way
[safe "sub"]
	directory = /not/this
[safe] directory = /srv/same-line
[include]
	path = ~/.gitconfig.local
[safe]
	directory
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_values_are_those_that_git_reads(tmp_path: Path) -> None:
    tmp_path.joinpath("config").write_text(TEXT.replace("\tdirectory\n", "\tdirectory = last\n"))
    command = ["git", "config", "-f", str(tmp_path / "config"), "--get-all", "safe.directory"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    wanted = tuple(answer.stdout.splitlines())
    assert gitconfig.values(TEXT, "safe", "directory") == (*wanted[:-1], "true")
    assert gitconfig.values(TEXT, "include", "path") == ("~/.gitconfig.local",)


@pytest.mark.parametrize(
    ("wanted", "safe"),
    [(("/srv/app",), True), (("/srv/app/",), True), (("*",), True), (("/srv",), False), (("/srv/*",), True), (("~/app",), False), (("/srv/app", ""), False), (("", "/srv/app"), True), ((), False)],
)  # fmt: skip
def test_which_values_allow_a_directory(wanted: tuple[str, ...], safe: bool) -> None:
    assert gitconfig.is_safe("/srv/app", wanted, "/home/dev") is safe


@given(st.text(alphabet='[]safe="\\ \n\t#;directory/*', max_size=200))
def test_a_section_is_read_whatever_stands_before_it(text: str) -> None:
    found = gitconfig.values(text, "safe", "directory")
    assert len(found) <= text.count("directory")
    more = gitconfig.values(f"{text}\n\n[safe]\n\tdirectory = /srv/app\n", "safe", "directory")
    assert more == (*found, "/srv/app")


@pytest.mark.parametrize("piece", ["\\\n", '"', "[safe \\", "a", " ", "[safe]"])
def test_time_is_linear_in_the_length(piece: str) -> None:
    def read(size: int) -> object:
        return gitconfig.values("[safe]\ndirectory=" + piece * (size // len(piece)), "safe", "directory")

    assert grows_linearly(read, 200_000)


@pytest.mark.parametrize(
    ("text", "line"),
    [("[user]\n\tname = Dev\n[alias\n\tco = x\n", 3), ("[user]\n<<<<<<< HEAD\n", 2), ('[a "b c"]\nx\ny = "a\n', 3), ("[a]\nx = C:\\go\n", 2), ("[a]\nx y = 1\n", 2), ("[ a]\n", 1), ("[a]\n1x = 2\n", 2), ('[a]\nx = "a" # c "\n y=1', 0), ('[a]\nx = a \\\n  b\n c = d"\n', 4), ('[a "x"] y = 1\n[b.c-d]\n;e\n#f "\nx= "a;b"\n', 0), ("\ufeff[a]\r\nx = 1\r\n", 0), ("x = 1\n", 0)],
)  # fmt: skip
def test_the_line_that_git_refuses_is_named(text: str, line: int) -> None:
    assert gitconfig.first_error(text) == line
    answer = subprocess.run(
        ["git", "config", "-f", "-", "--list"], input=text.encode(), capture_output=True, check=False
    )
    said = f"bad config line {line} in" if line else ""
    assert said in answer.stderr.decode()
    assert bool(line) == bool(answer.returncode)


@pytest.mark.parametrize(("line", "right"), [("[alias", "[alias]"), ('\tname = "Dev', '\tname = "Dev"'), ('[url "https://x', '[url "https://x"]'), ("<<<<<<< HEAD", ""), ("x = C:\\go", ""), ("x = 1", "")])  # fmt: skip
def test_what_is_missing_at_the_end_of_a_line_is_added(line: str, right: str) -> None:
    assert gitconfig.mended(line) == right


@given(st.text(alphabet='[]a="\\ \n\r\t#;.-1', max_size=60))
def test_the_line_that_is_refused_is_one_of_the_file(text: str) -> None:
    assert 0 <= gitconfig.first_error(text) <= text.count("\n") + 1


@pytest.mark.parametrize("piece", ["a = b\n", "a", "[a]", ";\n", '"', "\\\n", '[a "', 'a="x"\n'])
def test_time_to_find_an_error_is_linear(piece: str) -> None:
    assert grows_linearly(lambda size: gitconfig.first_error("[s]\nx=" + piece * (size // len(piece))), 100_000)
