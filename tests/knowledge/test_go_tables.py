"""Tables about Go against the Go that is on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from gosteward.knowledge import go_variables, std_packages

GOROOT = Path(os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go"))  # `make test` names the one of the fault lab
TOOL = Path(__file__).parents[2] / "tools/std_packages.py"
needs_sources = pytest.mark.skipif(not GOROOT.joinpath("src").is_dir(), reason=f"no sources of Go in {GOROOT}")
# Release archives carry api/, toolchain modules do not: the table's writer checks it where an archive was unpacked.
API = next((root for root in (GOROOT, Path("/usr/local/go")) if root.joinpath("api").is_dir()), None)


@needs_sources
def test_every_variable_that_this_go_knows_is_settable() -> None:
    text = GOROOT.joinpath("src/internal/cfg/cfg.go").read_text()
    names = set(re.findall(r"^\t([A-Z0-9_]+)$", text, re.MULTILINE))
    assert names - go_variables.SETTABLE <= {"GOENV"}


def test_what_only_the_environment_gives_is_unknown_in_a_file() -> None:
    assert go_variables.known("GODEBUG")
    assert not go_variables.known("GODEBUG", environment=False)
    assert not go_variables.known("GOPROYX")


def test_packages_of_every_go_are_left_out() -> None:
    assert std_packages.since("slices") == "1.21"
    assert std_packages.since("fmt") == std_packages.since("example.com/x") == ""


@pytest.mark.skipif(API is None, reason="no unpacked archive of Go, whose api/ is the table's source")
def test_table_is_what_its_tool_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert API is not None
    if not API.joinpath("VERSION").read_text().startswith(std_packages.NEWEST + "\n"):
        pytest.skip("another release than the table's")
    spec = importlib.util.spec_from_file_location("std_packages_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main(API)
    assert capsys.readouterr().out == Path(std_packages.__file__).read_text()
