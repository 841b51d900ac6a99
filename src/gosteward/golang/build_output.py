"""What make.bash says of its progress, in all releases since 1.5. Pure.

    Building Go cmd/dist using /usr/local/go. (go1.26.8 linux/amd64)
    Building Go toolchain1 using /usr/local/go.
    Building Go bootstrap cmd/go (go_bootstrap) using Go toolchain1.
    Building Go toolchain2 using go_bootstrap and Go toolchain1.
    Building Go toolchain3 using go_bootstrap and Go toolchain2.
    Building packages and commands for linux/amd64.

Source: make.bash; cmd/dist/build.go (`cmdbootstrap`, `timelog`).
"""

from __future__ import annotations

import re

LONGEST = 60
_PHASE = re.compile(r"(?:#+ )?Building (?:Go )?([A-Za-z0-9_/, ]{1,60}?)(?: (?:using|for|\().*)?\.?", re.ASCII)


def phase_of(line: str) -> str:
    """What is being built from this line on, "toolchain2", in plain letters; "" for a line that says nothing of it."""
    match = _PHASE.fullmatch(line.rstrip("\r\n")[:400])
    return match[1] if match else ""
