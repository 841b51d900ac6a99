"""What is known of releases travels in the snapshot: only what concerns the host, as of its day, and judged alike elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from gosteward.golang.advisories import Advisory, Range
from gosteward.knowledge import release_data
from gosteward.probes import kept_release_data, known_releases
from gosteward.reasoning.known_releases import release_data_of
from gosteward.recording import decode_snapshot, encode_snapshot
from gosteward.redaction import redacted
from gosteward.snapshot import Binary, Context, GoTree, KnownReleases, PathEntry, Snapshot, User
from gosteward.toolchains.refreshed import release_data as kept_data
from toolchains.test_cli import Shell
from toolchains.vulnerability_server import Database

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = release_data.shipped()
NEWER = SHIPPED._replace(
    advisories=SHIPPED.advisories._replace(
        as_of="2027-02-01T00:00:00Z",
        entries=(*SHIPPED.advisories.entries, Advisory("GO-2027-0001", (), ("cmd/go",), (Range("0", "1.27.9"),))),
    )
)


def test_versions_are_those_of_trees_and_of_what_search_paths_find() -> None:
    found = Binary("/usr/bin/go", version="go1.19.8")
    contexts = (Context("bash-login", "login", search_path=(PathEntry("/usr/bin", go=found), PathEntry("/bin"))),)
    trees = (GoTree("/usr/local/go", version="go1.26.8"), GoTree("/opt/go", version=""))
    assert known_releases.versions_of(trees, contexts) == ("go1.26.8", "go1.19.8")


@pytest.mark.parametrize("version", ["go1.26.8", "go1.19.8", "go1.27.4", "go1.27rc1", "gccgo"])
def test_snapshot_holds_what_concerns_its_versions_and_says_the_same_as_the_whole(version: str) -> None:
    known = known_releases.about(NEWER, (version, "go1.25.4"))
    assert all(known_releases.about(NEWER, (version, "go1.25.4")).vulnerabilities)
    assert {one.id for one in known.vulnerabilities} < {one.id for one in NEWER.advisories.entries}
    text = encode_snapshot(Snapshot(releases=known))
    assert len(text) < 200_000
    back = release_data_of(decode_snapshot(json.loads(text)))
    assert back.vulnerabilities_of(version) == NEWER.vulnerabilities_of(version)
    assert back.releases.lines == NEWER.releases.lines
    assert back.as_of == NEWER.as_of


def test_snapshot_of_before_is_judged_by_what_ships() -> None:
    assert release_data_of(decode_snapshot({})) == SHIPPED


def test_entry_with_an_impossible_id_is_passed_over() -> None:
    known = known_releases.about(NEWER, ("go1.26.8",))
    bad = known.vulnerabilities[0]._replace(id="../x")
    found = release_data_of(Snapshot(releases=known._replace(vulnerabilities=(bad, *known.vulnerabilities[1:]))))
    assert len(found.vulnerabilities_of("go1.26.8")) == len(known.vulnerabilities) - 1


def test_a_user_named_like_a_package_changes_nothing_that_is_known() -> None:
    known = known_releases.about(NEWER, ("go1.26.8",))
    assert redacted(Snapshot(user=User(name="crypto"), releases=known)).releases == known


def test_host_without_go_needs_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gosteward.knowledge.advisory_table", raising=False)
    assert known_releases.collect(()) == (KnownReleases(), ())
    assert "gosteward.knowledge.advisory_table" not in sys.modules


def test_kept_data_counts_and_damage_is_a_gap_beside_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setattr(kept_release_data, "state_for", lambda *_: str(state))
    versions = ("go1.26.8",)
    assert known_releases.collect(versions) == (known_releases.about(SHIPPED, versions), ())
    kept_data.keep(NEWER, str(state))
    assert known_releases.collect(versions) == (known_releases.about(NEWER, versions), ())
    (state / kept_release_data.NAME).write_bytes(b"{")
    found, (gap,) = known_releases.collect(versions)
    assert found == known_releases.about(SHIPPED, versions)
    assert gap.field == "releases"
    assert "does not count" in gap.reason


def test_doctor_judges_by_what_refresh_brought(tmp_path: Path) -> None:
    """A root file system whose go is the newest by what ships."""
    newest = SHIPPED.newest_of("go1.27")
    host = tmp_path / "host"
    for name, text in {
        "usr/local/go/VERSION": f"{newest}\n", "usr/local/go/bin/go": "#!/bin/sh\n", "usr/local/go/src/runtime/proc.go": "",
        "bin/bash": "x", "etc/passwd": "root:x:0:0::/root:/bin/bash\n",
        "etc/profile": "export PATH=/usr/local/go/bin:/usr/bin:/bin\n",
    }.items():  # fmt: skip
        (host / name).parent.mkdir(parents=True, exist_ok=True)
        (host / name).write_text(text)
        (host / name).chmod(0o755)
    database = Database("2026-11-20T00:00:00Z")
    database.entry("GO-2027-0001", "cmd/go", "1.27.9", modified="2026-11-20T00:00:00Z")
    database.write(tmp_path / "database")
    doctor = f"doctor --root {tmp_path}/host --only GS413 --format json"
    shell = Shell(tmp_path)
    before, refresh, after, _ = shell.run(
        doctor, f"refresh --from {tmp_path}/database", doctor, f"snapshot --root {tmp_path}/host -o {tmp_path}/s.json"
    )
    assert refresh.code == 0, refresh.said
    assert json.loads(before.said)["findings"] == []
    (found,) = json.loads(after.said)["findings"]
    assert f"known vulnerabilities of {newest} (/usr/local/go/bin/go): 1, 1 of them" in found["message"]
    assert (found["severity"], after.code) == ("warning", before.code)
    (again,) = shell.run(f"doctor --snapshot {tmp_path}/s.json --only GS413 --format json")
    assert json.loads(again.said)["findings"] == [found]
