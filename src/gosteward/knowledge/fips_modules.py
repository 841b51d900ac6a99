"""FIPS 140-3 modules that releases of Go carry (GOROOT/lib/fips140). A pure table, as of go1.26.8.

Source: internal/buildcfg/cfg.go (`gofips140`, `isFIPSVersion`); cmd/go/internal/fips140; lib/fips140 of go1.24 to go1.26.8.
"""

from __future__ import annotations

import re

from gosteward.golang import goversion

# Version, and the first release that has it.
SNAPSHOTS = (("v1.0.0", "go1.24rc1"), ("v1.0.0-c2097c7c", "go1.24rc1"), ("v1.26.0", "go1.26rc1"))
ALIASES = ("off", "latest", "inprocess", "certified")
_LAST_KNOWN = "go1.26.8"
_FORM = re.compile(r"v1\.[0-9]+\.[0-9]+(?:-rc[0-9]+|-.{8})?", re.DOTALL)


def is_well_formed(value: str) -> bool:
    """Whether a value of GOFIPS140 is one of the words, or looks like a version: go itself refuses anything else."""
    return value in ALIASES or _FORM.fullmatch(value) is not None


def lacks(version: str, value: str) -> bool:
    """Whether a release has no module of this version, as far as this table knows the release."""
    if value in ALIASES or goversion.parse(version) is None or goversion.older(_LAST_KNOWN, version):
        return False
    return not any(name == value and not goversion.older(version, since) for name, since in SNAPSHOTS)
