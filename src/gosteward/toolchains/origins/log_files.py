"""A checksum database in files: what `go` keeps of it, and what a module proxy that is a directory holds. Believed no more than a server.

GOMODCACHE/cache/download/sumdb/NAME/lookup/ESCAPED@VERSION, .../tile/8/0/x123/456.p/7     answers and authenticated tiles
GOPATH/pkg/sumdb/NAME/latest                                                                the newest head that go has seen
DIR/sumdb/NAME/...                                                                          the same, of GOPROXY=file://DIR

go keeps a tile with the width that it had when it was needed, and never again: where a narrower one is asked for, a wider one begins with it, and
where the newest head is too new for the tiles at hand, the head that came with the lookup is not.

Source: cmd/go/internal/modfetch/sumdb.go (`ReadCache`, `ReadConfig`); golang.org/x/mod/sumdb/client.go (`readTile`, `SaveTiles`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.host.descriptors import read_all, refuse_special
from gosteward.host.writing import READING
from gosteward.sumdb import client, lookup
from gosteward.sumdb.client import Answer, Server
from gosteward.sumdb.encodings import HASH_SIZE
from gosteward.sumdb.refusals import ForgeryError
from gosteward.sumdb.tiles import FULL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gosteward.sumdb.client import TileCache
    from gosteward.sumdb.keys import Key
    from gosteward.sumdb.proof import LoggedHashes

HEAD_LIMIT = 1 << 16
MOST_WIDTHS = FULL
_DIRECTORY = READING | os.O_DIRECTORY
_TILE = re.compile(r"/tile/8/\d+/(?:x\d{3}/)*\d{3}(?:\.p/([1-9]\d{0,2}))?")


class Place(NamedTuple):
    """Something in a directory.  top: absolute, links in it are followed.   inside: relative to it, through no link."""

    top: str
    inside: str


class Folder(NamedTuple):
    """A database in files.  files: of the directory with `lookup` and `tile`.   heads: files with signed heads, the best first."""

    files: Place
    heads: tuple[Place, ...] = ()


def of_go(cache: str, path: str, name: str) -> Folder:
    """What go keeps.

    Args:
        cache: GOMODCACHE.   path: the first directory of GOPATH, "" if it is not known.   name: of the database.
    """
    heads = (Place(path, f"pkg/sumdb/{name}/latest"),) if path else ()
    return Folder(Place(cache, f"cache/download/sumdb/{name}"), heads)


def of_proxy(directory: str, name: str) -> Folder:
    """What a module proxy that is a directory holds."""
    return Folder(Place(directory, f"sumdb/{name}"), (Place(directory, f"sumdb/{name}/latest"),))


def server(folder: Folder) -> Server:
    """A database that answers out of files: 404 for what is not there, cannot be read, or has no length of a tile."""
    return Server(lambda path: _answer(folder.files, path))


def stored(
    folders: Sequence[Folder], module: str, version: str, key: Key, remembered: str, tiles: TileCache
) -> LoggedHashes | None:
    """The hashes of a module version, proved by files alone; None if these do not suffice, or are damaged.

    The tree is that of the remembered head or a newer one, if the tiles show that both are of one log; else that of the newest head beside the
    files; else that of the head that came with the answer. All of them are signed by the key; whoever takes a proof by another head than the
    remembered one has still to ask whether both are of one log.

    Args:
        remembered: signed note of the newest head that was ever proved, "" if there is none.   tiles: ours, asked first.
    Raises:
        ForgeryError: "fork": the key has signed two heads that exclude each other.   UsageError: no module path, or no version.
    """
    lookup.path(module, version)
    for folder in folders:
        asked = server(folder)
        for head in _heads(folder, remembered):
            found = _proved(module, version, asked, key, head, tiles)
            if found is not None:
                return found
    return None


def _proved(module: str, version: str, asked: Server, key: Key, head: str, tiles: TileCache) -> LoggedHashes | None:
    try:
        return client.logged(module, version, asked, (key,), head, tiles)
    except ForgeryError as error:
        if error.reason == "fork":
            raise
        return None  # damaged, or made up
    except StewardError:
        return None


def _heads(folder: Folder, remembered: str) -> Iterator[str]:
    """Heads to prove by, each once; "" for that of the answer itself."""
    if remembered:
        yield remembered
    for place in folder.heads:
        content = read(place, HEAD_LIMIT)
        text = content.decode("utf-8", "replace") if content else ""
        if text and text != remembered:
            yield text
    yield ""


def _answer(files: Place, path: str) -> Answer:
    place = files._replace(inside=files.inside + path)
    match = _TILE.fullmatch(path)
    if match is None:
        content = read(place, lookup.LARGEST)
        return Answer(404, b"") if content is None else Answer(200, content)
    width = int(match[1] or FULL)
    content = _tile(place, width)
    if content is None and match[1]:
        directory = place._replace(inside=place.inside.rpartition("/")[0])
        wider = sorted(w for w in _widths(directory) if width < w < FULL)
        found = (_tile(directory._replace(inside=f"{directory.inside}/{w}"), w) for w in wider)
        content = next((tile[: width * HASH_SIZE] for tile in found if tile is not None), None)
    return Answer(404, b"") if content is None else Answer(200, content)


def _tile(place: Place, width: int) -> bytes | None:
    content = read(place, FULL * HASH_SIZE + 1)
    return content if content is not None and len(content) == width * HASH_SIZE else None


def _widths(place: Place) -> list[int]:
    """Of the partial tiles in a directory."""
    try:
        with opened(place, _DIRECTORY) as descriptor, os.scandir(descriptor) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_WIDTHS))]
    except OSError:
        return []
    return [int(name) for name in names if re.fullmatch(r"[1-9][0-9]{0,2}", name)]


def read(place: Place, limit: int) -> bytes | None:
    """The content of a regular file; None if there is none, it is longer, or may not be read."""
    try:
        with opened(place, READING) as descriptor:
            content = read_all(descriptor, os.fstat(descriptor).st_size, limit + 1)
    except OSError:
        return None
    return content if len(content) <= limit else None


@contextlib.contextmanager
def opened(place: Place, flags: int) -> Iterator[int]:
    """A regular file or, by the flags, a directory, opened through no link below `top`. Raises OSError."""
    top = os.open(place.top, _DIRECTORY & ~os.O_NOFOLLOW)
    try:
        descriptor = opened_below(top, place.inside, flags)
    finally:
        os.close(top)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def opened_below(top: int, inside: str, flags: int = READING) -> int:
    """The same below a directory that is open. What is neither file nor directory is not opened at all: that alone can wake a FIFO. Raises OSError."""
    descriptor = os.dup(top)
    try:
        *above, name = inside.split("/")
        for component in above:
            inner = _entered(descriptor, component, _DIRECTORY)
            os.close(descriptor)
            descriptor = inner
        return _entered(descriptor, name, flags)
    finally:
        os.close(descriptor)


def _entered(directory: int, name: str, flags: int) -> int:
    if name in ("", ".", ".."):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    _refuse_other(os.stat(name, dir_fd=directory, follow_symlinks=False), name, flags)
    descriptor = os.open(name, flags, dir_fd=directory)
    try:
        _refuse_other(os.fstat(descriptor), name, flags)  # it may have been exchanged
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_other(status: os.stat_result, name: str, flags: int) -> None:
    if not flags & os.O_DIRECTORY:
        refuse_special(status, name)
    elif not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
