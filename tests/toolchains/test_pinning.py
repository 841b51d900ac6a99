"""Which Go a project asks for: as go itself answers; and how it asks for another one, in all of its files at once."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.golang.version_files import wish_lines
from gosteward.host.local import LocalHost
from gosteward.toolchains import pinning
from gosteward.toolchains.installed.store import Installed
from toolchains.conftest import ME

if TYPE_CHECKING:
    from gosteward.toolchains.pinning import Project, Serving
    from toolchains.conftest import Site

GOROOT = Path(os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go"))  # `make test` names the one of the fault lab
HERE = Installed("go1.26.8", str(GOROOT), current=True)
OLDER = Installed("go1.25.3", "/opt/go/go1.25.3")
TREES = (HERE, OLDER)


def project(directory: Path, **environ: str) -> Project:
    host = LocalHost({"GOENV": "off", **environ})
    return pinning.project_at(str(directory), host, ME, (HERE.tree,))


def serving(directory: Path, **environ: str) -> Serving:
    return pinning.serving(project(directory, **environ), TREES)


def written(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    return directory


def wanted_by_go(directory: Path, gotoolchain: str) -> str:
    """What a real go says: it runs, or names the release that it does not find on PATH."""
    # go keeps counters in its user's home.
    environ = {"PATH": "/usr/bin:/bin", "HOME": f"{directory}/home", "GOENV": "off", "GOTOOLCHAIN": gotoolchain}
    ran = subprocess.run(
        [GOROOT / "bin/go", "version"], cwd=directory, env=environ, capture_output=True, text=True, check=False
    )
    match = re.search(r'cannot find "(go[^"]+)" in PATH', ran.stderr)
    return match[1] if match else ran.stdout.split()[2]


@pytest.mark.parametrize("gotoolchain", ["path", "local", "local+path", "go1.27.1+path"])
@pytest.mark.parametrize(
    "files",
    [
        {"go__mod": "module m\n\ngo 1.25\n"},
        {"go__mod": "module m\n\ngo 1.28\n"},
        {"go__mod": "module m\n\ngo 1.25\n\ntoolchain go1.29.3\n"},
        {"go__mod": "module m\n\ngo 1.29.1\n\ntoolchain go1.28.3\n"},
        {"go__mod": "module m\n\ngo 1.29.1\n\ntoolchain default\n"},
        {"go__mod": "module m\n\ngo 1.29.1\n", "go__work": "go 1.28.4\nuse .\n"},
        {"go__mod": "module m\n", "go__work": "go 1.25\ntoolchain go1.29rc1\n"},
        {"go__mod": "module m\n"},
    ],
)
def test_the_release_is_the_one_that_a_real_go_would_run(
    tmp_path: Path, files: dict[str, str], gotoolchain: str
) -> None:
    found = serving(written(tmp_path, **files), GOTOOLCHAIN=gotoolchain)
    runs = found.tree.version if found.tree is not None else found.wanted
    assert runs == wanted_by_go(tmp_path, gotoolchain)


def test_the_deciding_line_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.25.0\n\ntoolchain go1.26.8\n")
    (tmp_path / ".go-version").write_text("\n# ci\n1.25.3\n")
    (tmp_path / ".tool-versions").write_text("nodejs 20\ngolang 1.25 1.24\n")
    found = project(tmp_path, GOTOOLCHAIN="auto")
    assert pinning.serving(found, TREES) == ("go1.26.8", f"{tmp_path}/go.mod:5: toolchain go1.26.8", HERE)
    places = [f"{Path(w.path).name}:{w.line}: {w.word}" for w in found.wishes]
    assert places == ["go.mod:5: go1.26.8", "go.mod:3: 1.25.0", ".go-version:3: 1.25.3", ".tool-versions:2: 1.25"]
    assert found.gotoolchain == ("auto", "environment")


def test_a_setting_of_go_env_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "go.env").write_text("# defaults\nGOTOOLCHAIN=local\n")
    host = LocalHost({"GOENV": "off"})
    assert pinning.setting_of(host, ME, "GOTOOLCHAIN", (str(tmp_path),)) == ("local", f"{tmp_path}/go.env:2")
    (tmp_path / "env").write_text("GOPROXY=off\nGOTOOLCHAIN=go1.25.3\n")
    found = serving(written(tmp_path, go__mod="module m\n\ngo 1.26.1\n"), GOENV=f"{tmp_path}/env")
    assert found == ("go1.25.3", f"GOTOOLCHAIN=go1.25.3 ({tmp_path}/env:2)", OLDER)


def test_without_a_module_a_version_manager_takes_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / ".tool-versions").write_text("golang 1.25\n")
    assert serving(tmp_path) == ("go1.25", f"{tmp_path}/.tool-versions:1: golang 1.25", OLDER)


def test_gowork_names_another_file_or_none(tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.25\n", go__work="go 1.26\n")
    assert project(tmp_path).file == f"{tmp_path}/go.work"
    assert project(tmp_path, GOWORK="off").file == f"{tmp_path}/go.mod"


def pin(site: Site, directory: Path, version: str) -> list[str]:
    changing = site.changing("pin")
    found = pinning.project_at(str(directory), changing.host, ME, ())
    actions, notes = pinning.pinned(found, version, changing.host)
    if actions:
        changing.do(actions)
    return [str(note) for note in notes]


def test_all_files_that_disagree_are_changed_in_one_run_and_undone(site: Site, tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.25\n")
    (tmp_path / ".go-version").write_text("go1.25.3 # ci\r\n")
    (tmp_path / ".tool-versions").write_text("nodejs 20\ngolang 1.25.3 1.24\n")
    before = _files(tmp_path)
    assert pin(site, tmp_path, "go1.26.8") == []
    assert _files(tmp_path) == {
        "go.mod": b"module m\n\ngo 1.25\n\ntoolchain go1.26.8\n",
        ".go-version": b"go1.26.8 # ci\r\n",
        ".tool-versions": b"nodejs 20\ngolang 1.26.8 1.24\n",
    }
    assert wanted_by_go(tmp_path, "local+path") == "go1.26.8"
    site.undo()
    assert _files(tmp_path) == before


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def test_a_workspace_is_pinned_by_go_work_and_go_reads_it(site: Site, tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.25\n", go__work="go 1.25\nuse .\n")
    pin(site, tmp_path, "go1.29.1")
    assert (tmp_path / "go.work").read_text() == "go 1.25\n\ntoolchain go1.29.1\nuse .\n"
    assert (tmp_path / "go.mod").read_text() == "module m\n\ngo 1.25\n"
    assert wanted_by_go(tmp_path, "path") == "go1.29.1"


def test_what_is_said_already_is_not_written_again(tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.26.8\n")
    (tmp_path / ".go-version").write_text("1.26\n")
    assert pinning.pinned(project(tmp_path), "go1.26.8", LocalHost({})) == ((), ())


def test_what_is_no_version_and_what_comes_before_is_told(site: Site, tmp_path: Path) -> None:
    written(tmp_path, go__mod="module m\n\ngo 1.25\n")
    (tmp_path / ".tool-versions").write_text("golang system\n")
    site.environ["GOTOOLCHAIN"] = "go1.25.3"
    assert pin(site, tmp_path, "go1.26.8") == [
        f"{tmp_path}/.tool-versions:1 is no version, and stays so: golang system",
        "GOTOOLCHAIN=go1.25.3 (environment) comes before it",
    ]


def test_a_directory_without_a_project_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no go\.mod and no go\.work"):
        pinning.pinned(pinning.Project(str(tmp_path)), "go1.26.8", LocalHost({}))


@pytest.mark.parametrize(
    ("text", "release"), [("1.25", "go1.25.3"), ("latest", "go1.26.8"), ("1.24.1", "go1.24.1"), ("go1.26", "go1.26.8")]
)
def test_a_line_means_the_newest_that_is_installed(text: str, release: str) -> None:
    assert pinning.release_named(text, TREES) == release


def test_a_line_of_which_nothing_is_installed_is_one_error() -> None:
    with pytest.raises(UsageError, match="it is not installed"):
        pinning.release_named("1.24", TREES)


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        (".go-version", "1.25\n", "1.26.8"),
        (".tool-versions", "go\t1.25  # x", "go\t1.26.8  # x"),
        ("go.mod", "toolchain go1.25.1 // go1.25.1", "toolchain go1.26.8 // go1.25.1"),
    ],
)
def test_a_line_keeps_its_form(name: str, text: str, after: str) -> None:
    assert wish_lines(name, text)[0].asking_for("go1.26.8") == after


def test_a_file_that_go_refuses_is_named_and_left_alone(tmp_path: Path) -> None:
    asking = project(written(tmp_path, go__mod="module m\n\ngo 1.25\n\n<<<<<<< HEAD\n"))
    assert asking.refused.startswith(f"{tmp_path}/go.mod:5: ")
    assert asking.wishes[0].version == "go1.25"
    with pytest.raises(UsageError, match="does not read it as it is"):
        pinning.pinned(asking, "go1.26.8", LocalHost({"GOENV": "off"}))
    assert not project(written(tmp_path, go__mod="module m\n\ngo 1.25\n")).refused
    assert project(written(tmp_path, go__work="go 1.25\nuse ./a ./b\n")).refused
