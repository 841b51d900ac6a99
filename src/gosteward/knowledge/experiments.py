"""Experiments (GOEXPERIMENT) of the go command. A pure table, as of 2026-11.

Sources: internal/goexperiment/flags.go of go1.26.8 [exact]; release notes of Go 1.17 to 1.25 for those that came and went.
"""

from __future__ import annotations

from gosteward.golang import goversion

# What go1.26 accepts; each may have "no" in front.
_OF_GO_1_26 = """
    fieldtrack preemptibleloops staticlockranking boringcrypto regabi regabiwrappers regabiargs heapminimum512kib arenas cgocheck2
    loopvar newinliner dwarf5 jsonv2 greenteagc randomizedheapbase64 runtimefreegc sizespecializedmalloc goroutineleakprofile simd
    runtimesecret
    """
_OF_OTHERS = """
    regabireflect regabidefer regabig pacerredesign unified coverageredesign allocheaders exectracer2 pagetrace rangefunc
    aliastypeparams swissmap spinbitmutex synctest synchashtriemap mapsplitgroup
    """
OF_GO_1_26 = frozenset(_OF_GO_1_26.split())
OF_OTHERS = frozenset(_OF_OTHERS.split())
_EXACT = (1, 26)


def knows(version: str, name: str) -> bool:
    """Whether a release has an experiment; of releases other than 1.26 it is only told what no release ever had."""
    bare = name.removeprefix("no")
    if bare in OF_GO_1_26:
        return True
    parsed = goversion.parse(version)
    if parsed is not None and parsed.major == 1 and parsed.minor > _EXACT[1]:
        return True  # newer than this table
    return bare in OF_OTHERS and (parsed is None or (parsed.major, parsed.minor) != _EXACT)
