"""How often Python looks for garbage.

What a command makes, it mostly needs until it ends: to look through thousands of names and hashes again and again, for cycles that nobody made, costs
an installation a twentieth of its time.

Source: the module gc of Python.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_MANY = 100_000  # objects; some 10 MB


def collect_rarely() -> None:
    """For a command that ends soon."""
    gc.set_threshold(_MANY, *_USUAL[1:])


def collect_as_usual() -> None:
    """For one that runs for months."""
    gc.set_threshold(*_USUAL)
