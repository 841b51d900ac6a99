"""docs/threat-model.md names tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def test_every_test_that_the_page_names_is_there() -> None:
    page = (TOP / "docs/threat-model.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    files = (TOP / "tests").glob("**/test_*.py")
    present = {
        n.name for path in files for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)
    }
    assert len(named) > 20
    assert named <= present, named - present
    assert all((TOP / path).exists() for path in re.findall(r"`(tests/[\w/.]+)`", page))


@pytest.mark.parametrize("room", ["repair", "toolchains"])
def test_every_attack_is_on_the_page(room: str) -> None:
    page = (TOP / "docs/threat-model.md").read_text()
    tree = ast.parse((TOP / "tests" / room / "test_attacks.py").read_text())
    attacks = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}
    friendly = {name for name in attacks if "followed_as_the_owner" in name or "repository_of_its_owner" in name}
    assert attacks - friendly <= set(re.findall(r"`(test_\w+)`", page)), attacks - friendly
