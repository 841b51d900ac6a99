"""dist/gosteward.pyz: the same input gives the same bytes, nothing native is in it, and it needs nothing of the host but a Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = [tmp_path_factory.mktemp("dist") / "gosteward.pyz" for _ in range(2)]
    for number, path in enumerate(paths):
        environment = {**os.environ, "PYTHONHASHSEED": str(number), "TZ": ("UTC", "Asia/Shanghai")[number]}
        subprocess.run([sys.executable, TOP / "tools/pyz.py", path], check=True, env=environment)
    return paths


def test_two_builds_have_the_same_bytes(built: list[Path]) -> None:
    first, second = (path.read_bytes() for path in built)
    assert first == second
    assert first.startswith(b"#!/usr/bin/python3 -I\n")


def test_it_carries_the_program_its_pages_and_no_native_code(built: list[Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        names = archive.namelist()
    assert not [n for n in names if n.endswith((".so", ".pyd"))]
    pages = [n for n in names if n.startswith("gosteward/pages/GS")]
    assert len(pages) == len(list((TOP / "docs/rules").glob("GS*.md")))
    assert "gosteward/catalogs/zh/gs1.po" in names


def test_the_python_of_the_shebang_compiles_nothing(built: list[Path]) -> None:
    """Every source has its byte code, for that release and not to be checked again (PEP 552: flags 1)."""
    magic = "import importlib.util, sys; sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER)"
    python = built[0].read_bytes()[2:].split(b" ", 1)[0].decode()
    ran = subprocess.run([python, "-I", "-c", magic], capture_output=True, check=True)
    with zipfile.ZipFile(built[0]) as archive:
        sources = [n for n in archive.namelist() if n.endswith(".py")]
        heads = {archive.read(f"{n}c")[:8] for n in sources}
    assert heads == {ran.stdout + b"\1\0\0\0"}


def test_it_runs_isolated_from_a_hostile_environment(built: list[Path], tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the examined directory was imported')")
    hostile = {
        "PATH": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "json.py"),
        "HOME": "/nonexistent",
    }
    command = [built[0], "doctor", "--offline", "--format", "json"]
    ran = subprocess.run(command, cwd=tmp_path, env=hostile, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1, 3), ran.stderr
    assert json.loads(ran.stdout)["schema"] == "gosteward.report/1"
    explained = subprocess.run([built[0], "explain", "GS203"], env=hostile, capture_output=True, text=True, check=True)
    assert explained.stdout.startswith("# GS203: ")
