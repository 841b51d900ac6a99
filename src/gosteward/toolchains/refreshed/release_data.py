"""Keep release data in the state directory, for this user. `probes.kept_release_data` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import DecodeError, StewardError
from gosteward.golang.advisories import MOST_ENTRIES
from gosteward.host.own_directory import OwnDirectory
from gosteward.knowledge import release_document
from gosteward.probes.kept_release_data import NAME

if TYPE_CHECKING:
    from gosteward.knowledge.release_data import ReleaseData


class KeepingError(StewardError):
    """There is no room or no right to write it; what was kept before is as it was."""

    exit_code = 73  # EX_CANTCREAT


def keep(data: ReleaseData, state: str) -> str:
    """Keep it, in one step. Returns the path. Raises PrivilegeError, KeepingError; DecodeError: it would be too long to be read again."""
    content = release_document.written(data)
    if len(content) > release_document.SIZE_LIMIT or len(data.advisories.entries) > MOST_ENTRIES:
        raise DecodeError("this is too much release data to be kept", subject=data.advisories.source)
    try:
        OwnDirectory(state).put(NAME, content, sync=True)
    except OSError as error:
        hint = "the state directory is below XDG_STATE_HOME or the home directory, /var/lib/gosteward for root"
        raise KeepingError(f"it cannot be kept ({error.strerror})", subject=f"{state}/{NAME}", hint=hint) from error
    return f"{state}/{NAME}"
