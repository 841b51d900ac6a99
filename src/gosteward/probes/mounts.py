"""Mounted file systems, from the mount table of this process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.snapshot import Gap, Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host

TABLE = "/proc/self/mountinfo"
TABLE_LIMIT = 8 << 20
MOST_LINES = 10_000
_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")


def collect(host: Host) -> tuple[tuple[Mount, ...], tuple[Gap, ...]]:
    """What is mounted where; nothing for an unpacked root, which has no mounts of its own."""
    if not host.live:
        return (), ()
    try:
        text = host.text(TABLE, TABLE_LIMIT)
    except OSError as error:
        return (), (Gap("mounts", f"{TABLE} cannot be read: {error.strerror or error}"),)
    found = parse(text.split("\n")[:MOST_LINES])
    return found, () if found else (Gap("mounts", f"{TABLE} is empty"),)


def parse(lines: Iterable[str]) -> tuple[Mount, ...]:
    """Mounts of a mountinfo table, each point once: what was mounted last covers the others.

    Returns:
        In the order of the table; `options` holds those of the mount, then those of the file system, without repetition.
    Source:
        proc(5), /proc/PID/mountinfo: fields 5, 6, then after a lone "-" type, source and options; octal escapes.
    """
    found: dict[str, Mount] = {}
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 10 or "-" not in fields[6:-3]:
            continue
        kind, source, options = fields[fields.index("-", 6) + 1 :][:3]
        point = _plain(fields[4])
        both = dict.fromkeys([*fields[5].split(","), *options.split(",")])
        found.pop(point, None)
        found[point] = Mount(
            point=point, type=_plain(kind), source=_plain(source), options=tuple(_plain(o) for o in both if o)
        )
    return tuple(found.values())


def _plain(text: str) -> str:
    """Undo the kernel's octal escapes, which stand for single bytes of names that are escaped again as surrogates."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _character(int(match[1], 8)), text)


def _character(byte: int) -> str:
    return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
