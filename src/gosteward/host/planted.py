"""Reading what somebody else may have laid out: with the rights of whoever can have put it there, so that a link shows nothing new.

Root is asked to look at a tree or a project of a user, in which VERSION, or .go-version, leads to /etc/shadow: what it says would be told.
"""

from __future__ import annotations

import contextlib
import stat
from typing import TYPE_CHECKING

from gosteward.host.accounts import user_with_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.local import LocalHost


@contextlib.contextmanager
def read_as_its_owner(host: LocalHost, path: str) -> Iterator[None]:
    """Read with the rights of the first one on the way to a path who is not root; with ours where all of it is root's, or we are not root.

    Args:
        path: absolute. Who owns a directory on the way, or a link, can have put there what comes behind it.
    """
    uid = next((uid for uid in _owners(host, path) if uid), 0)
    with host.reading_as(user_with_id(host, uid)) if uid else contextlib.nullcontext():
        yield


def _owners(host: LocalHost, path: str) -> Iterator[int]:
    parts = path.strip("/").split("/")
    for count in range(1, len(parts) + 1):
        place = "/" + "/".join(parts[:count])
        status = host.lstat(place)
        if status is None:
            return
        yield status.st_uid
        if stat.S_ISLNK(status.st_mode):
            above = host.stat(
                place.rpartition("/")[0] or "/"
            )  # where it lies, as it may be a hard link to one of root's
            yield above.st_uid if above is not None else 0
            real = host.realpath(place)
            if real and real != place:
                yield from _owners(host, real)
