"""Every template in the sources has a Chinese text with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.catalogs import FILES, LANGUAGES, catalog_for, parse_po

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src/gosteward"
MARKERS = {"Text": 0, "words": 0}
NAMES = re.compile(r"\{(\w+)\}")


def templates() -> dict[str, str]:
    """Template -> where it stands: first arguments of Text(...) and .words(...), also by the name of a variable; titles of rules."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        assigned = _assigned(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            candidates = list(node.args[:1]) if name in MARKERS else []
            if name == "Rule":
                candidates = [k.value for k in node.keywords if k.arg == "title"]
            for text in (text for candidate in candidates for text in _texts(candidate, assigned)):
                found[text] = f"{path.relative_to(SOURCE)}:{node.lineno}"
    return found


def _assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What is assigned to names of a module; of those that one name has in several functions all count."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(node.value)
    return found


def _texts(node: ast.expr, assigned: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, assigned)
        yield from _texts(node.orelse, assigned)
    elif isinstance(node, ast.Name):
        for value in assigned.get(node.id, ()):
            if not isinstance(value, ast.Name):
                yield from _texts(value, assigned)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_template_is_translated_with_the_same_values(language: str) -> None:
    messages = catalog_for(language).messages
    assert len(templates()) > 1
    missing = [f"{place}: {t}" for t, place in templates().items() if not messages.get(t)]
    assert not missing, "\n".join(missing)
    differing = [t for t in templates() if sorted(NAMES.findall(t)) != sorted(NAMES.findall(messages[t]))]
    assert not differing, "\n".join(differing)


def test_no_catalog_keeps_a_message_that_nothing_says() -> None:
    used = templates()
    stale = [
        f"{name}: {key}"
        for name in FILES
        for key in parse_po((SOURCE / "catalogs/zh" / f"{name}.po").read_text())
        if key not in used
    ]
    assert not stale, "\n".join(stale)


def test_a_line_outside_of_the_format_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse_po('msgid "a"\nnonsense\n')
