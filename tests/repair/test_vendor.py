"""A vendor directory anew, by a real go, as the user whose module it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.actions import Vendor
from gosteward.host.places import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Steward
    from gosteward.snapshot import User

GO = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go") + "/bin/go"  # `make test` names the one of the fault lab
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else"),
    pytest.mark.skipif(not os.access(GO, os.X_OK), reason="there is no go here"),
]
GO_MOD = "module example.com/app\n\ngo 1.21\n\nrequire example.com/dep v1.2.0\n\nreplace example.com/dep => ../dep\n"


@pytest.fixture
def module(steward: Steward, stranger: User) -> Path:
    """A module of the stranger's with a vendor directory of an older requirement."""
    files = {
        "dep/go.mod": "module example.com/dep\n\ngo 1.21\n", "dep/dep.go": "package dep\n", "app/go.mod": GO_MOD,
        "app/main.go": 'package main\n\nimport _ "example.com/dep"\n\nfunc main() {}\n',
        "app/vendor/modules.txt": "# example.com/dep v1.0.0 => ../dep\n", "app/vendor/old.txt": "old",
    }  # fmt: skip
    for name, content in files.items():
        path = steward.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for path in [steward.top, *steward.top.rglob("*")]:
        os.chown(path, stranger.uid, stranger.gid)
    return steward.top / "app"


def vendor(steward: Steward, module: Path, *more: str) -> Vendor:
    environment = (
        f"HOME={steward.top.parent}",
        f"GOCACHE={steward.top.parent}/cache",
        "GOFLAGS=-mod=mod -modcacherw",
        "GOPROXY=off",
        *more,
    )
    return Vendor(
        str(module), GO, (*environment, f"GOPATH={steward.top.parent}/gopath", "GOTOOLCHAIN=local", "PATH=/usr/bin")
    )


@pytest.fixture
def hands(steward: Steward, stranger: User) -> Steward:
    for name in ("cache", "gopath"):
        (steward.top.parent / name).mkdir()
        os.chown(steward.top.parent / name, stranger.uid, stranger.gid)
    return steward._replace(accounts=steward.accounts._replace(examined=stranger.uid))


def test_directory_is_written_beside_and_undo_brings_the_old_one_back(
    hands: Steward, module: Path, stranger: User
) -> None:
    before = hands.looks(times=True)
    hands.fix(vendor(hands, module))
    assert "# example.com/dep v1.2.0 => ../dep" in (module / "vendor/modules.txt").read_text()
    assert sorted(p.name for p in module.iterdir()) == [".vendor.aside", "go.mod", "main.go", "vendor"]
    assert {p.lstat().st_uid for p in module.rglob("*")} == {stranger.uid}
    assert (module / "go.mod").read_text() == GO_MOD
    after = hands.looks()
    hands.undo()
    assert hands.looks(times=True) == before
    hands.undo(2)
    assert hands.looks() == after


def test_directory_that_somebody_worked_in_is_kept(hands: Steward, module: Path) -> None:
    hands.fix(vendor(hands, module))
    (module / "vendor/example.com/dep/mine.go").write_text("package dep\n")
    (kept,) = [undone for undone in hands.undo() if undone.reason]
    assert (kept.path, str(kept.reason)) == (str(module / ".vendor.new"), "it was changed since")
    assert (module / "vendor/old.txt").exists()
    assert (module / ".vendor.new/example.com/dep/mine.go").exists()


@pytest.mark.parametrize("spoil", ["sum", "requirement", "go", "deadline"])
def test_go_that_fails_leaves_nothing(
    hands: Steward, module: Path, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = vendor(hands, module)
    if spoil == "sum":
        (module / "main.go").write_text('package main\n\nimport _ "example.com/unknown"\n')
    elif spoil == "requirement":
        (module / "go.mod").write_text(GO_MOD.replace("go 1.21\n", ""))
    elif spoil == "go":
        action = action._replace(go="/nowhere/go")
    else:
        monkeypatch.setattr("gosteward.repair.made_trees.SECONDS", 0.5)
        slow = module.parent.parent / "slow"
        slow.write_text("#!/bin/sh\nsetsid sleep 1000 &\nsleep 1000\n")
        slow.chmod(0o755)
        action = action._replace(go=str(slow))
    before = hands.looks(times=True)
    with pytest.raises((Refused, OSError)):
        hands.fix(action)
    assert hands.looks(times=True) == before


def test_program_of_one_user_never_runs_with_the_rights_of_another(hands: Steward, module: Path) -> None:
    """Attack: the module belongs to root, the go and its environment are those of a user."""
    for path in [hands.top, *hands.top.rglob("*")]:
        os.chown(path, 0, 0)
    with pytest.raises(Refused, match="runs only for the user whose it is"):
        hands.fix(vendor(hands, module))
    nobody = hands._replace(accounts=hands.accounts._replace(examined=None))
    with pytest.raises(Refused, match="runs only for the user whose it is"):
        nobody.fix(vendor(hands, module))


def test_go_runs_as_the_user_for_good_and_with_nothing_of_our_environment(
    hands: Steward, module: Path, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = hands.top.parent / "cache/seen"
    spy = hands.top.parent / "spy"
    spy.write_text(f"#!/bin/sh\n{{ grep -E '^(Uid|Gid|Groups)' /proc/self/status; env; pwd; }} > {seen}\nexit 1\n")
    spy.chmod(0o755)
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with pytest.raises(Refused, match="`go mod vendor` failed"):
        hands.fix(vendor(hands, module)._replace(go=str(spy)))
    text = seen.read_text()
    assert f"Uid:\t{stranger.uid}\t{stranger.uid}\t{stranger.uid}\t{stranger.uid}" in text
    assert f"Gid:\t{stranger.gid}\t{stranger.gid}\t{stranger.gid}\t{stranger.gid}" in text
    assert "SECRET_TOKEN" not in text
    assert "LD_PRELOAD" not in text
    assert text.splitlines()[-1] == str(module)
