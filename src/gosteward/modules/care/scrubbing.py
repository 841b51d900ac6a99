"""Read a whole store again, and take out what is not what it was: disks forget, and people edit files.

1. What lies there. What is no file of a module version has no business there: a web server would hand it out.
2. What the hashes have to be: `cared_store.known_of`.
3. Each file is read, without counting as used, and compared; the wrong ones go to the quarantine. The next client gets them anew.
"""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED
from gosteward.finding import Text
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import cached_names
from gosteward.modules.care.cared_store import hashed_versions, known_of, listed
from gosteward.modules.verification import MOST_INFO, h1_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.care.cared_store import CaredStore, Known
    from gosteward.modules.requests import ModuleRequest

    Progress = Callable[[int, int], None]

THREADS = 2
OK, BAD, UNJUDGED, GONE = "ok", "bad", "not-judged", "gone"
_DAMAGE = (errno.EIO, errno.ELOOP, getattr(errno, "EUCLEAN", errno.EIO))


class Judged(NamedTuple):
    """A file.

    Attributes:
        path: of its request.   status: "ok", "bad", "not-judged", "gone".   size: bytes.   moved: where it lies now, below the store, "" for where it was.
    """

    path: str
    status: str
    size: int = 0
    reason: Text = Text("")
    moved: str = ""


class Scrubbed(NamedTuple):
    """A whole store."""

    files: tuple[Judged, ...]

    def of(self, status: str) -> tuple[Judged, ...]:
        """The files with a status."""
        return tuple(one for one in self.files if one.status == status)

    @property
    def exit_code(self) -> int:
        """1: something was wrong.  3: something could not be judged.  0: neither."""
        return FINDINGS if self.of(BAD) else NOT_JUDGED if self.of(UNJUDGED) else HEALTHY


def scrub(looked_after: CaredStore, progress: Progress = lambda *_: None, *, move: bool = True) -> Scrubbed:
    """Verify every file of a store.

    Args:
        move: the bad ones, into the quarantine.
    Raises:
        OSError: the store cannot be read.
    """
    found = listed(looked_after.store)
    known = known_of(looked_after, hashed_versions(found.files), recorded=True)
    judged = [Judged(path, BAD, reason=Text("it is no file of a module version")) for path in found.strays]
    with ThreadPoolExecutor(THREADS) as threads:
        for one in threads.map(lambda file: _judged(looked_after, file, known), found.files):
            judged.append(one)
            progress(len(judged) - len(found.strays), len(found.files))
    return Scrubbed(tuple(_set_aside(looked_after, one) if move and one.status == BAD else one for one in judged))


def _judged(looked_after: CaredStore, file: ModuleRequest, known: dict[tuple[str, str], Known]) -> Judged:
    try:
        stored = looked_after.store.opened(file.path, use=False)
    except OSError as error:
        return _unreadable(file, error)
    if stored is None:
        return Judged(file.path, GONE)
    try:
        status, reason = _compared(file, stored.descriptor, known)
        return Judged(file.path, status, stored.size, reason)
    except ArchiveError as error:
        return Judged(file.path, BAD, stored.size, Text("it is no zip of this version: {reason}", reason=str(error)))
    except OSError as error:
        return _unreadable(file, error)
    finally:
        os.close(stored.descriptor)


def _compared(file: ModuleRequest, descriptor: int, known: dict[tuple[str, str], Known]) -> tuple[str, Text]:
    if file.kind == "info":
        stated = cached_names.stated_version(os.pread(descriptor, MOST_INFO, 0))
        good = stated == file.version
        return (OK, Text("")) if good else (BAD, Text("it does not name its version, but {found}", found=stated[:100]))
    found = h1_of(file, descriptor)
    what = known[file.module, file.version]
    wanted = what.expected.zip_h1 if file.kind == "zip" else what.expected.mod_h1
    if not wanted:
        return UNJUDGED, what.reason or Text("no hash of it was recorded, and no log is asked for it")
    if found == wanted:
        return OK, Text("")
    return BAD, Text("it has {found}, and {by} says {wanted}", found=found, by=what.expected.by, wanted=wanted)


def _unreadable(file: ModuleRequest, error: OSError) -> Judged:
    status = BAD if error.errno in _DAMAGE else UNJUDGED
    return Judged(file.path, status, reason=Text("it cannot be read ({reason})", reason=error.strerror or "?"))


def _set_aside(looked_after: CaredStore, one: Judged) -> Judged:
    try:
        return one._replace(moved=looked_after.store.set_aside(one.path))
    except OSError as error:
        text = Text("{reason}; it cannot be moved ({error})", reason=str(one.reason), error=error.strerror or "?")
        return one._replace(reason=text)
