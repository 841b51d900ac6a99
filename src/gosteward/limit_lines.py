"""Lines of limits.conf: how to give one of them a better value. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.snapshot import Location


def raising(line: Location | None, value: str) -> tuple[str, ...]:
    """A command that replaces the number at the end of a line `WHO KIND ITEM NUMBER`; () for another form."""
    words = line.text.split() if line is not None else []
    if line is None or not line.line or len(words) != 4 or not words[3].isdigit():
        return ()
    return (f"sed -i '{line.line}s/{words[3]}[[:space:]]*$/{value}/' {quote(line.path)}",)
