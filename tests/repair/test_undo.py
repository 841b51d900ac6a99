"""Taking runs back, also when the host did not stand still."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.actions import (
    LAST,
    CloseTree,
    EditLines,
    LineEdit,
    MakeDirectory,
    MoveAside,
    OpenTree,
    RemoveLink,
    ReplaceLink,
    SetMode,
    SetOwner,
    WriteFile,
)
from gosteward.errors import BusyError, StewardError, UsageError
from gosteward.host.places import Refused
from gosteward.repair.executor import begin
from gosteward.repair.history import runs

if TYPE_CHECKING:
    from conftest import Steward

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def appended(steward: Steward, name: str = "rc", line: str = "new") -> EditLines:
    return EditLines(str(steward.top / name), (LineEdit(LAST, after=(line,)),))


def states(steward: Steward) -> list[str]:
    return [found["state"] for found in runs(steward.journal().read())]


def test_parents_are_made_and_removed(steward: Steward) -> None:
    before = steward.looks()
    steward.fix(
        WriteFile(str(steward.top / "a/b/c/env"), "X=1\n", 0o640), MakeDirectory(str(steward.top / "a/tmp"), 0o1777)
    )
    assert (steward.top / "a/b/c/env").stat().st_mode & 0o7777 == 0o640
    assert (steward.top / "a/tmp").stat().st_mode & 0o7777 == 0o1777
    steward.undo()
    assert steward.looks() == before


def test_last_run_is_undone_first_then_the_one_before_and_then_there_is_none(steward: Steward) -> None:
    (steward.top / "rc").write_text("old\n")
    steward.fix(appended(steward, line="one"))
    steward.fix(appended(steward, line="two"))
    steward.undo()
    assert (steward.top / "rc").read_text() == "old\none\n"
    steward.undo()
    assert (steward.top / "rc").read_text() == "old\n"
    with pytest.raises(UsageError, match="nothing to undo"):
        steward.undo()
    with pytest.raises(UsageError, match="no such run"):
        steward.undo(99)


def test_undo_of_an_undo_does_it_again_and_can_be_undone_as_before(steward: Steward) -> None:
    (steward.top / "rc").write_text("old\n")
    steward.fix(appended(steward))
    steward.undo()
    steward.undo(2)
    assert (steward.top / "rc").read_text() == "old\nnew\n"
    assert states(steward) == ["standing", "undone", "standing"]
    steward.undo()
    assert (steward.top / "rc").read_text() == "old\n"
    assert states(steward)[0] == "undone"


def test_what_was_changed_since_is_named_and_nothing_is_touched(steward: Steward) -> None:
    (steward.top / "rc").write_text("old\n")
    (steward.top / "tool").touch(0o644)
    steward.fix(
        appended(steward), SetMode(str(steward.top / "tool"), 0o644, 0o755), WriteFile(str(steward.top / "x"), "")
    )
    with (steward.top / "rc").open("a") as file:
        file.write("by hand\n")
    after = steward.looks(times=True)
    with pytest.raises(BusyError, match="rc was changed since run 1"):
        steward.undo()
    assert steward.looks(times=True) == after
    steward.undo(force=True)
    assert (steward.top / "rc").read_text() == "old\n"
    assert not (steward.top / "x").exists()
    steward.undo(2)
    assert (steward.top / "rc").read_text() == "old\nnew\nby hand\n"


@pytest.mark.parametrize("spoil", ["chmod", "replaced by link", "gone", "moved back", "taken"])
def test_each_kind_of_later_change_is_noticed(steward: Steward, spoil: str) -> None:
    tree, tool = steward.top / "go", steward.top / "tool"
    tree.mkdir()
    tool.touch(0o644)
    steward.fix(MoveAside(str(tree)), SetMode(str(tool), 0o644, 0o755))
    aside = steward.top / ".go.aside"
    assert aside.is_dir()
    if spoil == "chmod":
        tool.chmod(0o700)
    elif spoil == "replaced by link":
        tool.unlink()
        tool.symlink_to("/etc/passwd")
    elif spoil == "gone":
        aside.rmdir()
    elif spoil == "moved back":
        aside.rename(tree)
    else:
        tree.mkdir()
    after = steward.looks()
    with pytest.raises(BusyError, match="was changed since"):
        steward.undo()
    assert steward.looks() == after


def test_tree_that_was_moved_aside_comes_back_whatever_took_its_place(steward: Steward) -> None:
    tree = steward.top / "go"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/go").write_text("old")
    before = steward.looks()
    steward.fix(MoveAside(str(tree)), ReplaceLink(str(tree), "go1.25"))
    assert tree.readlink() == Path("go1.25")
    steward.undo()
    assert steward.looks() == before


def test_second_tree_that_is_moved_aside_gets_a_name_of_its_own(steward: Steward) -> None:
    for _ in range(2):
        (steward.top / "go").mkdir()
        steward.fix(MoveAside(str(steward.top / "go")))
    assert sorted(path.name for path in steward.top.iterdir()) == [".go.aside", ".go.aside-2"]


def test_directory_that_is_in_use_by_now_is_kept_and_named(steward: Steward) -> None:
    steward.fix(MakeDirectory(str(steward.top / "cache/go-build")))
    (steward.top / "cache/go-build/object").write_text("theirs")
    kept = {undone.path: str(undone.reason) for undone in steward.undo() if undone.reason}
    assert set(kept) == {str(steward.top / "cache/go-build"), str(steward.top / "cache")}
    assert set(kept.values()) == {"it is no longer empty"}
    assert (steward.top / "cache/go-build/object").read_text() == "theirs"
    with pytest.raises(UsageError, match="nothing to undo"):
        steward.undo()


def test_forced_undo_of_what_is_gone_is_an_undo(steward: Steward) -> None:
    steward.fix(WriteFile(str(steward.top / "x"), "text"), ReplaceLink(str(steward.top / "link"), "x"))
    (steward.top / "x").unlink()
    (steward.top / "link").unlink()
    steward.undo(force=True)
    assert steward.looks().keys() == {"."}
    assert states(steward)[0] == "undone"


def test_forced_undo_of_rights_begins_with_those_that_are_there(steward: Steward) -> None:
    tool = steward.top / "tool"
    tool.touch(0o644)
    steward.fix(SetMode(str(tool), 0o644, 0o755))
    tool.chmod(0o500)
    steward.undo(force=True)
    assert tool.stat().st_mode & 0o7777 == 0o644
    steward.undo(2)
    assert tool.stat().st_mode & 0o7777 == 0o500


def test_undo_does_not_remove_what_is_no_file_any_more(steward: Steward) -> None:
    steward.fix(WriteFile(str(steward.top / "x"), "text"))
    (steward.top / "x").unlink()
    os.mkfifo(steward.top / "x")
    with pytest.raises(BusyError):
        steward.undo()
    with pytest.raises(StewardError):
        steward.undo(force=True)
    assert (steward.top / "x").is_fifo()


def test_times_come_back_also_the_first_second_of_all(steward: Steward) -> None:
    for name, time in (("rc", 0), ("old", -5_000_000_000), ("new", 1_700_000_000_123_456_789)):
        (steward.top / name).write_text("a\n")
        os.utime(steward.top / name, ns=(time, time))
    os.symlink("a", steward.top / "link")
    before = steward.looks(times=True)
    link = str(steward.top / "link")
    steward.fix(
        *(appended(steward, name) for name in ("rc", "old", "new")), RemoveLink(link, "a"), ReplaceLink(link, "b")
    )
    steward.undo()
    assert steward.looks(times=True) == before


def test_link_that_is_not_what_the_finding_said_is_left(steward: Steward) -> None:
    os.symlink("a", steward.top / "link")
    for action in (ReplaceLink(str(steward.top / "link"), "b"), ReplaceLink(str(steward.top / "link"), "b", "c")):
        with pytest.raises(Refused):
            steward.fix(action)
    with pytest.raises(Refused):
        steward.fix(RemoveLink(str(steward.top / "link"), "c"))
    assert os.readlink(steward.top / "link") == "a"


def test_mode_that_is_not_what_the_finding_said_is_left(steward: Steward) -> None:
    (steward.top / "tool").touch(0o600)
    with pytest.raises(Refused, match="mode 0600, and no longer 0644"):
        steward.fix(SetMode(str(steward.top / "tool"), 0o644, 0o755))


def test_go_tree_gets_the_modes_of_the_distribution_and_back(steward: Steward) -> None:
    modes = {
        "bin": 0o700,
        "bin/go": 0o644,
        "src": 0o700,
        "src/fmt": 0o600,
        "src/fmt/print.go": 0o600,
        "src/all.bash": 0o600,
        "VERSION": 0o664,
    }
    top = steward.top / "go"
    top.mkdir(0o700)
    for name in modes:
        (top / name).mkdir() if name in ("bin", "src", "src/fmt") else (top / name).write_text(name)
    for name, mode in modes.items():
        (top / name).chmod(mode)
    before = steward.looks(times=True)
    steward.fix(OpenTree(str(top)))
    found = {name: (top / name).stat().st_mode & 0o7777 for name in modes}
    wanted = {
        "bin": 0o755,
        "bin/go": 0o755,
        "src": 0o755,
        "src/fmt": 0o755,
        "src/fmt/print.go": 0o644,
        "src/all.bash": 0o755,
        "VERSION": 0o664,
    }
    assert found == wanted
    steward.undo()
    assert steward.looks(times=True) == before


def test_tree_is_closed_to_the_others_but_sticky_directories_and_links(steward: Steward) -> None:
    top = steward.top / "go"
    (top / "tmp").mkdir(parents=True)
    (top / "file").touch()
    (top / "link").symlink_to("/etc/passwd")
    for name, mode in (("", 0o777), ("tmp", 0o1777), ("file", 0o666)):
        (top / name).chmod(mode)
    steward.fix(CloseTree(str(top)))
    assert [(top / name).stat().st_mode & 0o7777 for name in ("", "tmp", "file")] == [0o775, 0o1777, 0o664]


@root_only
def test_owner_of_a_tree_changes_for_what_one_user_owns(steward: Steward) -> None:
    top = steward.top / "cache"
    (top / "a").mkdir(parents=True)
    for name, uid in (("a/root", 0), ("a/third", 7)):
        (top / name).touch()
        os.chown(top / name, uid, uid)
    (top / "link").symlink_to("/etc/passwd")
    before = steward.looks()
    steward.fix(SetOwner(str(top), 0, 61234, 61234, tree=True))
    assert {name: row[1] for name, row in steward.looks().items()} == {
        ".": 0, "cache": 61234, "cache/a": 61234, "cache/a/root": 61234, "cache/a/third": 7, "cache/link": 61234
    }  # fmt: skip
    assert os.stat("/etc/passwd").st_uid == 0
    (top / "a/root").unlink()  # a cache lives on
    (top / "a/new").touch()
    steward.undo()
    (top / "a/new").unlink()
    del before["cache/a/root"]
    assert steward.looks() == before


def test_list_that_a_directory_hands_down_is_kept_by_new_files_and_never_put_on_old_ones(steward: Steward) -> None:
    def acl(path: Path) -> bool:
        return "system.posix_acl_access" in os.listxattr(path)

    (steward.top / "rc").write_text("a\n")
    entries = ((1, 6, -1), (2, 6, 7), (4, 4, -1), (0x10, 6, -1), (0x20, 0, -1))
    value = b"\2\0\0\0" + b"".join(
        t.to_bytes(2, "little") + p.to_bytes(2, "little") + (i & 0xFFFFFFFF).to_bytes(4, "little")
        for t, p, i in entries
    )
    os.setxattr(steward.top, "system.posix_acl_default", value)
    before = steward.looks(times=True)
    steward.fix(appended(steward), WriteFile(str(steward.top / "new"), ""), MakeDirectory(str(steward.top / "d/e")))
    assert (acl(steward.top / "rc"), acl(steward.top / "new"), acl(steward.top / "d/e")) == (False, True, True)
    steward.undo()
    assert steward.looks(times=True) == before


def test_what_a_run_took_back_itself_is_no_change_of_it(steward: Steward) -> None:
    before = steward.looks()
    with steward.journal().locked("fix") as journal:
        executor = begin(journal, steward.accounts, "fix")
        first, second = (
            executor.apply(change, 1) for change in steward.planned(MakeDirectory(str(steward.top / "a/b")))
        )
        for done in (second, first):
            executor.apply(done.change.inverse(), 1, undoes=done.number)
        journal.append(executor.run, "ended")
    assert steward.looks() == before
    assert states(steward) == ["undone"]
    with pytest.raises(UsageError, match="nothing to undo"):
        steward.undo(1)


@root_only
def test_directory_is_given_to_its_user_in_a_place_of_root(steward: Steward) -> None:
    before = steward.looks()
    steward.fix(MakeDirectory(str(steward.top / "var/go-tmp"), 0o700, 61234, 61234))
    assert [(p.stat().st_uid, p.stat().st_mode & 0o777) for p in (steward.top / "var", steward.top / "var/go-tmp")] == [
        (0, 0o755),
        (61234, 0o700),
    ]
    steward.undo()
    assert steward.looks() == before
