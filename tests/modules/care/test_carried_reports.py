"""A vulnerability database in an export: it comes over whole, by a key or by the user's word, and never makes a store older by itself."""

from __future__ import annotations

import asyncio
import json
import tarfile
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import StewardError
from gosteward.modules.care.carried_reports import OLDER, TAKEN, UNSIGNED, to_carry
from gosteward.modules.care.export_file import earlier_at
from gosteward.modules.care.export_manifest import REPORTS
from gosteward.modules.care.exporting import NOTHING, export, there_by
from gosteward.modules.care.importing import import_file
from gosteward.modules.care.taken_exports import Trust
from gosteward.modules.vulnerabilities.snapshot import kept
from gosteward.sumdb import signing
from modules.care.stores import Published, looked_after, outside, ran, stored, web
from modules.care.test_carrying import rewritten
from modules.vulnerabilities.module_reports import ModuleReports
from serve.serving import proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gosteward.modules.care.exporting import LeftOut

KEY = signing.made("build.example", b"1" * 32)
SIGNED, BY_WORD, AGAIN = Trust((KEY.key,)), Trust(unsigned=True), Trust((KEY.key,), out_of_order=True)
OLD, NEW = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


def carry(top: Path, published: Published, modified: str, there: LeftOut = NOTHING) -> Path:
    """A signed export of an empty store, with a database."""
    reports = ModuleReports(modified)
    reports.add("GO-2026-0001", "example.com/lib", [("0", "1.2.0")])
    reports.write_zip(top / f"{modified}.zip")
    store = top / "outside"
    found = to_carry(str(store), str(top / f"{modified}.zip"), web(top), there.reports, time.time())
    path = top / f"{modified}.tar"
    export(looked_after(store, published), str(path), there, replace=True, signer=KEY, reports=found)
    return path


def as_of(store: Path) -> str:
    found = kept(str(store))
    return found.as_of if found is not None else ""


def test_it_comes_over_by_a_key_and_an_older_one_only_where_that_is_said(published: Published, tmp_path: Path) -> None:
    old, new = carry(tmp_path, published, OLD), carry(tmp_path, published, NEW)
    inside = looked_after(tmp_path / "inside", published)
    for path, trust, outcome, there in ((new, SIGNED, TAKEN, NEW), (old, AGAIN, TAKEN, OLD), (new, AGAIN, TAKEN, NEW)):
        came = import_file(inside, str(path), trust=trust)
        assert (came.reports.outcome, came.exit_code, as_of(tmp_path / "inside")) == (outcome, 0, there)
    assert import_file(inside, str(old), trust=BY_WORD).reports.outcome == OLDER
    assert as_of(tmp_path / "inside") == NEW


def test_without_a_key_it_comes_only_by_the_users_word(published: Published, tmp_path: Path) -> None:
    path, store = carry(tmp_path, published, OLD), tmp_path / "inside"
    words = ("import", path, "--store", store, "--sumdb", published.vkey, "--format", "json")
    for more, outcome, code in (((), UNSIGNED, 1), (("--unsigned",), TAKEN, 0)):
        found = ran(*words, *more)
        assert (found.returncode, json.loads(found.stdout)["vulnerabilities"]["outcome"]) == (code, outcome)
        assert bool(as_of(store)) is not code


def test_what_the_other_side_has_is_left_out(published: Published, tmp_path: Path) -> None:
    first = carry(tmp_path, published, OLD)
    there = there_by([earlier_at(str(first))])
    for modified, carried in ((OLD, False), (NEW, True)):
        with tarfile.open(carry(tmp_path, published, modified, there)) as archive:
            assert (REPORTS in archive.getnames()) is carried
    said = ran("export", tmp_path / "x.tar", "--store", tmp_path / "outside", "--sumdb", "off", "--format", "json")
    assert json.loads(said.stdout)["vulnerabilities"] == NEW  # the copy that the store has by now
    none = ran("export", tmp_path / "y.tar", "--store", tmp_path / "outside", "--sumdb", "off", "--vulndb", "off")
    assert "vulnerability" not in none.stdout


def damaged(members: dict[str, bytes], _: list[dict[str, object]]) -> None:
    members[REPORTS] = members[REPORTS][:-1] + b"x"


def no_database(members: dict[str, bytes], lines: list[dict[str, object]]) -> None:
    members[REPORTS] = b"PK\3\4 not a database"
    digest = sha256(members[REPORTS]).hexdigest()
    lines[-1].update(size=len(members[REPORTS]), sha256=digest)


ATTACKS: dict[str, Callable[[dict[str, bytes], list[dict[str, object]]], None]] = {
    "a changed byte": damaged,
    "no database": no_database,
    "another time": lambda _, lines: lines[-1].update(vulnerabilities="2026-11-01T00:00:01Z"),
    "a time to come": lambda _, lines: lines[0].update(taken_at="2026-10-01T00:00:00Z"),
    "twice": lambda _, lines: lines.append(lines[-1]),
    "not named": lambda _, lines: lines.pop() and None,
    "not there": lambda members, _: members.pop(REPORTS) and None,
    "another size": lambda _, lines: lines[-1].update(size=5),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_of_an_export_with_a_bad_database_nothing_comes(published: Published, tmp_path: Path, attack: str) -> None:
    (tmp_path / "bad.tar").write_bytes(rewritten(carry(tmp_path, published, OLD), ATTACKS[attack]))
    with pytest.raises(StewardError):
        import_file(looked_after(tmp_path / "inside", published), str(tmp_path / "bad.tar"), trust=BY_WORD)
    assert (as_of(tmp_path / "inside"), stored(tmp_path / "inside")) == ("", {})


def test_a_service_without_a_database_serves_what_is_imported_meanwhile(published: Published, tmp_path: Path) -> None:
    old, new = carry(tmp_path, published, OLD), carry(tmp_path, published, NEW)
    inside = looked_after(tmp_path / "store", published)
    with proxy(tmp_path, "off", vulnerabilities="store") as served:
        answer = served.get("/vulndb/index/db.json")
        assert (answer.status, b"`gosteward proxy import` brings one" in answer.body) == (502, True)
        for path, modified in ((new, NEW), (old, OLD)):
            import_file(inside, str(path), trust=AGAIN)
            asyncio.run_coroutine_threadsafe(served.made.vulnerabilities.refreshed(), served.loop).result(20)
            answer = served.get("/vulndb/index/db.json")
            assert (json.loads(answer.body)["modified"], "warning" in answer.headers) == (modified, False)
        assert "gosteward_proxy_vulndb_reports 1\n" in served.get("/metrics").body.decode()
