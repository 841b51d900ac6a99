"""A part of the fault sweep (`make sweep` does all of it), and cases that an injected error alone does not reach."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gosteward.actions import LAST, EditLines, LineEdit, MakeDirectory, OpenTree, SetMode, WriteFile
from gosteward.host import writing
from gosteward.host.places import Refused
from gosteward.repair import executor
from gosteward.repair import journal as journals
from gosteward.repair.changes import encode
from gosteward.repair.executor import begin, perform, settle
from gosteward.repair.journal import JournalError
from repair.fsync_order import violations

if TYPE_CHECKING:
    from conftest import Steward

HERE = Path(__file__).parent


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="the sweep needs root and strace")
def test_some_faults_leave_every_action_done_or_not_done() -> None:
    command = [sys.executable, HERE / "crash_sweep.py", "--every", "300", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr


TRACE = {
    "good": [
        'openat(3</top>, ".new", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</top/.new>', 'write(5</top/.new>, "x", 1) = 1', "fsync(5</top/.new>) = 0",
        'renameat(3</top>, ".new", 3</top>, "rc") = 0', "fsync(3</top>) = 0",
    ],
    "/top/.new is renamed before it is synced": [
        'openat(3</top>, ".new", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</top/.new>', "fsync(5</top/.new>) = 0", 'write(5</top/.new>, "x", 1) = 1',
        'renameat(3</top>, ".new", 3</top>, "rc") = 0', "fsync(5</top/.new>) = 0", "fsync(3</top>) = 0",
    ],
    "/top is never synced": ['unlinkat(3</top>, "rc", 0) = 0'],
    "a change before the journal is synced": [
        'pwrite64(4</log/journal>, "{", 1, 10) = 1', 'unlinkat(3</top>, "rc", 0) = 0', "fsync(4</log/journal>) = 0", "fsync(3</top>) = 0",
    ],
    "done before /top is synced": [
        'unlinkat(3</top>, "rc", 0) = 0', 'pwrite64(4</log/journal>, "{\\"phase\\":\\"done\\"", 1, 10) = 1', "fsync(4</log/journal>) = 0",
        "fsync(3</top>) = 0",
    ],
    "done before the file system is synced": [
        'chmod("/proc/self/fd/3", 0755) = 0', 'pwrite64(4</log/journal>, "{\\"phase\\":\\"done\\"", 1, 10) = 1', "fsync(4</log/journal>) = 0",
    ],
}  # fmt: skip


@pytest.mark.parametrize("expected", TRACE)
def test_order_of_syncs_is_read_from_a_trace(expected: str) -> None:
    found = list(violations(TRACE[expected], "/top", "/log"))
    assert found == [] if expected == "good" else any(text.startswith(expected) for text in found), found


def interrupted(steward: Steward, change: Any, temporary: str = ".gosteward-x") -> None:
    """The line of a change that a kill came behind."""
    with steward.journal().locked("fix") as journal:
        run = begin(journal, steward.accounts, "fix").run
        details = {"step": 1, "temporary": temporary, "because": [], "undoes": 0}
        journal.append(run, "intended", change=encode(change, journal.keep), **details)


def settled(steward: Steward) -> str:
    with steward.journal().locked("settle") as journal:
        settle(journal, steward.accounts)
        return journal.entries[-1].phase


def line(steward: Steward) -> EditLines:
    return EditLines(str(steward.top / "rc"), (LineEdit(LAST, after=("new",)),))


def test_kill_before_the_change_is_a_change_that_failed_and_nothing_is_left(steward: Steward) -> None:
    (steward.top / "rc").write_text("a\n")
    (change,) = steward.planned(line(steward))
    interrupted(steward, change)
    (steward.top / ".gosteward-x").write_text("half")
    assert settled(steward) == "failed"
    assert [path.name for path in steward.top.iterdir()] == ["rc"]


def test_kill_behind_the_change_is_a_change_that_was_done_and_can_be_undone(steward: Steward) -> None:
    (steward.top / "rc").write_text("a\n")
    (change,) = steward.planned(line(steward))
    interrupted(steward, change)
    perform(change, steward.accounts, ".gosteward-x")
    assert settled(steward) == "done"
    steward.undo()
    assert (steward.top / "rc").read_text() == "a\n"


def test_half_made_directory_is_not_taken_for_the_directory(steward: Steward) -> None:
    (change,) = steward.planned(MakeDirectory(str(steward.top / "tmp"), 0o1777))
    interrupted(steward, change)
    (steward.top / ".gosteward-x").mkdir(0o700)
    assert settled(steward) == "failed"
    assert list(steward.top.iterdir()) == []


def test_tree_that_a_kill_left_half_open_is_closed_again(steward: Steward) -> None:
    for name in ("a", "a/b"):
        (steward.top / name).mkdir()
    for name in ("a/b", "a"):
        (steward.top / name).chmod(0o700)
    before = steward.looks()
    (change,) = steward.planned(OpenTree(str(steward.top / "a")))
    interrupted(steward, change)
    (steward.top / "a").chmod(0o755)
    assert settled(steward) == "failed"
    assert steward.looks() == before


def test_host_that_was_changed_after_a_kill_is_left_as_it_is(steward: Steward) -> None:
    (steward.top / "rc").write_text("a\n")
    (change,) = steward.planned(line(steward))
    interrupted(steward, change)
    (steward.top / "rc").write_text("by hand\n")
    assert settled(steward) == "failed"
    assert (steward.top / "rc").read_text() == "by hand\n"


def test_change_that_the_journal_cannot_record_is_taken_back(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    (steward.top / "rc").write_text("a\n")
    write = journals._write

    def full(directory: int, name: str, content: bytes, offset: int = 0) -> None:
        if b'"phase":"done"' in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(directory, name, content, offset)

    before = steward.looks()
    monkeypatch.setattr(journals, "_write", full)
    with pytest.raises(JournalError, match="No space left"):
        steward.fix(line(steward))
    assert steward.looks() == before
    monkeypatch.undo()
    assert settled(steward) == "failed"


def test_error_of_the_last_sync_alone_is_a_change_that_was_done(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = writing.put

    def failing(*arguments: Any) -> None:
        put(*arguments)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(executor.writing, "put", failing)
    steward.fix(WriteFile(str(steward.top / "new"), "x"))
    monkeypatch.undo()
    steward.undo()
    assert list(steward.top.iterdir()) == []


def test_change_of_many_rights_that_is_refused_in_the_middle_is_taken_back(steward: Steward) -> None:
    for name in ("a", "b"):
        (steward.top / name).touch()
        (steward.top / name).chmod(0o600)
    (change,) = steward.planned(OpenTree(str(steward.top)))
    (steward.top / "b").chmod(0o604)
    before = steward.looks()
    with pytest.raises(Refused, match="changed by somebody else"):
        perform(change, steward.accounts, "")
    assert steward.looks() == before


def test_finished_run_leaves_no_open_line(steward: Steward) -> None:
    (steward.top / "tool").touch(0o644)
    steward.fix(SetMode(str(steward.top / "tool"), 0o644, 0o755))
    count = len(steward.journal().read().entries)
    settled(steward)
    assert len(steward.journal().read().entries) == count
