"""SHA-256 of the official archives for Linux, and of the sources, of Go's stable releases: a second witness beside the server's own word.

A digest that comes from the server of the archive says that the transfer was sound; one that was written down elsewhere, and ships
with this program, says that the archive is the one that everybody got. The table is of 2026-11: newest in it are go1.27.0, go1.26.8
(two files of it) and go1.25.14. What is not in it is unknown, and not wrong.

Each digest has one letter per source that was read. No two sources contradicted each other in any file.

The table itself is the module `release_digest_table`, written by tools/release_digests.py and read when a digest is asked for.
"""

from __future__ import annotations

from typing import NamedTuple

AS_OF = "2026-11"
SOURCES = {
    "b": "buildroot/buildroot e991fa07 (2026-08-22), package/go, hash files and their history",
    "d": "docker-library/golang 7c8c182b (2026-08-19), versions.json and its history",
    "e": "ethereum/go-ethereum 02b73d4e (2026-08-20), build/checksums.txt and its history",
    "g": "gantsign/ansible-role-golang 96536b06 (2025-04-13), vars/versions",
    "h": "cashapp/hermit-packages f0517fd7 (2026-08-22), go.hcl and its history",
    "i": "an answer of go.dev/dl/?mode=json",
    "o": "openwrt/packages 0521bb56 (2026-08-22), lang/golang and its history (sources only)",
    "r": "packed again: what cmd/distpack of go1.26.8 makes of that release's tree, whose h1 is in the transparency log",
    "w": "golang/website b02076ae, internal/dl/dl.gob: go.dev's own list of 2021-11-08",
    "y": "openembedded/openembedded-core 35a2c6ed (2026-08-22), meta/recipes-devtools/go and its history",
}
_SUFFIX = ".tar.gz"


class Pinned(NamedTuple):
    """A digest in the table.  sha256: 64 hexadecimal digits.  sources: keys of SOURCES, one at least."""

    sha256: str
    sources: str


def pinned(file: str) -> Pinned | None:
    """What is known of a file, "go1.26.8.linux-armv6l.tar.gz" or "go1.26.8.src.tar.gz"; None for any that is not in the table."""
    return table().get(file)


def verdict(file: str, sha256: str) -> str:
    """How a digest compares with the pinned one: "same", "different", or "unknown" for a file that is not in the table."""
    known = pinned(file)
    if known is None:
        return "unknown"
    return "same" if sha256.lower() == known.sha256 else "different"


def table() -> dict[str, Pinned]:
    """Every pinned digest by file name; read anew at each call."""
    from gosteward.knowledge.release_digest_table import TABLE  # large, and seldom asked for

    found = {}
    for line in filter(None, TABLE.split("\n")):
        version, *entries = line.split(" ")
        for entry in entries:
            part, sha256, sources = entry.split(":")
            name = f"{version}.src" if part == "src" else f"{version}.linux-{part}" if part else version
            found[f"{name}{_SUFFIX}"] = Pinned(sha256, sources)
    return found
