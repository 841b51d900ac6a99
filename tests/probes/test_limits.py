"""Limits as pam_limits would give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.host.rooted import RootedHost
from gosteward.probes import limits
from gosteward.snapshot import Limit, User

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1001, groups=(27, 998))
ROOT = User(name="root")
GROUPS = limits.Groups(ids=frozenset({1001, 27, 998}), names=frozenset({"dev", "sudo", "docker"}))
KIB = 1024


def given_lines(*lines: str, user: User = DEV, spare_root: bool = True) -> dict[str, tuple[int, int, int]]:
    """(soft, hard, line) by name."""
    found = limits.effective(limits.parse(lines, "/l"), user, GROUPS, spare_root=spare_root)
    return {x.name: (x.soft, x.hard, x.location.line if x.location else 0) for x in found}


def test_hard_limit_alone_lowers_the_soft_one_and_is_named_by_its_line() -> None:
    assert given_lines("# grid engine", "dev hard as 200000") == {"as": (200000 * KIB, 200000 * KIB, 2)}


def test_user_beats_group_beats_everybody_whatever_the_order() -> None:
    assert given_lines("dev - nproc 1", "@sudo - nproc 2", "* - nproc 3")["nproc"] == (1, 1, 1)
    assert given_lines("@sudo - nproc 2", "* - nproc 3")["nproc"] == (2, 2, 1)
    assert given_lines("* - nproc 3", "* - nproc 4")["nproc"] == (4, 4, 2)


@pytest.mark.parametrize(
    ("domain", "applies"),
    [("1000", False), (":1000", True), ("1000:", True), ("500:1500", True), ("1001:", False), (":999", False), ("@:998", True), ("@1001:", True), ("@1002:", False), ("@docker", True), ("@wheel", False), ("%dev", False), ("x:y", False), (":", False)],
)  # fmt: skip
def test_ranges_of_ids(domain: str, applies: bool) -> None:
    assert bool(given_lines(f"{domain} soft nofile 64")) is applies


def test_units_and_unlimited() -> None:
    found = given_lines("* - nofile 100", "* - fsize 5", "* - data unlimited", "* - stack -1", "* HARD AS Infinity")
    assert found["nofile"][:2] == (100, 100)
    assert found["fsize"][:2] == (5 * KIB, 5 * KIB)
    assert found["data"][:2] == found["stack"][:2] == found["as"][:2] == (-1, -1)


def test_the_hard_side_has_a_line_of_its_own_where_another_one_sets_it() -> None:
    lines = limits.parse(["dev soft as 1000", "dev hard as 2000", "dev - nproc 5"], "/etc/security/limits.conf")
    found = {x.name: x for x in limits.effective(lines, DEV, GROUPS, spare_root=True)}
    assert [(x.location.line, x.hard_location and x.hard_location.line) for x in (found["as"], found["nproc"])] == [
        (1, 2),
        (3, None),
    ]


def test_line_without_limits_ends_them_all() -> None:
    assert given_lines("* - nproc 3", "dev -") == {}
    assert given_lines("* - nproc 3", "other -")["nproc"] == (3, 3, 1)


def test_debian_spares_root_from_lines_for_everybody() -> None:
    assert given_lines("* - nproc 3", "@root - nproc 2", user=ROOT) == {}
    assert given_lines("root - nproc 3", user=ROOT)["nproc"] == (3, 3, 1)
    assert given_lines("* - nproc 3", user=ROOT, spare_root=False)["nproc"] == (3, 3, 1)


def test_files_are_read_in_order_and_only_where_a_service_asks(tmp_path: Path) -> None:
    drop_ins = tmp_path / "etc/security/limits.d"
    drop_ins.mkdir(parents=True)
    (tmp_path / "etc/security/limits.conf").write_text("* - nofile 10\n")
    (drop_ins / "90-b.conf").write_text("#\n* - nofile 30\n")
    (drop_ins / "10-a.conf").write_text("* - nofile 20\n")
    (drop_ins / "99.conf.bak").write_text("* - nofile 40\n")
    host = RootedHost(str(tmp_path))
    assert limits.configured(host, DEV, spare_root=True) == ()
    (tmp_path / "etc/pam.d").mkdir()
    (tmp_path / "etc/pam.d/su").write_text("# session required pam_limits.so\n")
    assert limits.configured(host, DEV, spare_root=True) == ()
    (tmp_path / "etc/pam.d/sshd").write_text("session required pam_limits.so\n")
    (limit,) = limits.configured(RootedHost(str(tmp_path)), DEV, spare_root=True)
    assert limit == Limit(name="nofile", soft=30, hard=30, location=limit.location)
    assert (limit.location.path, limit.location.line) == ("/etc/security/limits.d/90-b.conf", 2)


@given(st.lists(st.text(alphabet="dev@%*:- \tsofthard#0129\x00\udc80", max_size=40), max_size=8))
def test_a_limit_is_named_by_one_of_the_lines_and_never_above_the_hard_one(lines: list[str]) -> None:
    for given_by in (lines, [f"dev - as {line}" for line in lines]):
        for name, (soft, hard, line) in given_lines(*given_by).items():
            assert name in limits.NAMES
            assert 0 <= line <= len(given_by)
            assert hard == limits.UNLIMITED or 0 <= soft <= hard
