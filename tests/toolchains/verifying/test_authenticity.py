"""A spoiled tree is named as such, file by file; a good one is never blamed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.golang.tree_comparison import Difference
from gosteward.host.local import LocalHost
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.transparency import Log as Database
from gosteward.toolchains.verifying import authenticity, manifests
from gosteward.toolchains.verifying.checks import Check, Verified
from toolchains import goroot_copies
from toolchains.goroot_copies import GOROOT, MODULE, MODULE_VERSION, VERSION
from toolchains.verifying.logged_tree import ME, Case, changed_file, foreign_archive, put, removed_file, statuses, wrong

if TYPE_CHECKING:
    from collections.abc import Callable

PROOF = Path(__file__).parents[2] / f"sumdb/data/golang.org-toolchain@{MODULE_VERSION}.tlog-proof"


def added_file(tree: Path) -> None:
    put(tree / "src/fmt/evil.go", "package fmt\n")


def program_beside_go(tree: Path) -> None:
    put(tree / "bin/gcc", "#!/bin/sh\n", 0o755)


def link_instead_of_file(tree: Path) -> None:
    (tree / "src/fmt/print.go").rename(tree.parent / "print.go")
    (tree / "src/fmt/print.go").symlink_to(tree.parent / "print.go")


def link_instead_of_directory(tree: Path) -> None:
    (tree / "src/fmt").rename(tree.parent / "fmt")
    (tree / "src/fmt").symlink_to(tree.parent / "fmt")


def files_of_another_release(tree: Path) -> None:
    put(tree / "VERSION", "go1.26.7\ntime 2026-08-01T00:00:00Z\n")
    put(tree / "src/fmt/old.go", "package fmt\n")


FAULTS: list[tuple[Callable[[Path], None], tuple[tuple[str, str], ...]]] = [
    (changed_file, (("src/fmt/print.go", "changed"),)),
    (added_file, (("src/fmt/evil.go", "extra"),)),
    (removed_file, (("src/fmt/scan.go", "missing"),)),
    (foreign_archive, (("pkg/linux_amd64/fmt.a", "extra"),)),
    (program_beside_go, (("bin/gcc", "extra"),)),
    (link_instead_of_file, (("src/fmt/print.go", "link"),)),
    (link_instead_of_directory, (("src/fmt", "link"),)),
    (files_of_another_release, (("VERSION", "changed"), ("src/fmt/old.go", "extra"))),
]


@pytest.mark.parametrize(("spoil", "names"), FAULTS, ids=[spoil.__name__ for spoil, _ in FAULTS])
def test_each_bad_file_is_named_offline_by_the_kept_list(
    case: Case, spoil: Callable[[Path], None], names: tuple[tuple[str, str], ...]
) -> None:
    case.installed()
    spoil(case.tree)
    case.log.asked.clear()
    found = case.judge(offline=True)
    assert (wrong(found), found.exit_code, case.log.asked) == (names, 1, [])


@pytest.mark.parametrize("spoil", [changed_file, removed_file, foreign_archive])
def test_without_a_list_the_module_zip_names_the_bad_files(case: Case, spoil: Callable[[Path], None]) -> None:
    names = dict(FAULTS)[spoil]
    case.zipped()
    spoil(case.tree)
    assert wrong(case.judge()) == names


def test_the_zip_is_fetched_where_it_is_not_at_hand(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "cache_for", lambda _environ, _home: f"{case.place}/own")
    goroot_copies.zip_it(case.tree, case.place / "toolchain.zip")
    folder = f"/{MODULE}/@v/{MODULE_VERSION}"
    case.log.files[f"{folder}.info"] = json.dumps({"Version": MODULE_VERSION}).encode()
    case.log.files[f"{folder}.zip"] = (case.place / "toolchain.zip").read_bytes()
    changed_file(case.tree)
    assert wrong(case.judge()) == (("src/fmt/print.go", "changed"),)


def test_without_any_list_it_is_still_no_release(case: Case) -> None:
    changed_file(case.tree)
    foreign_archive(case.tree)
    found = case.judge()
    assert wrong(found) == (("pkg/linux_amd64/fmt.a", "extra"),)
    assert "is not known" in str(found.check("files"))


def test_a_good_tree_is_the_release_and_nothing_is_left_to_say(case: Case) -> None:
    case.installed()
    found = case.judge(offline=True)
    assert statuses(found) == {"log": "ok", "files": "ok", "modes": "ok", "others": "ok"}
    assert found.exit_code == 0
    shutil.rmtree(case.tree.parent / ".installed")
    assert statuses(case.judge()) == {"log": "ok", "files": "ok", "modes": "ok"}


def test_a_tampered_log_is_a_failure_and_a_silent_one_is_none(case: Case) -> None:
    case.log.tampered = lambda _, answer: answer._replace(body=answer.body.replace(b"h1:", b"h1:A"))
    assert statuses(case.judge()) == {"log": "failed", "modes": "ok"}
    case.log.tampered = lambda _, answer: answer._replace(status=404, body=b"")
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "not-judged", "modes": "ok"}, 3)


@pytest.mark.parametrize(
    "version", ["devel go1.28-abcdef0123", "go1.20.14", "go1.26.8 (Red Hat 1.26.8-1.el9)", "", "\x1b[31m"]
)
def test_what_no_log_has_is_not_judged(case: Case, version: str) -> None:
    put(case.tree / "VERSION", f"{version}\n")
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "not-judged"}, 3)


def test_trees_of_the_module_cache_are_judged_like_others(case: Case) -> None:
    tree = case.place / f"golang.org/toolchain@{MODULE_VERSION}"
    tree.parent.mkdir()
    case.tree.rename(tree)
    for file in goroot_copies.files_of(tree):
        if file.endswith("go.mod"):
            (tree / file).rename((tree / file).with_name("_go.mod"))
        (tree / (file if not file.endswith("go.mod") else f"{file[:-6]}_go.mod")).chmod(0o444)
    fresh = case._replace(tree=tree).judge()
    assert (statuses(fresh), fresh.exit_code) == ({"log": "ok", "files": "ok", "modes": "note"}, 0)
    for file in goroot_copies.files_of(tree):  # what go does when it first runs it
        if file.startswith(("bin/", "pkg/tool/")) or file.endswith("_exec"):
            (tree / file).chmod(0o555)
        if file.endswith("/_go.mod"):
            shutil.copyfile(tree / file, (tree / file).with_name("go.mod"))
    assert statuses(case._replace(tree=tree).judge()) == {"log": "ok", "files": "ok", "modes": "ok"}


def test_the_real_release_equals_the_real_log_without_a_network(tmp_path: Path) -> None:
    tree = tmp_path / VERSION
    tree.symlink_to(GOROOT)
    host = LocalHost({})
    text = PROOF.read_text()
    goroot = goroots.goroot_at(host, str(tree))._replace(record={"proofs": [{"kind": "log", "text": text}]})
    web = Web(host, ME, offline=True)
    asking = authenticity.Asking(host, ME, web, Database(web, (), f"{tmp_path}/s", f"{tmp_path}/c"))
    _, checks = authenticity.judged(goroot, asking)
    files = next(check for check in checks if check.name == "files")
    patched = any(check.name == "go.env" for check in checks)
    assert (files.status, files.total) == ("ok", 11518 - patched)


def test_a_failure_counts_more_than_what_could_not_be_judged() -> None:
    from gosteward.finding import Text

    def code(*found: str) -> int:
        return Verified("", "", "", tuple(Check(status, status, Text("")) for status in found)).exit_code

    assert (code("ok", "note"), code("ok", "not-judged"), code("failed", "not-judged")) == (0, 3, 1)
    assert Difference("a", "extra") in Check("x", "failed", Text("")).naming((Difference("a", "extra"),)).files


def test_what_a_distribution_built_is_not_blamed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goroots, "owner_of", lambda _host, _goroot: "golang-1.26-go 1.26.8-1")
    changed_file(case.tree)
    (case.tree / "src/make.bash").chmod(0o644)
    found = case.judge()
    assert (statuses(found), found.exit_code) == ({"log": "ok", "files": "not-judged"}, 3)
    assert "golang-1.26-go" in str(found.check("files"))
    put(case.tree / "VERSION", "go1.20.1\n")
    assert statuses(case.judge()) == {"log": "not-judged"}


def test_a_user_who_may_not_read_all_of_it_blames_nobody(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.installed()
    opened = os.open

    def closed(path: str, *more: int, dir_fd: int | None = None) -> int:
        if path == "print.go":
            raise PermissionError(13, "Permission denied")
        return opened(path, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", closed)  # root may read everything
    found = case.judge(offline=True)
    assert (statuses(found)["files"], found.check("files").files) == (  # type: ignore[union-attr]
        "not-judged",
        (Difference("src/fmt/print.go", "unreadable"),),
    )
