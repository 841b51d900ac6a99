"""A loop around something long: what is looked at counts, so that a small file cannot keep whoever follows it busy for hours."""

from __future__ import annotations

import pytest

from gosteward.shells.fish_run import FishRun
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import StoppedError
from gosteward.snapshot import EnvironmentVariable

FIRST = (EnvironmentVariable("PATH", "/usr/bin:/bin"), EnvironmentVariable("HOME", "/home/dev"))
TIMES = "1 " * 150
LONG = "a$b" * 5_000
MANY = "a " * 10_000


class Files:
    """A host with these files and nothing else."""

    uid, user, home = 1000, "dev", "/home/dev"

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def file_test(self, test: str, path: str) -> bool | None:
        return None

    def lines(self, path: str) -> list[str] | None:
        return self.files[path].split("\n") if path in self.files else None

    def glob(self, pattern: str) -> list[str]:
        return []

    def home_of(self, user: str) -> str:
        return ""


def started(shell: str, files: dict[str, str]) -> PosixRun | FishRun:
    if shell == "fish":
        return FishRun(Files(files), FIRST, {}, interactive=True)
    return PosixRun(Files(files), FIRST, {}, shell=shell, interactive=True, collecting=True)


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("bash", f"for i in {TIMES}; do : {LONG}; done"),
        ("bash", f"for i in {TIMES}; do : {MANY}; done"),
        ("bash", f"for i in {TIMES}; do A={LONG}; done"),
        ("bash", f"for i in {TIMES}; do case $i in {MANY.replace(' ', '|')}a) x;; esac; done"),
        ("bash", f"for i in {TIMES}; do [[ a == {LONG} ]]; done"),
        ("bash", f"for i in {TIMES}; do for j in {MANY}; do continue 2; done; done"),
        ("bash", f"for i in {TIMES}; do echo {LONG} | grep x; done"),
        ("bash", f"X=': {LONG}'\nfor i in {TIMES}; do eval \"$X\"; done"),
        ("zsh", f"for i in {TIMES}; do path=({MANY}); done"),
        ("fish", f"for i in {TIMES}; : {LONG}; end"),
        ("fish", f"for i in {TIMES}; for j in {MANY}; end; end"),
        ("fish", f"for i in {TIMES}; switch $i;{'case a;' * 5_000} end; end"),
        ("fish", f"set X ': {LONG}'\nfor i in {TIMES}; eval $X; end"),
    ],
)
def test_what_is_long_uses_the_steps_up(shell: str, text: str) -> None:
    run = started(shell, {"/x": text})
    run.steps //= 10  # still more than twice as many as there are commands
    with pytest.raises(StoppedError):
        run.source("/x")
    assert run.unsure


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_file_that_is_read_again_and_again_is_taken_apart_once(shell: str) -> None:
    run = started(shell, {"/x": "source /more\n" * 20, "/more": "PATH=$PATH:/y # x\r\n\n"})
    run.source("/x")
    before = dict(run.trees)
    run.source("/x")
    assert list(map(id, run.trees.values())) == list(map(id, before.values()))
    assert len(before) == 2


def test_ordinary_files_cost_a_step_for_a_command() -> None:
    run = started(
        "bash", {"/x": "export PATH=$PATH:/usr/local/go/bin GOPATH=$HOME/go\n[ -d ~/go ] && PATH=$PATH:~/go/bin\n"}
    )
    steps = run.steps
    run.source("/x")
    assert steps - run.steps <= 6
