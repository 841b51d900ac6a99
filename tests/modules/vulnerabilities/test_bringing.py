"""Bringing a copy up to date: only what changed is asked for, all is taken or nothing, and it does not matter where the database is."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import StewardError, UsageError
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang.advisories import AdvisoryError
from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules.vulnerabilities import bringing
from gosteward.modules.vulnerabilities.bringing import database, newer
from gosteward.modules.vulnerabilities.snapshot import Snapshot, packed
from gosteward.toolchains.origins.web import Web
from modules.vulnerabilities.module_reports import ModuleReports
from serve.serving import Upstream, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z
LIB = "example.com/lib"


@pytest.fixture
def reports() -> ModuleReports:
    made = ModuleReports("2026-11-01T00:00:00Z")
    made.add("GO-2026-0001", LIB, [("0", "1.2.0")])
    made.add("GO-2026-0002", LIB, [("1.3.0", "")])
    return made


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


def web(top: Path) -> Web:
    host = LocalHost({"HOME": str(top)})
    return Web(host, user_with_id(host, 0))


def serve(behind: Upstream, reports: ModuleReports) -> None:
    behind.asked.clear()
    behind.files = {f"/{name}": content for name, content in reports.files().items()}


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    return {
        name: snapshot.read(name) for name in ("index/modules.json", *(f"ID/{id_}.json" for id_ in snapshot.modified))
    }


def test_server_directory_and_zip_give_the_same_copy(tmp_path: Path, behind: Upstream, reports: ModuleReports) -> None:
    serve(behind, reports)
    reports.write(tmp_path / "db")
    reports.write_zip(tmp_path / "db.zip")
    expected = {
        name: content for name, content in reports.files().items() if name not in ("index/db.json", "index/vulns.json")
    }
    for named in (behind.url, f"{tmp_path}/db", f"{tmp_path}/db.zip", f"file://{tmp_path}/db.zip"):
        found = newer(database(named, web(tmp_path)), None, NOW)
        assert contents(found) == expected
        assert list(found.table().modules) == [LIB]


def test_only_what_changed_is_asked_for(tmp_path: Path, behind: Upstream, reports: ModuleReports) -> None:
    serve(behind, reports)
    source = database(behind.url, web(tmp_path))
    first = newer(source, None, NOW)
    behind.asked.clear()
    assert newer(source, first, NOW) is None
    assert behind.asked == ["/index/db.json"]
    reports.modified = "2026-11-02T00:00:00Z"
    reports.add("GO-2026-0003", LIB, [("0", "")])
    del reports.entries["GO-2026-0001"]
    serve(behind, reports)
    second = newer(source, first, NOW)
    assert (behind.asked[0], behind.asked[3:]) == ("/index/db.json", ["/ID/GO-2026-0003.json"])
    assert sorted(behind.asked[1:3]) == ["/index/modules.json", "/index/vulns.json"]  # at once
    assert sorted(second.modified) == ["GO-2026-0002", "GO-2026-0003"]


def test_many_reports_come_as_one_zip_where_there_is_one(
    tmp_path: Path, behind: Upstream, reports: ModuleReports
) -> None:
    for number in range(bringing.MANY):
        reports.add(f"GO-2025-{number:04}", LIB, [("0", "1.0.0")])
    serve(behind, reports)
    source = database(behind.url, web(tmp_path))
    assert len(newer(source, None, NOW).modified) == bringing.MANY + 2  # one by one
    serve(behind, reports)
    behind.files["/vulndb.zip"] = packed(reports.files())
    assert len(newer(source, None, NOW).modified) == bringing.MANY + 2
    assert not any(path.startswith("/ID/") for path in behind.asked)


def test_an_older_one_and_one_of_times_to_come_are_not_taken(tmp_path: Path, reports: ModuleReports) -> None:
    reports.write(tmp_path / "db")
    source = database(f"{tmp_path}/db", web(tmp_path))
    known = newer(source, None, NOW)
    reports.modified = "2026-10-01T00:00:00Z"
    reports.write(tmp_path / "db")
    assert newer(source, known, NOW) is None
    reports.modified = "2999-10-01T00:00:00Z"
    reports.write(tmp_path / "db")
    with pytest.raises(AdvisoryError, match="times to come"):
        newer(source, known, NOW)


def test_all_is_taken_or_nothing(tmp_path: Path, behind: Upstream, reports: ModuleReports) -> None:
    serve(behind, reports)
    source = database(behind.url, web(tmp_path))
    del behind.files["/ID/GO-2026-0002.json"]
    with pytest.raises(StewardError, match="404"):
        newer(source, None, NOW)
    behind.files["/ID/GO-2026-0002.json"] = b"<html>"
    with pytest.raises(AdvisoryError):
        newer(source, None, NOW).table()


def test_a_zip_that_is_none_is_refused(tmp_path: Path, reports: ModuleReports) -> None:
    file = tmp_path / "db.zip"
    source = database(str(file), web(tmp_path))
    with pytest.raises(UsageError):
        newer(source, None, NOW)
    reports.write_zip(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    with pytest.raises(ArchiveError):
        newer(source, None, NOW)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index/db.json", '{"modified": "2026-11-01T00:00:00Z"}')
    with pytest.raises(AdvisoryError, match="it has no"):
        newer(source, None, NOW)
    files = reports.files()
    del files["ID/GO-2026-0001.json"]
    file.write_bytes(packed(files))
    with pytest.raises(AdvisoryError, match="GO-2026-0001, which is not in it"):
        newer(source, None, NOW)


def test_what_names_no_database_is_refused(tmp_path: Path) -> None:
    assert database("off", web(tmp_path)) is None
    with pytest.raises(UsageError):
        database("vulndb.zip", web(tmp_path))
