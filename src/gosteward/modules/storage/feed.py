"""What came into a store, and when: the lines of `/index`, oldest first.

    STORE/feed/entries     {"Path":"golang.org/x/text","Version":"v0.44.0","Timestamp":"2026-11-28T13:19:42.758123Z"}

A version is named when its zip comes; a zip that comes again, as it was removed, is named again. No two lines have the same time, and each is later
than the line before, whichever process wrote it: who has read up to one of them asks from there. The file is not synced, so that a file of a module
is on the disk no later for it: what a crash takes from its end is named anew at the next start, with the time of that.

Source: index.golang.org, "Index protocol".
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.host.own_directory import OwnDirectory
from gosteward.modules.requests import file_at, request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gosteward.host.own_directory import Growing
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.storage.disk import DiskStore

    ReadAt = Callable[[int, int], bytes]

NAME = "entries"
LONGEST_LINE = 8_192
EARLIEST = "0001-01-01T00:00:00.000000Z"
WORTH_CLEARING = 1 << 20  # bytes of a file
_PIECE = 1 << 16
_LINES = 1_000  # that are written at once
_CLEARED = "cleared"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LINE_TIME = re.compile(rb'"Timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"\}\n')
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class Entry(NamedTuple):
    """A line.  time: as it is written there.   text: with its end."""

    module: str
    version: str
    time: str
    text: bytes


class Feed:
    """The file, which several processes add to.

    Args:
        top: the store's directory.   clock: seconds since the epoch.
    """

    def __init__(self, top: str, clock: Callable[[], float] = time.time) -> None:
        self._files = OwnDirectory(f"{top}/feed")
        self._clock = clock

    def came(self, path: str) -> None:
        """A zip has come.  path: below a store. Raises nothing: what is not named now is at the next start."""
        found = _zip_at(path)
        if found is not None:
            with contextlib.suppress(OSError, StewardError), self._files.growing(NAME) as file:
                _append(file, [(found.module, found.version, self._clock())])

    def since(self, earliest: str) -> Iterator[Entry]:
        """Lines from a time on, which is written as theirs. Raises OSError."""
        try:
            descriptor = self._files.opened(NAME)
        except FileNotFoundError:
            return
        try:
            size = os.fstat(descriptor).st_size

            def read_at(at: int, count: int) -> bytes:
                return os.pread(descriptor, count, at)

            found = entries(read_at, near(read_at, size, earliest), size)
            yield from itertools.dropwhile(lambda entry: entry.time < earliest, found)
        finally:
            os.close(descriptor)

    def settle(self, store: DiskStore) -> None:
        """Name what is in the store and was not named; forget what is not there any more, if that is most. Blocking.

        The file is read by pieces: in memory are only the paths of what is in the store.

        Raises:
            OSError, PrivilegeError.
        """
        is_named = dict.fromkeys((path for path in store.paths() if _zip_at(path) is not None), False)
        with self._files.growing(NAME) as file:
            named = left = 0
            for entry in _entries_of(file):
                named += 1
                path = _path_of(entry)
                if path in is_named:
                    left += 1
                    is_named[path] = True
            if file.size > WORTH_CLEARING and left < named // 2:
                self._clear(file, lambda path: path in is_named or store.status(path) is not None)
            now, at = self._clock(), []
            for path in (path for path, it_is in is_named.items() if not it_is):
                status = store.status(path)
                if status is not None:
                    # The first time of all, the files themselves say when they came.
                    at.append((now if named else min(now, status.st_mtime), path))
            at.sort()
            for start in range(0, len(at), _LINES):
                found = ((seconds, _zip_at(path)) for seconds, path in at[start : start + _LINES])
                _append(file, [(one.module, one.version, seconds) for seconds, one in found if one is not None])

    def _clear(self, file: Growing, is_there: Callable[[str], bool]) -> None:
        """Leave only lines about what is there.  Whoever else adds to the file waits for this very file: it is no new one."""
        with self._files.growing(_CLEARED) as cleared:
            cleared.restart()  # a kill may have left one
            for entry in _entries_of(file):
                if is_there(_path_of(entry)):
                    cleared.append(entry.text)
            file.restart()
            for at in range(0, cleared.size, _PIECE):
                file.append(os.pread(cleared.descriptor, _PIECE, at))
        self._files.remove(_CLEARED)


def _entries_of(file: Growing) -> Iterator[Entry]:
    """Lines of the file as it is now."""
    return entries(lambda at, count: os.pread(file.descriptor, count, at), 0, file.size)


def entries(read_at: ReadAt, start: int, size: int) -> Iterator[Entry]:
    """Whole lines between two offsets, the first of which is the start of one; what is none is passed over."""
    rest = b""
    for at in range(start, size, _PIECE):
        rest += read_at(at, min(_PIECE, size - at))
        *lines, rest = rest.split(b"\n")
        for line in lines:
            entry = entry_of(line)
            if entry is not None:
                yield entry
        rest = rest if len(rest) <= LONGEST_LINE else b""


def near(read_at: ReadAt, size: int, earliest: str) -> int:
    """The offset of a line that is earlier than a time, or the first of all; between it and the first one that is not there is little. Lines are in order."""
    low, high, wanted = 0, size, earliest.encode()
    while high - low > _PIECE:
        middle = (low + high) // 2
        piece = read_at(middle, 2 * LONGEST_LINE)
        newline = piece.find(b"\n")
        match = _LINE_TIME.search(piece, newline) if newline >= 0 else None
        if match is None:  # nothing that was written here
            return low
        begin = middle + newline + 1
        if match[1] < wanted:
            low = begin
        else:
            high = begin
    return low


def entry_of(line: bytes) -> Entry | None:
    """Read a line, without its end; None if it is none."""
    try:
        found = json.loads(line) if len(line) <= LONGEST_LINE else None
        module, version, at = str(found["Path"]), str(found["Version"]), str(found["Timestamp"])  # type: ignore[index]  # then it raises
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Entry(module, version, at, line + b"\n") if normalized(at) == at else None


def normalized(text: str) -> str:
    """A time of RFC 3339 as lines have it, in UTC, rounded down to microseconds; "" for what is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return ""
    zone = "+00:00" if match[3] in "Zz" else match[3]
    try:
        made = datetime.fromisoformat(match[1].upper() + zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return ""
    return _written(made.replace(microsecond=int((match[2] or "0").ljust(6, "0")[:6])))


def _append(file: Growing, came: Sequence[tuple[str, str, float]]) -> None:
    """Write lines behind those that are there.  came: module, version, and when, in order."""
    tail = os.pread(file.descriptor, 2 * LONGEST_LINE, max(0, file.size - 2 * LONGEST_LINE))
    times = _LINE_TIME.findall(tail)
    last = _moment(times[-1].decode()) if times else _EPOCH
    lines = [b""] if not tail or tail.endswith(b"\n") else [b"\n"]  # behind what a crash has cut
    for module, version, seconds in came:
        last = max(_EPOCH + timedelta(seconds=seconds), last + timedelta(microseconds=1))
        entry = {"Path": module, "Version": version, "Timestamp": _written(last)}
        lines.append(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
    file.append(b"".join(lines))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _written(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _path_of(entry: Entry) -> str:
    """Where the zip lies below a store."""
    return request_for("zip", entry.module, entry.version).path


def _zip_at(path: str) -> ModuleRequest | None:
    return file_at(path) if path.endswith(".zip") else None
