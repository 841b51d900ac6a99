"""A release shows that it works by building programs that run; root runs only what is the release, and nobody else's to change."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from gosteward.host.local import LocalHost
from gosteward.toolchains import verify
from gosteward.toolchains.installed import goroots, tree_reading
from gosteward.toolchains.verifying import trials
from toolchains.goroot_copies import GOROOT
from toolchains.verifying.logged_tree import ME, Case, changed_file, put

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.toolchains.verifying.checks import Check


def runner() -> trials.Runner:
    return trials.Runner(ME, None, os.environ["PATH"])


def tried(tree: Path) -> dict[str, Check]:
    """What the trials say; they leave nothing behind."""
    host = LocalHost({})
    with tempfile.TemporaryDirectory(dir="/tmp") as place, mock.patch.object(trials, "PLACES", (place,)):
        checks = trials.tried(goroots.goroot_at(host, str(tree)), runner(), host)
        assert os.listdir(place) == []
    return {check.name: check for check in checks}


def test_a_real_release_builds_programs_that_run() -> None:
    found = tried(GOROOT)
    assert [found[name].status for name in ("version", "std", "build")] == ["ok", "ok", "ok"]
    assert found["build-cgo"].status == ("ok" if _compiles_c() else "not-judged")


def _compiles_c() -> bool:
    """Whether there is a C compiler, and the headers of the C library, which Debian's gcc only recommends."""
    command = ["cc", "-E", "-xc", "-"]
    if shutil.which("cc") is None:
        return False
    ran = subprocess.run(command, input=b"#include <stdlib.h>\n", capture_output=True, check=False)
    return ran.returncode == 0


def test_a_go_that_lists_and_lies_fails_at_the_build(case: Case) -> None:
    script = "#!/bin/sh\ncase $1 in version) echo go version go1.26.8 linux/amd64;; list) echo fmt;; *) echo redeclared; exit 1;; esac\n"
    put(case.tree / "bin/go", script, 0o755)
    found = tried(case.tree)
    assert [found[name].status for name in ("version", "std", "build")] == ["ok", "ok", "failed"]
    assert "redeclared" in str(found["build"].text)


@pytest.mark.parametrize(
    ("script", "mode", "said"),
    [
        ("#!/bin/sh\necho go version go1.25.4 linux/amd64\n", 0o755, "go1.25.4"),
        ("#!/bin/sh\necho broken; exit 3\n", 0o755, "ends with 3: broken"),
        ("#!/bin/sh\n", 0o644, "cannot be started: Permission denied"),
        ("", 0o755, "cannot be started"),
        ("#!/nonexistent\n", 0o755, "cannot be started: No such file"),
        ("#!/bin/sh\nkill -9 $$\n", 0o755, "ends with -9"),
    ],
)
def test_a_go_that_is_not_the_one_of_version_ends_the_trial(case: Case, script: str, mode: int, said: str) -> None:
    put(case.tree / "bin/go", script, mode)
    found = tried(case.tree)
    assert (list(found), found["version"].status) == (["version"], "failed")
    assert said in str(found["version"].text)


def test_a_host_without_c_compiler_leaves_cgo_unjudged(case: Case) -> None:
    host = LocalHost({})
    put(case.tree / "bin/go", "#!/bin/sh\necho go version go1.26.8 linux/amd64\n", 0o755)
    checks = trials.tried(goroots.goroot_at(host, str(case.tree)), trials.Runner(ME, None, "/nonexistent"), host)
    assert {check.name: check.status for check in checks}["build-cgo"] == "not-judged"


def refusal(tree: Path, checks: tuple[Check, ...] = ()) -> str:
    goroot = goroots.goroot_at(LocalHost({}), str(tree))
    return str(verify._refusal(goroot, tree_reading.read(str(tree)), checks) or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has trees that nobody else may change")
def test_root_runs_only_what_nobody_else_may_change(case: Case) -> None:
    assert refusal(case.tree) == ""
    (case.tree / "src/fmt").chmod(0o775)
    assert f"{case.tree}/src/fmt" in refusal(case.tree)
    (case.tree / "src/fmt").chmod(0o755)
    os.chown(case.tree / "src/fmt/print.go", 1000, 0)
    assert f"{case.tree}/src/fmt/print.go" in refusal(case.tree)
    os.chown(case.tree / "src/fmt/print.go", 0, 0)
    case.tree.parent.chmod(0o777)
    assert refusal(case.tree).endswith(str(case.tree.parent))
    case.tree.parent.chmod(0o755)
    outside = case.place / "outside"
    outside.mkdir(mode=0o755)
    (case.tree / "misc").symlink_to(outside)
    assert refusal(case.tree) == ""
    put(outside / "x.go", mode=0o666)
    assert f"{outside}/x.go" in refusal(case.tree)


def test_root_runs_nothing_that_is_not_the_release(case: Case) -> None:
    changed_file(case.tree)
    assert "not those of the release" in refusal(case.tree, case.judge().checks)
