"""/etc/login.defs: the first PATH of `login` and `su -`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells.assignment import Assignment, shown

if TYPE_CHECKING:
    from collections.abc import Iterable


def values(lines: Iterable[str]) -> dict[str, Assignment]:
    """Every setting by name, the last line wins.

    Args:
        lines: `NAME value`, separated by blanks; comments start at `#`.

    Returns:
        The value without quotes. `ENV_PATH PATH=/usr/bin:/bin` keeps its `PATH=` prefix, see `search_path`.
    Source:
        login.defs(5); util-linux lib/logindefs.c.
    """
    found: dict[str, Assignment] = {}
    for number, line in enumerate(lines, 1):
        words = line.strip().split(None, 1)
        if not words or words[0].startswith("#"):
            continue
        value = words[1].split("#", 1)[0].strip().strip('"') if len(words) > 1 else ""
        found[words[0]] = Assignment(name=words[0], value=value, line=number, text=shown(line))
    return found


def search_path(found: dict[str, Assignment], *, root: bool) -> Assignment | None:
    """The PATH that login and `su -` start with; None where the file does not say (their built-in value applies)."""
    names = ("ENV_SUPATH", "ENV_ROOTPATH") if root else ("ENV_PATH",)
    for name in names:
        entry = found.get(name)
        if entry is not None:
            value = entry.value.removeprefix("PATH=")
            return entry._replace(name="PATH", value=value)
    return None
