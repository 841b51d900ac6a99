"""Nothing that a tree holds can harm who looks at it, keep them waiting, or choose who judges it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.host import tree_hashing
from gosteward.host.local import LocalHost
from gosteward.sumdb import keys
from gosteward.toolchains.origins import settings
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.verifying import manifests
from sumdb.log_server import NAME
from toolchains.verifying.logged_tree import ME, Case, put, statuses, wrong

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_nothing_in_a_tree_makes_us_wait_or_leave_it(case: Case) -> None:
    case.installed()
    os.mkfifo(case.tree / "src/fmt/pipe")
    (case.tree / "src/out").symlink_to("/proc")
    put(case.tree / "src/\x1b]0;x\x07\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"))
    put(case.tree / "src/two\nlines.go")
    with (case.tree / "src/huge.go").open("w") as file:
        file.truncate(1 << 40)
    deep = case.tree / "src"
    for _ in range(70):
        deep /= "d"
    deep.mkdir(parents=True)
    found = dict(wrong(case.judge(offline=True)))
    assert (found["src/fmt/pipe"], found["src/out"], found["src/huge.go"]) == ("special", "link", "too large")
    assert {"name", "too deep", "extra"} <= set(found.values())


def test_a_version_file_is_never_read_to_its_end(case: Case) -> None:
    with (case.tree / "VERSION").open("w") as file:
        file.truncate(1 << 40)
    assert statuses(case.judge()) == {"log": "not-judged"}
    put(case.tree / "VERSION")
    (case.tree / "VERSION").unlink()
    os.mkfifo(case.tree / "VERSION")
    assert statuses(case.judge()) == {"log": "not-judged"}


def test_a_tree_without_an_end_is_cut(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        (case.tree / f"src/empty/{number}").mkdir(parents=True)
    monkeypatch.setattr(tree_hashing, "MOST_FILES", 100)
    assert statuses(case.judge()) == {"files": "failed"}
    monkeypatch.setattr(tree_hashing, "MOST_FILES", 10)
    assert statuses(case.judge()) == {"files": "failed"}
    monkeypatch.undo()
    monkeypatch.setattr(tree_hashing, "MOST_BYTES", 10)
    assert statuses(case.judge()) == {"files": "failed"}


def test_a_tree_does_not_name_the_log_that_judges_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = case.log.signer.vkey
    monkeypatch.setattr(settings, "TREES", (str(case.tree),))
    put(case.tree / "go.env", f"GOSUMDB={own}\nGOPROXY={case.url}\n")
    me, web = ME._replace(home=str(tmp_path)), Web(LocalHost({}), ME)

    def believed(**environ: str) -> tuple[str, bool]:
        log = manifests.trusted_log(LocalHost({"HOME": str(tmp_path), **environ}), me, web)
        return log.key.name, log.bases[0].startswith(case.url)

    public = keys.parse(keys.PUBLIC_DATABASE).name
    assert believed() == (public, True)
    assert believed(GOSUMDB="off") == (public, True)
    assert believed(GOSUMDB=own) == (NAME, True)
    put(tmp_path / ".config/go/env", f"GOSUMDB={own}\n")
    assert believed() == (NAME, True)
