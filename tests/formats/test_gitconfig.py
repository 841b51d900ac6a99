"""safe.directory in git's configuration."""

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
