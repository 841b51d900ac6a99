"""Release data from real servers, directories, bundles: what is newer counts, what lies or fails leaves what is known as it was."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import DecodeError, StewardError, UsageError
from gosteward.formats import stored_members
from gosteward.golang.platforms import Platform
from gosteward.host.local import LocalHost
from gosteward.knowledge import release_data, release_document
from gosteward.settings import Settings
from gosteward.snapshot import User
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.refreshed import refreshing
from gosteward.toolchains.refreshed import release_data as kept_data
from gosteward.toolchains.refreshed.refreshing import Refreshed, Site
from toolchains.file_server import FileServer, file_server
from toolchains.godev_server import godev_server, toolchain_proxy
from toolchains.small_release import small_release
from toolchains.test_cli import Shell
from toolchains.vulnerability_server import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHIPPED = release_data.shipped()
NOW = "2027-03-01T00:00:00Z"
NEWER, CHANGED = "GO-2027-0001", "GO-2026-6601"


@pytest.fixture
def database() -> Database:
    made = Database("2027-02-01T00:00:00Z")
    made.entry(NEWER, "cmd/go", "1.27.9", modified="2027-01-31T00:00:00Z")
    made.entry(CHANGED, "cmd/go", "1.27.5", modified="2027-01-31T00:00:00Z")
    made.entry("GO-2026-6602", "cmd/go", "1.99.9", modified="2026-10-01T00:00:00Z")  # not changed, so not asked for
    return made


@pytest.fixture
def server(database: Database) -> Iterator[FileServer]:
    with file_server() as served:
        publish(served, database)
        yield served


def publish(server: FileServer, database: Database) -> None:
    server.files.update({f"/{name}": content for name, content in database.files().items()})


def site(*, only_sources: bool = False, sources: tuple[str, ...] = (), offline: bool = False, **environ: str) -> Site:
    host = LocalHost({"GOENV": "off", **environ})
    me = User(name="me", uid=os.geteuid(), gid=os.getegid(), home="/nonexistent")
    settings = Settings(sources=sources, only_sources=only_sources)
    return Site(host, me, Web(host, me, offline=offline), settings, Platform("amd64"), NOW)


def states(found: Refreshed) -> dict[str, str]:
    return {part.name: part.state for part in found.parts}


def asked(server: FileServer) -> list[str]:
    return sorted(path for path, _ in server.asked)


def test_only_what_is_new_or_changed_is_asked_for(server: FileServer) -> None:
    found = refreshing.refreshed(SHIPPED, server.url, site())
    assert states(found) == {"advisories": "newer"}
    assert [path for path in asked(server) if path.startswith("/ID/")] == [f"/ID/{CHANGED}.json", f"/ID/{NEWER}.json"]
    assert found.data.advisories.as_of == "2027-02-01T00:00:00Z"
    names = [one.name for one in found.data.vulnerabilities_of("go1.27.4")]
    assert names == ["CVE-2027-0001", "CVE-2026-6601"]
    assert found.data.repaired_by("go1.27.4", found.data.vulnerabilities_of("go1.27.4")) == "go1.27.9"
    assert len(found.data.advisories.entries) == len(SHIPPED.advisories.entries) + 1
    server.asked.clear()
    assert states(refreshing.refreshed(found.data, server.url, site())) == {"advisories": "same"}
    assert "/index/modules.json" not in asked(server)


def test_withdrawn_entry_counts_no_more_and_does_not_come_back_with_what_ships(
    server: FileServer, database: Database
) -> None:
    database.entry(CHANGED, "cmd/go", "1.27.5", modified="2027-01-31T00:00:00Z", withdrawn="2027-01-31T00:00:00Z")
    publish(server, database)
    found = refreshing.refreshed(SHIPPED, server.url, site()).data
    again = release_data.merged(SHIPPED, release_document.parse(release_document.written(found)))
    assert CHANGED in {one.id for one in SHIPPED.vulnerabilities_of("go1.26.8")}
    assert CHANGED not in {one.id for one in again.vulnerabilities_of("go1.26.8")}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("index/db.json", b"<html>log in</html>"),
        ("index/db.json", b'{"modified": "9999-01-01T00:00:00Z"}'),
        ("index/modules.json", b'[{"path": "stdlib", "vulns": [{"id": "../../x", "modified": "2027-01-31T00:00:00Z"}]}]'),
        ("index/modules.json", None),
        (f"ID/{NEWER}.json", None),
        (f"ID/{NEWER}.json", b'{"id": "GO-2027-0002"}'),
        (f"ID/{NEWER}.json", b"[" * 50_000),
    ],
)  # fmt: skip
def test_database_that_lies_or_fails_leaves_what_is_known(server: FileServer, path: str, content: bytes | None) -> None:
    if content is None:
        del server.files[f"/{path}"]
    else:
        server.files[f"/{path}"] = content
    with pytest.raises(StewardError, match="it has no release data"):
        refreshing.refreshed(SHIPPED, server.url, site())
    found = refreshing.refreshed(SHIPPED, "", site(GOVULNDB=server.url, GOPROXY="off"))
    assert (found.data, found.is_newer, found.has_failed) == (SHIPPED, False, True)


def test_database_without_an_end_is_given_up(server: FileServer) -> None:
    lines = [{"id": f"GO-2027-{number:04}", "modified": "2027-01-31T00:00:00Z"} for number in range(1001)]
    server.files["/index/modules.json"] = json.dumps([{"path": "stdlib", "vulns": lines}]).encode()
    with pytest.raises(StewardError, match="1001 entries"):
        refreshing.refreshed(SHIPPED, server.url, site())
    assert not [path for path in asked(server) if path.startswith("/ID/")]
    server.files["/index/modules.json"] = json.dumps([{"path": "stdlib", "vulns": lines[:200]}]).encode()
    for line in lines[:200]:
        server.files[f"/ID/{line['id']}.json"] = json.dumps({"id": line["id"], "details": "x" * 900_000}).encode()
    with pytest.raises(StewardError, match="more than 16777216 bytes"):
        refreshing.refreshed(SHIPPED, server.url, site())
    assert len([path for path in asked(server) if path.startswith("/ID/")]) < 40


def test_what_could_not_be_read_again_is_not_kept(tmp_path: Path) -> None:
    one = SHIPPED.advisories.entries[0]
    entries = tuple(one._replace(id=f"GO-2027-{number:04}") for number in range(5001))
    with pytest.raises(DecodeError, match="too much"):
        kept_data.keep(
            SHIPPED._replace(advisories=SHIPPED.advisories._replace(entries=entries)), str(tmp_path / "state")
        )
    assert not (tmp_path / "state").exists()


def test_database_may_be_a_directory_as_govulndb_names_it(database: Database, tmp_path: Path) -> None:
    database.write(tmp_path)
    for found in (
        refreshing.refreshed(SHIPPED, str(tmp_path), site()),
        refreshing.refreshed(SHIPPED, "", site(GOVULNDB=tmp_path.as_uri(), GOPROXY="off", offline=True)),
    ):
        assert found.data.advisories.as_of == database.modified
    assert states(found) == {"releases": "failed", "advisories": "newer"}
    with pytest.raises(UsageError, match="there is no release data in it"):
        refreshing.refreshed(SHIPPED, str(tmp_path / "ID"), site())


def test_releases_come_from_the_lists_of_proxies_and_the_months_of_new_lines_from_their_first_release() -> None:
    made = [small_release(version) for version in ("go1.26.90", "go1.28.1", "go1.28.0")]
    with toolchain_proxy(*made) as proxy, godev_server(small_release("go1.27.91")) as dev:
        about = proxy.path(made[2], "info")
        proxy.files[about] = json.dumps({"Version": made[2].module_version, "Time": "2027-02-09T20:00:00Z"}).encode()
        found = refreshing.refreshed(SHIPPED, "", site(GOPROXY=proxy.url, sources=(dev.url,), only_sources=False))
        lines = {line.minor: line for line in found.data.releases.lines}
        assert [lines[minor].newest for minor in (26, 27, 28)] == ["go1.26.90", "go1.27.91", "go1.28.1"]
        assert (lines[28].released, lines[26].ended, lines[27].ended) == ("2027-02", "2027-02", "")
        assert found.data.ended("go1.26.90") == "2027-02"


def test_settings_without_other_sources_keep_the_public_database_out(server: FileServer) -> None:
    found = refreshing.refreshed(SHIPPED, "", site(only_sources=True, sources=(server.url,)))
    assert states(found) == {"releases": "failed", "advisories": "same"}
    named = refreshing.refreshed(SHIPPED, "", site(only_sources=True, GOVULNDB=server.url))
    assert states(named)["advisories"] == "newer"


def test_document_travels_by_server_directory_and_bundle(server: FileServer, tmp_path: Path) -> None:
    newer = refreshing.refreshed(SHIPPED, server.url, site()).data
    name, content = refreshing.bundled(newer)
    server.files["/site/release-data.json"] = content
    (tmp_path / "release-data.json").write_bytes(content)
    for source in (f"{server.url}/site/release-data.json", str(tmp_path), str(tmp_path / "release-data.json")):
        found = refreshing.refreshed(SHIPPED, source, site())
        assert (found.data, states(found)) == (newer, {"releases": "same", "advisories": "newer"})
    assert name == "tables/release-data.json"
    assert stored_members.header(name, len(content))
    ahead = newer._replace(advisories=newer.advisories._replace(as_of="9999-01-01T00:00:00Z"))
    (tmp_path / "release-data.json").write_bytes(release_document.written(ahead))
    with pytest.raises(DecodeError, match="of times to come"):
        refreshing.refreshed(SHIPPED, str(tmp_path), site())


def test_the_commands_as_they_are_typed(tmp_path: Path, server: FileServer) -> None:
    release = small_release("go1.26.90")
    # Later than what ships, and not to come: whatever day the table is of.
    as_of, day = f"{SHIPPED.advisories.as_of[:11]}23:59:59Z", SHIPPED.advisories.as_of[:10]
    with toolchain_proxy(release) as proxy:
        shell = Shell(tmp_path, GOPROXY=proxy.url, GOSUMDB=proxy.vkey, GOVULNDB=server.url)
        at, bundle = f"--root {shell.root}", tmp_path / "go.bundle"
        server.files["/index/db.json"] = json.dumps({"modified": as_of}).encode()
        found = shell.run(
            f"install 1.26.90 {at} --no-links", f"list {at}", "refresh", "refresh --format json", f"list {at}",
            f"bundle create {bundle} 1.26.90", f"list {at} --format json", f"refresh --from {tmp_path}", "refresh --offline",
            "refresh --key /etc/passwd", f"list {at} --uses", "available",
        )  # fmt: skip
        inside = shell.run(f"refresh --from {bundle} --offline --lang zh", f"refresh --from {bundle} --format json")
    said = [ran.said for ran in found]
    assert [ran.code for ran in found] == [0, 0, 0, 0, 0, 0, 0, 2, 75, 3, 0, 0], said
    assert said[1].split("\n")[1] == f"as of {SHIPPED.as_of}; `gosteward refresh` asks for what is newer"
    count = len(SHIPPED.advisories.entries) + 1
    assert f"vulnerabilities: as of {day}; {count} are known, 2 of them new or changed\nkept in " in said[2]
    assert json.loads(said[3])["parts"][1]["state"] == "same"
    line, dated = said[4].split("\n")[:2]
    assert (
        line
        == "* go1.26.90    log            supported, known vulnerabilities: CVE-2027-0001, CVE-2026-6601; repaired in go1.27.9"
    )
    assert dated.startswith(f"as of {day}; ")
    document = json.loads(said[6])
    assert document["release_data"]["advisories"] == {"as_of": as_of, "source": server.url}
    assert document["trees"][0]["vulnerabilities"] == ["CVE-2027-0001", "CVE-2026-6601"]
    assert said[10].startswith(line)
    assert "go1.26.90    supported, known vulnerabilities: CVE-2027-0001" in said[11]
    assert [ran.code for ran in inside] == [0, 0], inside
    assert day in inside[0].said
