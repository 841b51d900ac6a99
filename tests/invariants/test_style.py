"""Proportions and habits that keep the house readable."""

from __future__ import annotations

import statistics

from parsed_sources import FILES, facts, name_of

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "data", "info"}


def test_functions_are_short() -> None:
    lengths = sorted(length for of in facts().values() for length in of.lengths)
    assert statistics.median(lengths) <= 12
    assert lengths[int(len(lengths) * 0.95)] <= 60


def test_files_are_named_after_a_thing_explain_themselves_and_are_not_long() -> None:
    assert [name_of(path) for path in FILES if path.stem in VAGUE] == []
    assert [name_of(path) for path, of in facts().items() if not of.explained] == []
    assert [name_of(path) for path in FILES if path.read_text().count("\n") > 500] == []
    assert [name_of(path) for path in FILES if name_of(path).count("/") > 2] == []


def test_public_functions_and_classes_have_docstrings() -> None:
    silent = ("rules/", "cli/")  # RULE and check, add_arguments and run: their module says it
    assert [
        (name_of(path), of.silent) for path, of in facts().items() if of.silent and not name_of(path).startswith(silent)
    ] == []
