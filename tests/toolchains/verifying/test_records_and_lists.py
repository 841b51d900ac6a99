"""What `install` wrote beside a tree helps to judge it, and is believed in nothing that a proof does not show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gosteward.golang.installed_trees import listing_place, record_of
from gosteward.host.local import LocalHost
from gosteward.sumdb import keys
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.transparency import Log as Database
from sumdb.log_server import NAME, Log, serving
from toolchains import goroot_copies
from toolchains.goroot_copies import MODULE, MODULE_VERSION
from toolchains.verifying.logged_tree import ME, Case, changed_file, put, statuses, wrong


def test_a_forged_list_is_not_believed(case: Case) -> None:
    case.installed()
    case.zipped()
    changed_file(case.tree)
    case.list_files()
    found = case.judge()
    assert wrong(found) == (("src/fmt/print.go", "changed"),)
    assert wrong(found, "others") == ()
    shutil.rmtree(case.place / "mod")
    without = case.judge(offline=True)
    assert (wrong(without), wrong(without, "others")) == ((), ())


def test_a_list_that_does_not_fit_a_good_tree_is_told(case: Case) -> None:
    case.installed()
    place = Path(listing_place(str(case.tree)))
    place.write_bytes(place.read_bytes().replace(b" ", b" ", 1)[:-1] + b"x\n")
    assert wrong(case.judge(offline=True), "others") == ()
    place.write_bytes(b"\x00no list")
    assert wrong(case.judge(offline=True), "others") == ()


def test_changes_outside_of_the_log_are_seen_by_the_list(case: Case) -> None:
    put(case.tree / "test/a.go")
    case.installed()
    put(case.tree / "test/a.go", "// worse\n")
    assert wrong(case.judge(), "others") == (("test/a.go", "changed"),)
    shutil.rmtree(case.tree.parent / ".installed")
    assert statuses(case.judge())["others"] == "note"


def test_a_forged_record_proves_nothing(case: Case) -> None:
    case.installed()
    changed_file(case.tree)
    place = Path(record_of(str(case.tree)))
    honest = json.loads(place.read_text())
    forger = Log(3)
    forger.signer = type(forger.signer)(seed=b"2")
    goroot_copies.log_it(forger, case.tree)
    with serving(forger) as url:
        database = Database(
            Web(LocalHost({}), ME), (f"{url}/sumdb/{NAME}",), f"{case.place}/f", f"{case.place}/g", keys.parse(forger.signer.vkey)
        )  # fmt: skip
        honest["proofs"][0]["text"] = database.logged(MODULE, MODULE_VERSION).proof
    place.write_text(json.dumps(honest))
    offline = case.judge(offline=True)
    assert (statuses(offline)["record"], statuses(offline)["log"], offline.exit_code) == ("failed", "not-judged", 1)
    online = case.judge()
    assert (statuses(online)["record"], statuses(online)["log"]) == ("failed", "ok")
    assert wrong(online) == (("src/fmt/print.go", "changed"),)


@pytest.mark.parametrize(
    "record", ["[]", '{"schema": "gosteward.installed/1", "proofs": 3, "version": []}', "[" * 50_000]
)
def test_a_record_that_is_none_is_no_record(case: Case, record: str) -> None:
    case.installed()
    Path(record_of(str(case.tree))).write_text(record)
    assert statuses(case.judge())["files"] == "ok"
