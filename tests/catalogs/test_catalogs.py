"""Every template in the sources has a Chinese text with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gosteward.catalogs import FILES, LANGUAGES, catalog_for, parse_po

SOURCE = Path(__file__).parents[2] / "src/gosteward"
MARKERS = {"Text": 0, "words": 0}
NAMES = re.compile(r"\{(\w+)\}")


def templates() -> dict[str, str]:
    """Template -> where it stands: first arguments of Text(...) and .words(...), titles of rules."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            candidates = list(node.args[:1]) if name in MARKERS else []
            if name == "Rule":
                candidates = [k.value for k in node.keywords if k.arg == "title"]
            for candidate in candidates:
                if isinstance(candidate, ast.Constant) and isinstance(candidate.value, str) and candidate.value:
                    found[candidate.value] = f"{path.relative_to(SOURCE)}:{node.lineno}"
    return found


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
