"""Whose rights a file is read with: files in a home with its owner's, so that links in it show nothing new."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gosteward.host.reading import Host
    from gosteward.snapshot import User


def as_user(host: Host, user: User | None) -> AbstractContextManager[object]:
    """Read with the user's rights inside the `with` block; with ours when there is no user or the host knows no users."""
    reading_as = getattr(host, "reading_as", None)
    if user is None or reading_as is None:
        return nullcontext()
    guarded: AbstractContextManager[object] = reading_as(user)
    return guarded
