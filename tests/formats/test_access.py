"""Effective rights by modes and access control lists, as acl(5) defines them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import access
from gosteward.formats.access import AclEntry, Owned
from gosteward.snapshot import User

DEV = User(name="dev", uid=1000, gid=1000, groups=(2000,))
ROOT = User(name="root", uid=0)


def packed(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def listed(*entries: tuple[int, int, int], mode: int = 0o750) -> Owned:
    return Owned(mode=mode, uid=0, gid=0, acl=access.parse_acl(packed(*entries)))


# setfacl -m u:1000:rwx; chmod g-rwx: the mask is what chmod changed.
CUT = ((1, 7, 0), (2, 7, 1000), (4, 5, 0), (16, 0, 0), (32, 5, 0))


def test_mask_cuts_a_named_entry_and_the_text_says_so() -> None:
    file = listed(*CUT, mode=0o705)
    assert access.rights_of(DEV, file) == 0
    assert access.execute_denied_by(DEV, file) == "acl"
    lines = access.acl_lines(file.acl, lambda uid: {1000: "dev"}[uid], str)
    assert lines == (
        "user::rwx",
        "user:dev:rwx\t#effective:---",
        "group::r-x\t#effective:---",
        "mask::---",
        "other::r-x",
    )


def test_named_entry_wins_over_what_others_may() -> None:
    assert access.rights_of(DEV, listed((1, 7, 0), (2, 4, 1000), (4, 5, 0), (16, 7, 0), (32, 5, 0))) == 4


def test_one_group_that_may_is_enough() -> None:
    file = listed((1, 7, 0), (4, 0, 0), (8, 5, 2000), (8, 0, 1000), (16, 5, 0), (32, 0, 0))
    assert access.rights_of(DEV, file) == 5
    assert access.execute_denied_by(DEV, file) == ""


def test_list_that_names_others_only_is_not_to_blame() -> None:
    assert access.execute_denied_by(DEV, listed((1, 7, 0), (2, 7, 1001), (4, 5, 0), (16, 7, 0), (32, 0, 0))) == "mode"


@pytest.mark.parametrize(
    ("mode", "user", "reason"),
    [
        (0o755, DEV, ""),
        (0o644, DEV, "mode"),
        (0o644, ROOT, "mode"),
        (0o700, DEV, "owner"),
        (0o750, DEV, "mode"),
        (0o100, ROOT, ""),
    ],
)
def test_modes_alone(mode: int, user: User, reason: str) -> None:
    assert access.execute_denied_by(user, Owned(mode=mode, uid=0, gid=0)) == reason


def test_owner_class_counts_for_the_owner_even_if_others_may_more() -> None:
    assert access.execute_denied_by(DEV, Owned(mode=0o055, uid=1000, gid=0)) == "mode"


def test_closed_directory_is_called_so_and_never_stops_root() -> None:
    closed = Owned(mode=0o700, uid=0, gid=0, directory=True)
    assert access.execute_denied_by(DEV, closed) == "directory"
    assert access.execute_denied_by(ROOT, closed._replace(mode=0)) == ""


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: struct.pack("<I", 2) + tail))
def test_a_list_is_taken_whole_or_not_at_all_and_always_answers(data: bytes) -> None:
    entries = access.parse_acl(data)
    assert len(entries) in (0, (len(data) - 4) // 8)
    assert all(entry.tag in access._NAMES and 0 <= entry.rights <= 7 for entry in entries)
    assert len(access.acl_lines(entries, str, str)) == len(entries)
    file = Owned(mode=0o750, uid=0, gid=0, acl=entries)
    assert (access.execute_denied_by(DEV, file) == "") is bool(access.rights_of(DEV, file) & access.EXECUTE)


def test_other_versions_and_tags_are_no_list() -> None:
    assert access.parse_acl(struct.pack("<I", 3) + packed(*CUT)[4:]) == ()
    assert access.parse_acl(packed((3, 7, 0))) == ()
    assert access.parse_acl(packed((1, 7, 0))) == (AclEntry(1, 7, 0),)
