"""Sizes as people write them: kB, MB, GB and TB count in 1000, KiB, MiB, GiB and TiB in 1024. Pure.

Source: IEC 80000-13, "Prefixes for binary multiples".
"""

from __future__ import annotations

import re

_UNITS = {
    "": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}  # fmt: skip
_SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))? ?([A-Za-z]*)")


def bytes_of(text: str) -> int:
    """Bytes: "500000", "100MiB", "1.5 TB"; -1 for anything else, such as "10G", which some count in 1000 and others in 1024."""
    found = _SIZE.fullmatch(text)
    unit = _UNITS.get(found[3], -1) if found is not None else -1
    if found is None or unit < 0 or (found[2] and unit == 1):
        return -1
    part = found[2] or "0"
    parts: int = 10 ** len(part)
    return int(found[1]) * unit + int(part) * unit // parts
