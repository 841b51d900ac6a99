"""The rules: every module of this folder is one check, found by its presence.

A module has `RULE` and `check(snapshot)`, a generator of findings. It is pure: it looks at the Snapshot and at nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil

from gosteward.judgement import Check


def all_checks() -> tuple[Check, ...]:
    """Every rule of this folder, ordered by id."""
    names = sorted(name for _, name, is_package in pkgutil.iter_modules(__path__) if not is_package)
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return tuple(sorted((Check(m.RULE, m.check) for m in modules), key=lambda check: check.rule.id))
