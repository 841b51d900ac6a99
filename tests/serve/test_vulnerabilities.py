"""A vulnerability database in a proxy: clients get what it says, and what the policy refuses for it is had by no way."""

from __future__ import annotations

import asyncio
import gzip
import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules.policing import Policing
from gosteward.modules.setting_up import Wanted, parts
from gosteward.toolchains.origins.web import Web
from modules.vulnerabilities.module_reports import ModuleReports
from serve.serving import Served, Upstream, proxy, upstream
from serve.test_policing import LIB, NOW, World, go, read_again, versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DENY = '[vulnerable]\nwhen_unknown = "deny"\n'
TOOLCHAIN = "golang.org/toolchain"


class Site:
    """An upstream, a server of a database, and a proxy before both."""

    def __init__(self, world: World, database: Upstream, reports: ModuleReports) -> None:
        self.world, self.database, self.reports = world, database, reports
        self.publish()

    def publish(self) -> None:
        self.database.files = {f"/{name}": content for name, content in self.reports.files().items()}

    def proxy(self, **more: object):
        world = self.world
        return proxy(
            world.top,
            world.behind.url,
            policy=world.file,
            clock=lambda: world.now,
            **{"vulnerabilities": self.database.url, **more},
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with upstream() as behind, upstream() as database:
        world = World(tmp_path, behind)
        for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
            world.add(LIB, version)
        reports = ModuleReports("2026-11-01T00:00:00Z")
        reports.add("GO-2026-0001", LIB, [("1.1.0", "1.2.0")])
        world.policy(DENY)
        yield Site(world, database, reports)


def refreshed(served: Served) -> None:
    asyncio.run_coroutine_threadsafe(served.made.vulnerabilities.refreshed(), served.loop).result(20)


def test_clients_get_the_database_as_it_is(site: Site) -> None:
    site.world.policy("")
    with site.proxy() as served:
        assert site.database.asked == []  # until somebody wants it
        for name, content in site.reports.files().items():
            answer = served.get(f"/vulndb/{name}")
            assert (answer.status, answer.body) == (200, content)
            assert gzip.decompress(served.get(f"/vulndb/{name}.gz").body) == content
        assert served.get("/vulndb/vulndb.zip").body[:2] == b"PK"
        assert served.get("/vulndb/index/db.json", "HEAD").headers["content-length"] == "36"
        assert served.get("/vulndb/ID/GO-2026-0009.json").status == 404
        for odd in (
            "ID/../index/db.json",
            "ID/GO-2026-0001",
            "index/",
            "",
            "ID/%47O-2026-0001.json",
            "vulndb.zip.gz",
            "index/db.json%00",
        ):
            assert served.get(f"/vulndb/{odd}").status == 400
        assert site.database.asked.count("/index/db.json") == 1


def test_age_and_size_of_the_copy_are_told(site: Site) -> None:
    site.world.policy("")
    with site.proxy() as served:
        assert "gosteward_proxy_vulndb_reports 0\n" in served.get("/metrics").body.decode()
        size = len(served.get("/vulndb/vulndb.zip").body)
        assert [served.get(path).status for path in ("/vulndb/x", "/index")] == [400, 200]
        told = served.get("/metrics").body.decode()
        for line in (
            "vulndb_reports 1", f"vulndb_bytes {size}", "vulndb_modified_timestamp_seconds 1793491200.000000",
            f"vulndb_confirmed_timestamp_seconds {site.world.now:.6f}", 'requests_total{kind="vulndb",status="200"} 1',
            'requests_total{kind="vulndb",status="400"} 1', 'requests_total{kind="index",status="200"} 1',
        ):  # fmt: skip
            assert f"gosteward_proxy_{line}\n" in told
        assert "<dt>Vulnerabilities</dt>" in served.get("/-/").body.decode()
        assert "1 份报告" in served.get("/-/?lang=zh").body.decode()


def test_a_version_with_a_vulnerability_is_refused_with_its_id_and_the_fix(site: Site) -> None:
    with site.proxy() as served:
        for suffix in (".zip", ".info"):
            answer = served.get(f"/{LIB}/@v/v1.1.0{suffix}")
            assert answer.status == 403
            assert b"GO-2026-0001 (CVE-2026-0001): Trouble in example.com/lib" in answer.body
            assert b"the next version without a known one is v1.2.0" in answer.body
            assert b'(rule "vulnerable", policy.toml:1)' in answer.body
        assert served.get(f"/{LIB}/@v/v1.1.0.mod").status == 200
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 200
        assert versions(served) == "v1.0.0 v1.2.0"
        assert f"/{LIB}/@v/v1.1.0.zip" not in site.world.behind.asked


def test_another_spelling_of_a_module_has_its_vulnerabilities(site: Site) -> None:
    other = LIB.replace("lib", "!l!i!b")
    site.world.add(other, "v1.1.0")
    with site.proxy() as served:
        assert b"GO-2026-0001" in served.get(f"/{other}/@v/v1.1.0.zip").body
        assert served.get(f"/{other}/@v/v1.1.0.zip").status == 403


def test_go_takes_the_newest_version_without_one(site: Site) -> None:
    site.world.add(LIB, "v1.3.0")
    site.reports.add("GO-2026-0002", LIB, [("1.3.0", "")])
    site.publish()
    with site.proxy() as served:
        assert "GO-2026-0002" in go(site.world, served, "get", f"{LIB}@v1.3.0").stderr
        assert f"added {LIB} v1.2.0" in go(site.world, served, "get", f"{LIB}@latest").stderr


def test_exceptions_and_other_modules_are_not_refused(site: Site) -> None:
    with site.proxy() as served:
        for text in ('except = ["GO-2026-0001"]', 'except = ["CVE-2026-0001"]', 'modules = ["example.org"]'):
            read_again(served, site.world, f"{DENY}{text}\n")
            assert served.get(f"/{LIB}/@v/v1.1.0.info").status == 200
            assert versions(served) == "v1.0.0 v1.1.0 v1.2.0"
        read_again(served, site.world, DENY)
        assert served.get(f"/{LIB}/@v/v1.1.0.info").status == 403
        assert versions(served) == "v1.0.0 v1.2.0"


def test_reports_that_nobody_reviewed_count_unless_the_policy_says_otherwise(site: Site) -> None:
    site.reports.add("GO-2026-0001", LIB, [("0", "")], database_specific={"review_status": "UNREVIEWED"})
    site.publish()
    with site.proxy() as served:
        answer = served.get(f"/{LIB}/@v/v1.0.0.zip")
        assert answer.status == 403
        assert b"no later version is known to be without" in answer.body
        assert served.get(f"/{LIB}/@v/list").status == 403
        read_again(served, site.world, f'{DENY}unreviewed = "allow"\n')
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200


def test_a_new_report_holds_at_once_also_for_what_was_served_before(site: Site) -> None:
    with site.proxy() as served:
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 200
        assert versions(served) == "v1.0.0 v1.2.0"
        site.reports.modified = "2026-11-02T00:00:00Z"
        site.reports.add("GO-2026-0003", LIB, [("1.2.0", "1.2.1")])
        site.publish()
        refreshed(served)
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 403
        assert versions(served) == "v1.0.0"


def test_without_the_database_the_copy_holds_and_a_new_start_has_it(site: Site) -> None:
    with site.proxy():
        pass
    site.database.files.clear()
    with site.proxy() as served:
        assert served.get(f"/{LIB}/@v/v1.1.0.zip").status == 403
        answer = served.get("/vulndb/index/db.json")
        assert answer.status == 200
        assert "stale" in answer.headers["warning"]
        assert served.get("/readyz").status == 200
        assert "404" in served.made.proxy.tally.recent()[0].text


def test_a_copy_that_comes_by_import_alone_is_not_told_as_old(site: Site) -> None:
    with site.proxy():
        pass
    copy = site.world.top / "store/vulndb/vulndb.zip"
    os.utime(copy, (1e9, 1e9))
    with site.proxy(vulnerabilities="store") as served:
        for path in ("index/db.json", "ID/GO-2026-0001.json", "vulndb.zip"):
            answer = served.get(f"/vulndb/{path}")
            assert (answer.status, "warning" in answer.headers) == (200, False)
        assert b"vulndb_confirmed_timestamp_seconds 1000000000" in served.get("/metrics").body


def test_while_nothing_is_known_the_policy_says_what_holds(site: Site) -> None:
    site.database.files.clear()
    with site.proxy() as served:
        for path in (f"/{LIB}/@v/v1.0.0.zip", f"/{LIB}/@v/list"):
            answer = served.get(path)
            assert answer.status == 503
            assert b"no vulnerability database is known yet" in answer.body
        assert served.get("/readyz").status == 503
        assert served.get("/vulndb/index/db.json").status == 502
        read_again(served, site.world, DENY.replace("deny", "allow"))
        assert served.get(f"/{LIB}/@v/v1.1.0.zip").status == 200
        assert served.get("/readyz").status == 200
        read_again(served, site.world, DENY)
        site.publish()
        refreshed(served)
        assert served.get(f"/{LIB}/@v/v1.1.0.zip").status == 403
        assert served.get(f"/{LIB}/@v/v1.0.0.zip").status == 200


def test_a_damaged_copy_and_a_damaged_answer_leave_what_is_known(site: Site) -> None:
    with site.proxy() as served:
        site.reports.modified = "2026-11-02T00:00:00Z"
        site.reports.add("GO-2026-0003", LIB, [("0", "")])
        site.publish()
        site.database.files["/ID/GO-2026-0003.json"] = b'{"id": "GO-2026-0004"}'
        refreshed(served)
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 200
        assert "GO-2026-0004" in served.made.proxy.tally.recent()[0].text
    kept = site.world.top / "store/vulndb/vulndb.zip"
    kept.write_bytes(b"PK" + os.urandom(99))
    site.publish()
    with site.proxy() as served:
        assert served.get(f"/{LIB}/@v/v1.2.0.zip").status == 403


def test_reports_about_go_count_for_toolchains_only_where_that_is_wanted(site: Site) -> None:
    version = "v0.0.1-go1.26.1.linux-amd64"
    site.world.add(TOOLCHAIN, version)
    site.reports.add("GO-2026-0005", "stdlib", [("0", "1.26.2")])
    site.publish()
    with site.proxy() as served:
        assert served.get(f"/{TOOLCHAIN}/@v/{version}.info").status == 200
        read_again(served, site.world, f'{DENY}toolchains = "deny"\n')
        answer = served.get(f"/{TOOLCHAIN}/@v/{version}.info")
        assert answer.status == 403
        assert b"the next version without a known one is go1.26.2" in answer.body


def test_a_policy_that_needs_a_database_does_not_hold_without_one(site: Site) -> None:
    world = site.world
    host = LocalHost({"HOME": str(world.top)})
    wanted = Wanted(f"{world.top}/store", world.behind.url, "off")
    with pytest.raises(UsageError, match="needs a vulnerability database"):
        parts(wanted, Web(host, user_with_id(host, 0)), policy=Policing(str(world.file), lambda: NOW))
    world.policy("")
    with proxy(world.top, world.behind.url, policy=world.file, clock=lambda: NOW) as served:
        read_again(served, world, DENY)
        assert served.made.proxy.policy.policy.vulnerable is None
