"""Which Go release brought each package of the standard library, from Go 1.8 on; older ones are in every Go.

Written by tools/std_packages.py from GOROOT/api/go1.*.txt of go1.26.8. Packages that have no API of their own are missing there.
"""

from __future__ import annotations

NEWEST = "go1.26.8"

SINCE = {
    "cmp": "1.21",
    "crypto/ecdh": "1.20",
    "crypto/ed25519": "1.13",
    "crypto/fips140": "1.24",
    "crypto/hkdf": "1.24",
    "crypto/hpke": "1.26",
    "crypto/mlkem": "1.24",
    "crypto/mlkem/mlkemtest": "1.26",
    "crypto/pbkdf2": "1.24",
    "crypto/sha3": "1.24",
    "debug/buildinfo": "1.18",
    "embed": "1.16",
    "go/build/constraint": "1.16",
    "go/doc/comment": "1.19",
    "go/version": "1.22",
    "hash/maphash": "1.14",
    "io/fs": "1.16",
    "iter": "1.23",
    "log/slog": "1.21",
    "maps": "1.21",
    "math/bits": "1.9",
    "math/rand/v2": "1.22",
    "net/netip": "1.18",
    "plugin": "1.8",
    "runtime/coverage": "1.20",
    "runtime/metrics": "1.16",
    "slices": "1.21",
    "structs": "1.23",
    "testing/cryptotest": "1.26",
    "testing/fstest": "1.16",
    "testing/slogtest": "1.21",
    "testing/synctest": "1.25",
    "unique": "1.23",
    "weak": "1.24",
}


def since(package: str) -> str:
    """Release that brought a package, "1.21"; "" for one that every supported reader has, or that is not known."""
    return SINCE.get(package, "")
