"""The fuzz targets read what they are meant to read, cover every reader, and stay mended where the fuzzer has found something."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gosteward
from fuzz.format_targets import TARGETS as FORMATS
from fuzz.target import HERE, problem_of, seed_files
from fuzz.targets import TARGETS
from fuzz.work import growth_of

if TYPE_CHECKING:
    from types import FrameType

TOP = Path(gosteward.__file__).parent
ROOMS = ("formats", "golang", "sumdb", "probes/package_databases")
# They take names, or ask a host for what the others read.
NO_READERS = {"roles.py", "rpm.py", "client.py", "refusals.py"}
MOST_SEEDS = 25


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_read(name: str) -> None:
    target = TARGETS[name]
    files = seed_files(name, target)
    assert files
    files = files[:: len(files) // MOST_SEEDS + 1]  # the rules' own tests read all of their cases
    assert {path: problem_of(target, path.read_bytes()) for path in files} == dict.fromkeys(files, "")
    assert any(_read(name, path) for path in files), "all seeds are refused"


def _read(name: str, path: Path) -> bool:
    try:
        TARGETS[name].read(path.read_bytes())
    except TARGETS[name].errors:
        return False
    return True


@pytest.mark.parametrize("path", sorted(HERE.glob("found/*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_work_for_what_was_found_grows_no_faster_than_it(path: Path) -> None:
    target = TARGETS[path.parent.name]
    assert [problem for _, problem in growth_of(target, path.read_bytes()) if problem] == []


def test_seeds_and_finds_belong_to_a_target() -> None:
    assert {path.name for folder in ("seeds", "found") for path in (HERE / folder).iterdir()} <= TARGETS.keys()


def test_every_reader_of_a_format_is_fuzzed() -> None:
    called: set[tuple[str, str]] = set()

    def note(frame: FrameType, _: str, __: object) -> None:
        called.add((frame.f_code.co_filename, frame.f_code.co_name))

    before = sys.gettrace()
    sys.settrace(note)
    try:
        for name, target in FORMATS.items():
            for path in seed_files(name, target):
                problem_of(target, path.read_bytes())
    finally:
        sys.settrace(before)
    for room in ROOMS:
        for path in (TOP / room).glob("*.py"):
            tops = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
            if tops and path.name not in NO_READERS:
                assert tops & {name for file, name in called if file == str(path)}, path
