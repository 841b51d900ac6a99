"""Every template in the sources has a Chinese text with the same values in it."""

from __future__ import annotations

import re

import pytest

from gosteward.catalogs import FILES, LANGUAGES, catalog_for, parse_po
from parsed_sources import SOURCE, facts, name_of

NAMES = re.compile(r"\{(\w+)\}")


def templates() -> dict[str, str]:
    """Template -> where it stands."""
    return {text: f"{name_of(path)}:{line}" for path, of in facts().items() for text, line in of.templates}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_template_is_translated_with_the_same_values(language: str) -> None:
    messages = catalog_for(language).messages
    used = templates()
    assert len(used) > 1
    missing = [f"{place}: {t}" for t, place in used.items() if not messages.get(t)]
    assert not missing, "\n".join(missing)
    differing = [t for t in used if sorted(NAMES.findall(t)) != sorted(NAMES.findall(messages[t]))]
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
