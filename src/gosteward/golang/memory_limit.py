"""GOMEMLIMIT as the runtime reads it at the start of every Go program. Pure.

Source: runtime/mgcpacer.go (`readGOMEMLIMIT`) and runtime/string.go (`parseByteCount`), in Go since 1.19.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"([0-9]{1,19})(B|[KMGT]iB)?")
_POWERS = {"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}
# 2G, 2GB, 2 gib, 512m: what people write.
_MEANT = re.compile(r"\s*([0-9]{1,19})\s*([KMGT])i?B?\s*", re.IGNORECASE)
_MOST = (1 << 63) - 1


def size(value: str) -> int | None:
    """Bytes; 1 << 63 minus one for no limit (`off`); None for what makes the runtime stop the program."""
    if value in ("", "off"):
        return _MOST
    match = _NUMBER.fullmatch(value)
    if match is None:
        return None
    number = int(match[1]) << _POWERS[(match[2] or "")[:1]]
    return number if number <= _MOST else None


def meant(value: str) -> str:
    """The same number with a unit that the runtime knows (2GiB for 2G); "" for a riddle."""
    match = _MEANT.fullmatch(value)
    found = f"{match[1]}{match[2].upper()}iB" if match is not None else ""
    return found if found and size(found) is not None else ""
