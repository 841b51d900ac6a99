"""Readers of bundles: the tar, and the manifest in it, as whoever carried the file may have changed both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.json_mutation import mutated
from fuzz.target import Target
from gosteward.errors import DecodeError
from gosteward.formats import stored_members
from gosteward.formats.stored_members import BLOCK
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import bundle_manifest

if TYPE_CHECKING:
    from random import Random


def _bundle(data: bytes) -> object:
    def read_at(offset: int, size: int) -> bytes:
        if offset < 0 or size < 0:
            raise AssertionError(f"{size} bytes are read at {offset}")
        return data[offset : offset + size]

    found = stored_members.members(read_at, len(data))
    if any(member.start + member.size > len(data) for member in found):
        raise AssertionError("a member is longer than the file")
    return stored_members.first_name(data[:BLOCK]), found


def _manifest(data: bytes) -> object:
    found = bundle_manifest.parse(data)
    if bundle_manifest.parse(bundle_manifest.written(found)) != found._replace(
        releases=bundle_manifest.in_order(found.releases)
    ):
        raise AssertionError("what is read is not what is written")
    return found


def _with_sound_header(data: bytes, random: Random) -> bytes:
    """One byte of a header is another one, and its sum fits: chance would never get that right."""
    changed = bytearray(data.ljust(BLOCK, b"\0"))
    at = random.randrange(len(changed) // BLOCK) * BLOCK
    changed[at + random.randrange(BLOCK)] = random.randrange(256)
    if random.random() < 0.5:
        changed[at + 124 : at + 136] = b"%011o\0" % random.choice((0, 1, 511, 512, 513, len(data), 1 << 32))
    block = changed[at : at + BLOCK]
    changed[at + 148 : at + 156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 0x20)
    return bytes(changed)


BUNDLES = {
    "bundle": Target(_bundle, errors=(ArchiveError,), longest=1 << 14, mutate=_with_sound_header),
    "bundle-manifest": Target(_manifest, errors=(DecodeError,), longest=1 << 14, mutate=mutated),
}
