"""What is built from the logged sources is the official release, or is not installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from gosteward.errors import UsageError
from gosteward.toolchains.proving.proofs import MismatchError
from toolchains import test_cli
from toolchains.source_builds.works import VERSION, Works, fake_go
from toolchains.source_release import BUILDER, source_release
from toolchains.test_cli import Shell


def test_what_is_built_from_the_logged_sources_is_the_official_release_and_is_installed(works: Works) -> None:
    result = works.build()
    assert (result.version, result.in_use, result.builders) == (
        VERSION,
        VERSION,
        (BUILDER.joinpath("VERSION").read_text().split()[0],),
    )
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]
    assert result.files == len(works.release.module_files)
    ran = subprocess.run([works.site.bin / "go", "version"], capture_output=True, text=True, check=True)
    assert ran.stdout == "go version go1.26.90 linux/amd64\n"
    tree = works.site.root / VERSION
    there = {str(f.relative_to(tree)): f.read_bytes() for f in tree.rglob("*") if f.is_file()}
    assert there == {
        name: content
        for name, content in works.release.files.items()
        if not name.startswith(("api/", "doc/", "misc/", "test/"))
    }
    record = json.loads((works.site.root / f".installed/{VERSION}.json").read_text())
    assert (record["proofs"][0]["value"], record["unverified_reason"]) == (works.release.h1, "")


def test_a_build_leaves_its_log_and_undo_leaves_nothing_else(works: Works) -> None:
    before = works.site.names()
    result = works.build()
    assert works.left() == ["lock"]
    assert result.log == str(works.logs()[0])
    assert "Building packages and commands for linux/amd64.\n" in Path(result.log).read_text()
    assert all(not undone.reason for undone in works.site.undo())
    assert works.site.names() == before


def test_a_build_that_differs_from_what_the_log_names_installs_nothing_and_names_the_files(works: Works) -> None:
    lying = source_release("go1.26.91", works.place, **{"pkg/tool/linux_amd64/asm": b"# another\n"})
    works.publish(lying)
    with pytest.raises(MismatchError, match=r"pkg/tool/linux_amd64/asm \(changed\)") as caught:
        works.build("1.26.91")
    assert lying.h1 in str(caught.value)
    assert works.site.names() == []
    assert works.left() == ["lock"]


def test_what_is_installed_already_is_not_built_over(works: Works) -> None:
    works.site.install("1.26.90")
    with pytest.raises(UsageError, match="installed already"):
        works.build()


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real Go, where the places that a shell of the tests has anew do not hide it."""
    if os.geteuid() != 0:
        return BUILDER
    place = tmp_path / "builder"
    place.mkdir()
    monkeypatch.setattr(test_cli, "PLACES", f"mount --bind {BUILDER} {place}; {test_cli.PLACES}")
    return place


def test_the_command_says_what_was_built_and_how_a_build_failed(works: Works, tmp_path: Path, builder: Path) -> None:
    works.publish(source_release("go1.26.91", works.place, before="printf 'it is \\033[31mred'; exit 3"))
    shell = Shell(tmp_path, GOPROXY=works.proxy.url, GOSUMDB=works.proxy.vkey)
    at = f"--root {shell.root} --bootstrap {builder}"
    built, listed, failed, undone, old = shell.run(
        f"build 1.26.90 {at}", f"verify {shell.root}/go1.26.90 --files-only", f"build 1.26.91 {at} --format json", "undo --yes",
        f"build 1.26.90 {at} --bootstrap {fake_go(tmp_path / 'old', 'echo go version go1.21.3 linux/amd64')}",
    )  # fmt: skip
    assert [ran.code for ran in (built, listed, failed, undone, old)] == [0, 0, 1, 0, 2], (
        built,
        listed,
        failed,
        undone,
        old,
    )
    assert re.search(r"\[0:\d\d\] builds packages and commands\n", built.said)
    assert (
        f"all {len(works.release.module_files)} files are those of the official release, bit by bit (log.example, record "
        in built.said
    )
    assert re.search(r"  log: \S+/builds/go1\.26\.90-\d{8}T\d{6}Z\.log\n", built.said)
    *_, last, error, hint = failed.said.splitlines()
    assert (last, error) == (
        "    it is \\x1b[31mred",
        "gosteward: make.bash failed while it was building cmd/dist (exit code 3)",
    )
    assert re.fullmatch(r"hint: all that it wrote is in \S+/builds/go1\.26\.91-\w+\.log", hint)
    assert "go1.21.3 cannot build go1.26.90: go1.24.6 or later is needed" in old.said
    assert not shell.root.exists()
