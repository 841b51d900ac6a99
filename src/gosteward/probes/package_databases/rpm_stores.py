"""rpm's older stores of package headers: ndb ("Packages.db", SUSE) and Berkeley DB hash files ("Packages", RHEL up to 8). Pure."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ReadAt = Callable[[int, int], bytes]

MOST_PACKAGES = 100_000
LONGEST_HEADER = 64 << 20
NDB_MAGIC, _SLOT, _BLOB = b"RpmP", b"Slot", b"BlbS"
_NDB_PAGE, _NDB_HEADER, _NDB_BLOCK = 4096, 32, 16
_HASH_MAGIC = 0x061561
_PAGE_HEADER = 26
_HASH_PAGES, _OVERFLOW, _OFF_PAGE = (2, 13), 7, 3
_MOST_BUCKETS = 1 << 20


class StoreError(Exception):
    """The file is no store of the expected form."""


def ndb_headers(read_at: ReadAt) -> Iterator[bytes]:
    """Every package header of an ndb store.

    Args:
        read_at: gives the bytes at (offset, count), fewer at the end.

    Raises:
        StoreError: another kind of file.
    Source:
        rpm lib/backend/ndb/rpmpkg.c: 32 bytes ("RpmP", version, generation, pages of slots, next package), slots of 16 bytes
        ("Slot", package, block, blocks), blobs at multiples of 16 bytes ("BlbS", package, generation, length); little-endian.
    """
    start = read_at(0, _NDB_HEADER)
    if start[:4] != NDB_MAGIC or len(start) < _NDB_HEADER:
        raise StoreError("no ndb magic")
    pages = min(struct.unpack_from("<I", start, 12)[0], MOST_PACKAGES * 16 // _NDB_PAGE)
    slots = read_at(_NDB_HEADER, max(0, pages * _NDB_PAGE - _NDB_HEADER))
    for at in range(0, len(slots) - 15, 16):
        magic, package, block, _ = struct.unpack_from("<4sIII", slots, at)
        if magic != _SLOT or not package or not block:
            continue
        head = read_at(block * _NDB_BLOCK, 16)
        if len(head) == 16 and head[:4] == _BLOB:
            length = struct.unpack_from("<I", head, 12)[0]
            yield read_at(block * _NDB_BLOCK + 16, min(length, LONGEST_HEADER))


def hash_headers(read_at: ReadAt) -> Iterator[bytes]:
    """Every package header of a Berkeley DB hash file.

    Args:
        read_at: as above.

    Raises:
        StoreError: another kind of file.
    Source:
        Berkeley DB src/dbinc/db_page.h: a meta page with the magic at 12, page size at 20, highest bucket at 72, and the
        page numbers of the bucket doublings from 96; hash pages with pairs of keys and values; values of this size lie in
        chains of overflow pages. Byte order is that of the machine that made the file.
    """
    meta = read_at(0, 512)
    order = next((o for o in "<>" if len(meta) == 512 and struct.unpack_from(o + "I", meta, 12)[0] == _HASH_MAGIC), "")
    if not order:
        raise StoreError("no Berkeley DB hash magic")
    size = struct.unpack_from(order + "I", meta, 20)[0]
    highest = struct.unpack_from(order + "I", meta, 72)[0]
    spares = struct.unpack_from(order + "32I", meta, 96)
    if size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536) or highest > _MOST_BUCKETS:
        raise StoreError("damaged Berkeley DB meta page")
    pages = _Pages(read_at, order, size)
    seen: set[int] = set()
    for bucket in range(highest + 1):
        number = bucket + spares[min(bucket.bit_length(), 31)]
        while number and number not in seen and len(seen) < _MOST_BUCKETS:
            seen.add(number)
            page = pages.read(number)
            if len(page) < size or page[25] not in _HASH_PAGES:
                break
            yield from pages.values(page)
            number = pages.next_of(page)


class _Pages:
    def __init__(self, read_at: ReadAt, order: str, size: int) -> None:
        self.read_at = read_at
        self.order = order
        self.size = size

    def read(self, number: int) -> bytes:
        return self.read_at(number * self.size, self.size)

    def next_of(self, page: bytes) -> int:
        number: int = struct.unpack_from(self.order + "I", page, 16)[0]
        return number

    def values(self, page: bytes) -> Iterator[bytes]:
        """The values on a hash page that lie in overflow pages: all package headers do, only rpm's counter does not."""
        count = min(struct.unpack_from(self.order + "H", page, 20)[0], (self.size - _PAGE_HEADER) // 2)
        offsets = struct.unpack_from(f"{self.order}{count}H", page, _PAGE_HEADER)
        for offset in offsets[1::2]:
            if offset + 12 <= len(page) and page[offset] == _OFF_PAGE:
                number, length = struct.unpack_from(self.order + "II", page, offset + 4)
                yield self._chain(number, min(length, LONGEST_HEADER))

    def _chain(self, number: int, length: int) -> bytes:
        parts: list[bytes] = []
        got = 0
        while number and got < length:
            page = self.read(number)
            if len(page) < _PAGE_HEADER or page[25] != _OVERFLOW:
                break
            used = struct.unpack_from(self.order + "H", page, 22)[0]
            part = page[_PAGE_HEADER : _PAGE_HEADER + used]
            if not part:
                break
            parts.append(part)
            got += len(part)
            number = self.next_of(page)
        return b"".join(parts)[:length]
