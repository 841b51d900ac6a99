"""The journal: what is in it comes back, whoever changes it is found out, and nobody else's is used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.actions import EditLines, LineEdit, SetMode, WriteFile
from gosteward.errors import BusyError, DecodeError, PrivilegeError, StewardError
from gosteward.host.writing import Rights, State
from gosteward.repair.changes import Move, Replace, RightsOf, SetRights, decode, encode, name_of
from gosteward.repair.executor import settle
from gosteward.repair.history import runs
from gosteward.repair.journal import Journal

if TYPE_CHECKING:
    from conftest import Steward
    from gosteward.snapshot import User

ids = st.integers(0, (1 << 32) - 2)
names = st.binary(min_size=1, max_size=8).filter(lambda b: b"\0" not in b).map(os.fsdecode)
attributes = st.lists(
    st.tuples(st.sampled_from(["user.a", "system.posix_acl_access"]), st.binary(max_size=5)), max_size=2
).map(tuple)
times = st.one_of(st.none(), st.integers(-(10**18), 10**19))
states = st.one_of(
    st.just(State()),
    st.builds(
        State, st.just("file"), st.binary(), st.just(""), st.integers(0, 0o7777), ids, ids, times, times, attributes
    ),
    st.builds(State, st.just("link"), st.just(b""), names, st.just(0o777), ids, ids, times, times, st.just(())),
)
rights = st.builds(Rights, st.integers(0, 0o7777), ids, ids, attributes)
rows = st.lists(st.builds(RightsOf, names, rights, rights), max_size=3).map(tuple)
changes = st.one_of(
    st.builds(Replace, names, states, states),
    st.builds(Move, names, names, st.integers(0, 1 << 63)),
    st.builds(SetRights, names, rows, st.booleans()),
)


@given(changes)
def test_change_comes_back_from_the_journal(change: Any) -> None:
    kept: dict[str, bytes] = {}

    def keep(content: bytes) -> str:
        kept[name_of(content)] = content
        return name_of(content)

    document = json.loads(json.dumps(encode(change, keep)))
    assert decode(document, kept.__getitem__) == change
    assert change.inverse().inverse() == change


@pytest.fixture
def written(steward: Steward) -> Steward:
    """A journal with a run that changed one file."""
    (steward.top / "rc").write_text("a\nb\n")
    steward.fix(EditLines(str(steward.top / "rc"), (LineEdit(1, "a", ("A",)),)))
    return steward


def lines(steward: Steward) -> list[bytes]:
    return Path(steward.place, "journal").read_bytes().splitlines(keepends=True)


def write(steward: Steward, rows: list[bytes]) -> None:
    Path(steward.place, "journal").write_bytes(b"".join(rows))


def test_history_says_what_changed_and_that_it_was_undone(written: Steward) -> None:
    (found,) = runs(written.journal().read())
    assert (found["state"], found["command"]) == ("standing", "fix")
    assert {"-a", "+A", " b"} <= set(found["changes"][0]["diff"])
    written.undo()
    assert [found["state"] for found in runs(written.journal().read())] == ["undone", "standing"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("field", ["number", "at", "run", "phase", "details", "digest"])
def test_line_that_was_changed_is_found_out_even_the_last_one(written: Steward, number: int, field: str) -> None:
    rows = lines(written)
    document = json.loads(rows[number - 1])
    other = {
        "number": 9,
        "at": "2000-01-01T00:00:00Z",
        "run": 7,
        "phase": "failed",
        "details": {"of": 9},
        "digest": "1" * 64,
    }
    document[field] = other[field]
    rows[number - 1] = json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    write(written, rows)
    with pytest.raises(DecodeError, match=f"line {number} of the journal"):
        written.journal().read()
    with pytest.raises(DecodeError):
        written.undo()
    assert (written.top / "rc").read_text() == "A\nb\n"


@pytest.mark.parametrize(
    "mangle",
    [
        lambda rows: [rows[1], rows[0], *rows[2:]],
        lambda rows: [rows[0], *rows[2:]],
        lambda rows: [*rows, rows[-1]],
        lambda rows: [b"\n", *rows],
        lambda rows: [rows[0].replace(b'"run":1', b'"run": 1'), *rows[1:]],
        lambda rows: [b"[" * 100_000 + b"\n", *rows[1:]],
        lambda rows: [rows[0].replace(b'"number":1', b'"number":true'), *rows[1:]],
        lambda rows: [b'{"more":1,' + rows[0][1:], *rows[1:]],
    ],
    ids=["order", "missing", "twice", "empty", "spelling", "deep", "type", "field"],
)
def test_lines_that_were_moved_or_forged_are_found_out(written: Steward, mangle: Any) -> None:
    write(written, mangle(lines(written)))
    with pytest.raises(DecodeError):
        written.journal().read()


@pytest.mark.parametrize("torn", [b"", b"{", b'{"at":"2026', b"\0" * 5000, b"\0" * 4096 + b'"}\n'])
def test_last_line_that_a_crash_tore_is_overwritten(written: Steward, torn: bytes) -> None:
    with Path(written.place, "journal").open("ab") as file:
        file.write(torn)
    assert len(written.journal().read().entries) == 4
    written.undo()
    assert len(written.journal().read().entries) == 8
    assert (written.top / "rc").read_text() == "a\nb\n"


def contents(steward: Steward) -> list[Path]:
    return sorted(Path(steward.place, "contents").iterdir())


def test_content_that_was_changed_or_is_gone_is_not_restored(written: Steward) -> None:
    old = next(path for path in contents(written) if path.read_bytes() == b"a\nb\n")
    old.write_bytes(b"evil\n")
    with pytest.raises(DecodeError, match="was changed"):
        written.undo()
    old.unlink()
    with pytest.raises(DecodeError, match="is gone"):
        written.undo()
    old.symlink_to("/etc/passwd")
    with pytest.raises(DecodeError, match="is gone"):
        written.undo()
    assert (written.top / "rc").read_text() == "A\nb\n"


def test_content_that_was_damaged_is_kept_anew_when_it_is_needed_again(written: Steward) -> None:
    for path in contents(written):
        path.write_bytes(b"damaged")
    with written.journal().locked("test") as journal:
        assert journal.content(journal.keep(b"a\nb\n")) == b"a\nb\n"


@pytest.mark.parametrize("name", ["../journal", "", "x", "a" * 63, "A" * 64])
def test_content_has_no_other_names_than_digests(written: Steward, name: str) -> None:
    with pytest.raises(DecodeError):
        written.journal().content(name)


def test_contents_that_no_line_names_are_swept(written: Steward) -> None:
    Path(written.place, "contents", "0" * 64).write_text("orphan")
    Path(written.place, "contents", f"{'1' * 64}.new").write_text("half")
    with written.journal().locked("test") as journal:
        settle(journal, written.accounts)
    assert len(contents(written)) == 2


def test_line_of_a_later_version_is_named(written: Steward) -> None:
    with written.journal().locked("test") as journal:
        journal.append(
            2, "intended", change={"change": "teleport", "path": "/"}, step=1, temporary="x", because=[], undoes=0
        )
    with pytest.raises(DecodeError, match="line 5 of the journal is not understood"):
        written.undo()


def test_journal_is_for_its_owner_alone(written: Steward) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in Path(written.place).iterdir()}
    assert modes == {"journal": 0o600, "contents": 0o700, "lock": 0o600}
    assert Path(written.place).stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in contents(written)} == {0o600}


def refused(steward: Steward) -> None:
    for use in (steward.journal().read, steward.undo):
        with pytest.raises(PrivilegeError, match="not yours alone"):
            use()


def test_directory_that_others_may_write_to_is_not_used(written: Steward) -> None:
    Path(written.place).chmod(0o770)
    refused(written)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give it away")
def test_directory_of_somebody_else_is_not_used(written: Steward, stranger: User) -> None:
    os.chown(written.place, stranger.uid, stranger.gid)
    refused(written)


def test_directory_that_is_a_link_is_not_used(written: Steward) -> None:
    os.rename(written.place, f"{written.place}.real")
    os.symlink(f"{written.place}.real", written.place)
    refused(written)


@pytest.mark.parametrize("name", ["journal", "lock"])
def test_file_of_the_journal_that_is_a_link_is_not_followed(written: Steward, name: str) -> None:
    path = Path(written.place, name)
    path.rename(f"{path}.real")
    path.symlink_to(f"{path}.real")
    with pytest.raises(PrivilegeError):
        written.undo()
    assert (written.top / "rc").read_text() == "A\nb\n"


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert Journal(str(tmp_path / "none")).read().entries == []


HOLDER = """
import sys
sys.path[:] = {path!r}
from gosteward.repair.journal import Journal
with Journal({place!r}).locked("doctor --fix"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_run_is_told_who_holds_the_lock_and_gets_it_when_that_one_is_killed(steward: Steward) -> None:
    script = HOLDER.format(path=sys.path, place=steward.place)
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid}: doctor --fix, since 20"):
            steward.fix(WriteFile(str(steward.top / "new"), ""))
    finally:
        holder.kill()
        holder.communicate()
    steward.fix(WriteFile(str(steward.top / "new"), ""))
    assert (steward.top / "new").exists()


def test_journal_that_cannot_be_written_stops_the_run_before_the_change(written: Steward) -> None:
    (written.top / "tool").touch(0o644)
    with written.journal().locked("test"):
        pass
    shutil.rmtree(Path(written.place, "contents"))
    Path(written.place, "contents").write_text("")
    with pytest.raises(StewardError, match="the journal cannot be"):
        written.fix(SetMode(str(written.top / "tool"), 0o644, 0o755))
    assert (written.top / "tool").stat().st_mode & 0o777 == 0o644
