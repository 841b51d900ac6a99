"""A module's zip: whether it is one, within the limits of the go command, and its h1.

Source: golang.org/x/mod/zip (`CheckZip`, MaxZipFile, MaxGoMod, MaxLICENSE); golang.org/x/mod/sumdb/dirhash (`HashZip`).
"""

from __future__ import annotations

import os
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gosteward.formats import zip_members
from gosteward.formats.zip_members import ArchiveError, Limits
from gosteward.golang import dirhash
from gosteward.host.inflating import Forward, digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.formats.zip_members import Member
    from gosteward.host.inflating import Engine

MOST_BYTES = 500 << 20
MOST_SMALL = 16 << 20
LARGE, MOST_AT_ONCE = 4 << 20, 4  # bytes of a zip from which on several threads hash it, and how many
LIMITS = Limits(members=65_535, member=MOST_BYTES, total=MOST_BYTES, archive=MOST_BYTES, empty=True)


def h1_of(archive: int, module: str, version: str, engine: Engine) -> str:
    """The h1 of a module's zip, "h1:...".

    Args:
        archive: descriptor of the whole file.
    Raises:
        ArchiveError: it is no zip of this module version, is damaged, or passes a limit.   OSError.
    """
    prefix = f"{module}@{version}/"
    found = listed(archive, module, version)
    for member in found:
        if member.name in ("go.mod", "LICENSE") and member.size > MOST_SMALL:
            raise ArchiveError(f"{member.size} bytes, more than {MOST_SMALL}", member.name)
    return dirhash.of_digests(
        zip(((prefix + member.name).encode() for member in found), _digests(archive, found, engine))
    )


def _digests(archive: int, members: Sequence[Member], engine: Engine) -> list[str]:
    """Of all members, in their order. Clients wait for the end of a large zip meanwhile: so all processors work on it, if it has several files."""
    count = 1
    if os.fstat(archive).st_size >= LARGE:
        count = min(MOST_AT_ONCE, len(members), len(os.sched_getaffinity(0)))
    if count < 2:
        return _digests_of(archive, members, engine)
    with ThreadPoolExecutor(count, thread_name_prefix="hashing") as threads:
        parts = threads.map(lambda some: _digests_of(archive, some, engine), _parts(members, count))
        return [digest for part in parts for digest in part]


def _parts(members: Sequence[Member], count: int) -> list[Sequence[Member]]:
    """As many runs of members, of about as many packed bytes each."""
    ends = [member.end for member in members]
    bounds = [bisect_left(ends, ends[-1] * part // count) for part in range(count)]
    return [members[begin:end] for begin, end in zip(bounds, [*bounds[1:], len(members)])]


def _digests_of(archive: int, members: Sequence[Member], engine: Engine) -> list[str]:
    packed = Forward(archive)
    return [digest_of(engine, packed, member) for member in members]


def listed(archive: int, module: str, version: str) -> tuple[Member, ...]:
    """All files of a module's zip, with names as within the module. Arguments and errors as for `h1_of`."""
    size = os.fstat(archive).st_size
    read = zip_members.members(lambda at, count: os.pread(archive, count, at), size, f"{module}@{version}/", LIMITS)
    return read.members
