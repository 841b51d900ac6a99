"""The newest release data that this user has: what ships with this program, and what `refresh` has kept in the state directory.

    /var/lib/gosteward/release-data.json, ~/.local/state/gosteward/release-data.json

Root reads its own only. What is kept was somebody else's answer once: it is read as anybody's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import DecodeError, PrivilegeError, StewardError
from gosteward.finding import Text
from gosteward.host.own_directory import OwnDirectory, state_for
from gosteward.knowledge import release_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.knowledge.release_data import ReleaseData

NAME = "release-data.json"


class Known(NamedTuple):
    """What is known.  damage: why what was kept does not count, None where nothing is wrong."""

    data: ReleaseData
    damage: Text | None = None


def known(environ: Mapping[str, str], home: str) -> Known:
    """What this process's user knows. Never fails: without a place for files, what ships is what there is."""
    try:
        state = state_for(environ, home)
    except StewardError:
        return Known(release_data.shipped())
    return known_in(state)


def known_in(state: str) -> Known:
    """The newer of what ships and what is in a state directory, each part for itself."""
    shipped = release_data.shipped()
    path = f"{state}/{NAME}"
    try:
        os.lstat(path)  # most hosts keep none, and need no reader of it
        from gosteward.knowledge import release_document

        kept = OwnDirectory(state).read(NAME, release_document.SIZE_LIMIT)
        if kept is None:
            return Known(shipped, Text("{path} is too long: what ships counts", path=path))
        return Known(release_data.merged(shipped, release_document.parse(kept)))
    except FileNotFoundError:
        return Known(shipped)
    except (DecodeError, PrivilegeError) as error:
        return Known(shipped, Text("{path} does not count: {reason}", path=path, reason=error.what))
    except OSError as error:
        reason = error.strerror or str(error)
        return Known(shipped, Text("{path} does not count: {reason}", path=path, reason=reason))
