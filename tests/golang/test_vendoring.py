"""vendor/modules.txt against go.mod, as Go compares them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import gomod, vendoring

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")  # `make test` names the one of the fault lab
needs_go = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
HEAD = "module example.com/app\n\ngo 1.21\n\n"
EXPLICIT = "# example.com/greet v1.0.0\n## explicit; go 1.21\nexample.com/greet\n"
# go.mod behind HEAD, modules.txt, differences.
CASES = {
    "same": ("require example.com/greet v1.0.0\n", EXPLICIT, ()),
    "raised": ("require example.com/greet v1.1.0\n", EXPLICIT, (("example.com/greet", "v1.1.0", "v1.0.0"),)),
    "not explicit": (
        "require example.com/greet v1.0.0\n",
        "# example.com/greet v1.0.0\nexample.com/greet\n",
        (("example.com/greet", "v1.0.0", ""),),
    ),
    "dropped": ("", EXPLICIT, (("example.com/greet", "", "v1.0.0"),)),
    "no list": ("require example.com/greet v1.0.0\n", "", (("example.com/greet", "v1.0.0", ""),)),
    "replaced": (
        "require example.com/greet v1.0.0\nreplace example.com/greet => ../greet\n",
        "# example.com/greet v1.0.0 => ../greet\n## explicit\nexample.com/greet\n# example.com/greet => ../greet\n",
        (),
    ),
    "replacement is new": (
        "require example.com/greet v1.0.0\nreplace example.com/greet => ../greet\n",
        EXPLICIT,
        (("example.com/greet", "=> ../greet", ""),),
    ),
    "replacement has gone": (
        "require example.com/greet v1.0.0\n",
        "# example.com/greet v1.0.0 => example.com/fork v1.0.1\n## explicit\nexample.com/greet\n",
        (("example.com/greet", "", "v1.0.0 => example.com/fork v1.0.1"),),
    ),
    "replacement is another": (
        "require example.com/greet v1.0.0\nreplace example.com/greet v1.0.0 => ../b\n",
        "# example.com/greet v1.0.0 => ../a\n## explicit\nexample.com/greet\n",
        (("example.com/greet", "v1.0.0 => ../b", "v1.0.0 => ../a"),),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_differences_by_module(name: str) -> None:
    go_mod, listing, wanted = CASES[name]
    assert vendoring.differences(gomod.parse(HEAD + go_mod), vendoring.parse(listing)) == wanted


@needs_go
@pytest.mark.parametrize("name", CASES)
def test_go_refuses_exactly_what_differs(name: str, tmp_path: Path) -> None:
    go_mod, listing, wanted = CASES[name]
    tmp_path.joinpath("go.mod").write_text(HEAD + go_mod)
    tmp_path.joinpath("main.go").write_text("package main\n\nfunc main() {}\n")
    tmp_path.joinpath("vendor").mkdir()
    tmp_path.joinpath("vendor/modules.txt").write_text(listing)
    tmp_path.joinpath("home/.config/go/telemetry").mkdir(parents=True)
    tmp_path.joinpath("home/.config/go/telemetry/mode").write_text("off")
    environment = {"PATH": os.defpath, "HOME": str(tmp_path / "home"), "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    command = [f"{GOROOT}/bin/go", "list", "-mod=vendor", "."]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ("inconsistent vendoring" in answer.stderr) is bool(wanted), answer.stderr


def test_old_modules_and_vendored_workspaces_are_not_compared() -> None:
    assert not vendoring.checked("1.13")
    assert not vendoring.checked("")
    assert vendoring.checked("1.14")
    assert vendoring.of_workspace("## workspace\n# example.com/a v1.0.0\n")
    assert not vendoring.of_workspace(EXPLICIT)


@given(st.text(alphabet="# =>v1.0a/;\nexplicit", max_size=200))
def test_modules_are_listed_once_and_differ_only_in_what_is_written(text: str) -> None:
    vendored = vendoring.parse(text)
    keys = [(module.path, module.version) for module in vendored]
    assert len(keys) == len(set(keys))
    assert all(word in text for key in keys for word in key)
    mod = gomod.parse(text)
    for module, ours, theirs in vendoring.differences(mod, vendored):
        assert module in {*(key[0] for key in keys), *(r.path for r in mod.requires), *(r.path for r in mod.replaces)}
        assert ours != theirs or not ours
    assert vendoring.differences(gomod.ModFile(), ()) == ()
