"""GOFLAGS as the go command checks it. Pure.

Source: cmd/go/internal/base/goflags.go (`InitGOFLAGS`): a word that is not a flag, or a flag that no go command has, stops every
command but `go env`. The table holds the flags of Go 1.12 to 1.26 that were accepted there [run].
"""

from __future__ import annotations

from typing import NamedTuple

from gosteward.golang.quoted import split

# -mod and others want a value behind "=": GOFLAGS cannot hold it as a word of its own.
_WITH_VALUE = """
    asmflags buildmode compiler coverpkg covermode exec gccgoflags gcflags installsuffix ldflags mod modfile o overlay p pgo pkgdir
    run tags timeout toolexec vet vettool
    """
_OTHERS = """
    C n x v a asan buildvcs modcacherw json linkshared msan race trimpath work cover coverprofile artifacts bench benchmem benchtime
    blockprofile blockprofilerate count cpu cpuprofile failfast fullpath fuzz fuzzminimizetime fuzztime list memprofile
    memprofilerate mutexprofile mutexprofilefraction outputdir parallel short shuffle skip trace c i d f u t e r w m deps export
    find test compiled retracted versions cache testcache modcache fuzzcache go print reuse droprequire require replace dropreplace
    exclude dropexclude retract dropretract fmt toolchain tool droptool godebug dropgodebug use dropuse module ignore dropignore
    compat diff insecure vendor changed debug-trace debug-actiongraph debug-runtime-trace fixtool fix
    """
VALUED = frozenset(_WITH_VALUE.split())
KNOWN = VALUED | frozenset(_OTHERS.split())
MOD_VALUES = ("", "mod", "readonly", "vendor")


class Fault(NamedTuple):
    """Why go refuses a GOFLAGS value.

    Attributes:
        kind: "quote" (a quote has no end), "word" (not a flag: a space stands where "=" belongs), "unknown", "value" (the flag
            needs `=VALUE`), "mod" (no such mode).   word: the part that is refused.
    """

    kind: str
    word: str


def fault(value: str) -> Fault | None:
    """The first thing that go refuses in a value; None where it takes all of it."""
    words = split(value)
    if words is None:
        return Fault("quote", value)
    for word in words:
        name, equals, given = word.partition("=")
        bare = name[2:] if name.startswith("--") else name[1:]
        if not word.startswith("-") or not bare or bare.startswith("-"):
            return Fault("word", word)
        if bare not in KNOWN:
            return Fault("unknown", word)
        if bare in VALUED and not equals:
            return Fault("value", word)
        if bare == "mod" and given not in MOD_VALUES:
            return Fault("mod", word)
    return None
