"""The digests that ship with the program: well-formed, found by name, and kept as their tool writes them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.golang import bootstrap, goversion, toolchain_names
from gosteward.knowledge import release_digest_table, release_digests
from gosteward.knowledge.release_digests import Pinned, pinned, verdict

if TYPE_CHECKING:
    from types import ModuleType

TOOL = Path(__file__).parents[2] / "tools/release_digests.py"
FILE = "go1.26.8.linux-amd64.tar.gz"
DIGEST = "d0f743b33e8d8945e6b1f432edd15785c70507121d6e2a723b21285eddf8b57b"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_digests_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_digest_is_the_same_different_or_unknown() -> None:
    assert pinned(FILE) == Pinned(DIGEST, "r")
    assert verdict(FILE, DIGEST.upper()) == "same"
    assert verdict(FILE, "0" * 64) == "different"
    assert verdict(FILE, "") == "different"
    for name in ("go1.99.0.linux-amd64.tar.gz", f"x/{FILE}", "", "go1.26.8", ".tar.gz"):
        assert verdict(name, DIGEST) == "unknown"


def test_every_entry_is_a_stable_release_with_a_digest_and_a_source() -> None:
    table = release_digests.table()
    assert len(table) > 2000
    for name, pin in table.items():
        assert re.fullmatch("[0-9a-f]{64}", pin.sha256)
        assert pin.sources
        assert set(pin.sources) <= set(release_digests.SOURCES)
        named = toolchain_names.of_archive(name)
        version = named.version if named else name.partition(".src.")[0]
        parsed = goversion.parse(version)
        assert name == bootstrap.FROM_C_SOURCES or (parsed is not None and parsed.stage == 2)
    assert len({pin.sha256 for pin in table.values()}) == len(table)


def test_every_step_of_a_chain_of_builds_has_sources_in_the_table() -> None:
    first, *rest = bootstrap.chain("go1.27.0", ())
    assert first == bootstrap.FROM_C
    assert pinned(bootstrap.FROM_C_SOURCES)
    assert all(pinned(toolchain_names.source_name(version)) for version in rest)


def test_table_is_read_only_when_it_is_asked_for() -> None:
    program = "import sys, gosteward.knowledge.release_digests; print('gosteward.knowledge.release_digest_table' in sys.modules)"  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_tool_writes_the_table_as_it_is(tool: ModuleType) -> None:
    assert tool.written(release_digests.table()) == Path(release_digest_table.__file__).read_text()


def test_tool_takes_new_stable_releases_from_an_answer_of_go_dev(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = tmp_path / "answer"
    new = '{"filename": "go1.99.1.linux-armv6l.tar.gz", "os": "linux", "arch": "armv6l", "kind": "archive", "size": 1, "sha256": "%s"}'  # fmt: skip
    answer.write_text('[{"version": "go1.99.1", "stable": true, "files": [%s]}]' % (new % ("a" * 64)))
    assert tool.main("i", answer) == 0
    assert f"go1.99.1 armv6l:{'a' * 64}:i\n" in capsys.readouterr().out


def test_tool_stops_where_a_source_contradicts_the_table(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_of_sums = tmp_path / "sums"
    list_of_sums.write_text(f"{'0' * 64}  {FILE}\n")
    assert tool.main("h", list_of_sums) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert DIGEST in said.err
