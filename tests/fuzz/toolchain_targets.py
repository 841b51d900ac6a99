"""Readers of what servers and archives say about toolchains: release lists, checksum databases, signatures, zips and tars, records of ours."""

from __future__ import annotations

from fuzz.advisory_targets import ADVISORIES
from fuzz.build_targets import BUILDS
from fuzz.bundle_targets import BUNDLES
from fuzz.policy_targets import TARGETS as POLICIES
from fuzz.settings_targets import TARGETS as SETTINGS
from fuzz.target import Target, text_of
from fuzz.vulnerability_targets import TARGETS as VULNERABILITIES
from gosteward.errors import StewardError, UsageError
from gosteward.formats import openpgp_packets, openpgp_status, tar_members, zip_members
from gosteward.formats.zip_members import Limits
from gosteward.golang import (
    bootstrap,
    cached_names,
    distribution,
    installed_trees,
    platforms,
    release_index,
    toolchain_names,
    tree_comparison,
)
from gosteward.golang.distribution import Entry
from gosteward.sumdb import encodings, keys, lookup, note, proof, signing, tiles, tlog
from gosteward.sumdb.refusals import RefusalError

PREFIX = distribution.module_prefix("go1.26.90", "linux-amd64")
LIMITS = Limits()
PUBLIC = keys.parse(keys.PUBLIC_DATABASE)


def _zip(data: bytes) -> object:
    def read_at(offset: int, size: int) -> bytes:
        if offset < 0 or size < 0:
            raise AssertionError(f"{size} bytes are read at {offset}")
        return data[offset : offset + size]

    return zip_members.members(read_at, len(data), PREFIX, LIMITS)


def _tar(data: bytes) -> object:
    found = []
    for member in tar_members.members((data[at : at + 512] for at in range(0, len(data), 512)), "go/", LIMITS):
        found.append((member.name, len(member.content)))
    return found


def _tree(data: bytes) -> object:
    names = text_of(data).split("\n")[:200]
    entries = tuple(Entry(name, 0o644, "0" * 64) for name in names)
    parts = tree_comparison.parts_of(entries, "go1.26.8", "linux-amd64")
    return (
        distribution.module_h1(entries, "go1.26.8", "linux-amd64"),
        [(distribution.release_of(name), distribution.mode_of(name)) for name in names],
        tree_comparison.wrong_modes(parts.module),
        tree_comparison.compared(parts.module, entries),
    )


def _go_env(data: bytes) -> object:
    text = text_of(data)
    return tree_comparison.original_go_env(text), tree_comparison.own_settings(text), tree_comparison.is_benign(text)


def _wanted(data: bytes) -> object:
    text = text_of(data)
    found = toolchain_names.wanted(text)
    try:
        chain = bootstrap.chain(found.version, ("go1.24.6", "go1.26.8"))
    except UsageError:
        chain = ()
    return found, chain, platforms.of_archive(text), toolchain_names.of_archive(text)


def _wanted_by_file(data: bytes) -> object:
    name = ("go.mod", "go.work", ".go-version", ".tool-versions")[data[0] % 4 if data else 0]
    return toolchain_names.from_file(name, text_of(data[1:]))


def _release_list(data: bytes) -> object:
    return [release_index.archive_of(r, platforms.Platform("amd64")) for r in release_index.parse(text_of(data))]


def _cached_names(data: bytes) -> object:
    names = text_of(data).split("\n")
    return [(cached_names.downloaded(n), cached_names.unpacked(n), cached_names.is_temporary(n)) for n in names], (
        cached_names.stated_version(data)
    )


def _record(data: bytes) -> object:
    found = lookup.parse(data)
    return found, lookup.hashes(found.text, "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64")


def _head(data: bytes) -> object:
    text = text_of(data)
    return note.opened(text, (PUBLIC,)), tlog.parse_head(text), encodings.canonical(text)


def _proof(data: bytes) -> object:
    return proof.verified(text_of(data), "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64", (PUBLIC,))


def _tiles(data: bytes) -> object:
    size, index = int.from_bytes(data[:5], "big") + 1, int.from_bytes(data[5:9], "big")
    needed = sorted(tiles.for_inclusion(size, min(index, size - 1)))
    contents = {tile: data.ljust(tile.length, b"\0")[: tile.length] for tile in needed}
    tiles.authenticate(tlog.TreeHead(size, data[:32].ljust(32, b"\0")), contents)
    return needed


STATUS = "[GNUPG:] NEWSIG GOODSIG EXPKEYSIG REVKEYSIG BADSIG ERRSIG VALIDSIG KEYEXPIRED SIG_ID 8 10 2 EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"
TARGETS = {
    "toolchain-zip": Target(_zip, errors=(StewardError,), longest=1 << 14),
    "toolchain-tar": Target(_tar, errors=(StewardError,), longest=1 << 15),
    "tree-names": Target(_tree, words="bin/go pkg/tool/linux_amd64/ _go.mod src/ api/ .bash / .. //"),
    "tree-listing": Target(
        lambda data: installed_trees.parse_listing(data), errors=(ValueError,), words="0644 0755 bin/go \\n \\\\"
    ),
    "tree-version": Target(lambda data: distribution.parse_version_file(data), words="go1.26.8 time 2026-08-28T16:20:06Z"),
    "tree-go-env": Target(_go_env, words="GOTOOLCHAIN=local GOPROXY= GOSUMDB= # auto"),
    "wanted-release": Target(_wanted, errors=(UsageError,), words="go1. latest rc beta .linux-amd64.tar.gz"),
    "wanted-by-file": Target(
        _wanted_by_file, errors=(UsageError,), words="go.mod go.work .go-version .tool-versions toolchain go golang 1.22 default local"
    ),
    "release-list": Target(
        _release_list, errors=(StewardError,), words='[ ] { } "version" "stable" "files" "sha256" "size" go1.26.8 true null 1e9'
    ),
    "release-digest": Target(lambda data: release_index.parse_digest(text_of(data)), errors=(StewardError,)),
    "openpgp-status": Target(lambda data: openpgp_status.parse(data), errors=(StewardError,), words=STATUS),
    "openpgp-certificates": Target(lambda data: openpgp_packets.certificates(data), errors=(openpgp_packets.PacketError,), longest=1 << 14),
    "openpgp-signature": Target(lambda data: openpgp_packets.signature(data), errors=(openpgp_packets.PacketError,)),
    "logged-record": Target(_record, errors=(RefusalError,), words="go.sum database tree h1: /go.mod golang.org/toolchain \u2014"),
    "signed-head": Target(_head, errors=(RefusalError,), words="go.sum database tree \u2014 sum.golang.org"),
    "log-proof": Target(_proof, errors=(RefusalError,), words="c2sp.org/tlog-proof@v1 extra index"),
    "database-key": Target(lambda data: keys.parse(text_of(data)), errors=(UsageError,), words="+ 033de0ae"),
    "signing-key": Target(lambda data: signing.parse(text_of(data)).key, errors=(UsageError,), words="PRIVATE+KEY+ +e43e33a2+"),
    "log-tiles": Target(_tiles, errors=(RefusalError,)),
    "cached-names": Target(_cached_names, words='! @v1.2.3 .info .mod .zip .ziphash .partial .lock .tmp- {"Version":"v1.2.3"}'),
    **SETTINGS,
    **POLICIES,
    **VULNERABILITIES,
    **BUILDS,
    **BUNDLES,
    **ADVISORIES,
}  # fmt: skip
