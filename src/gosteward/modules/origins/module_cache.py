"""Files of modules out of a module cache (GOMODCACHE) on this host: believed no more than an upstream. Blocking."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.host.writing import READING
from gosteward.modules.answers import NOT_FOUND, Refusal
from gosteward.modules.origins.upstream import FILE_SECONDS, BrokenError, Coming, UpstreamOrigin
from gosteward.modules.requests import FILES, ModuleRequest, file_at, request_for
from gosteward.toolchains.module_cache.listing import listed
from gosteward.toolchains.origins.log_files import opened_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.toolchains.origins.web import Web

_PIECE = 1 << 20


class ModuleCacheOrigin(UpstreamOrigin):
    """What was downloaded into a module cache.

    Args:
        path: of the cache, in which there is `cache/download`.   web: not used.
    """

    def __init__(self, path: str, web: Web) -> None:
        super().__init__((), web)
        self.path = path

    def files(self) -> tuple[ModuleRequest, ...]:
        """Requests for all files of canonical versions that are there. Raises UsageError: it is no module cache.   OSError."""
        if not os.path.isdir(f"{self.path}/cache/download"):
            raise UsageError("this is no module cache", subject=self.path, hint="`go env GOMODCACHE` says where one is")
        top = self._top()
        try:
            found = listed(top)
        finally:
            os.close(top)
        asked = (
            file_at(request_for(kind, one.module, one.version).path)
            for one in found.versions
            for kind in FILES
            if kind in one.files
        )
        return tuple(one for one in asked if one is not None)

    @contextlib.contextmanager
    def opened(self, path: str, seconds: float = FILE_SECONDS) -> Iterator[Coming | Refusal]:  # noqa: ARG002 - as that of an upstream
        """As `UpstreamOrigin.opened`."""
        try:
            top = self._top()
            try:
                descriptor = opened_below(top, f"cache/download/{path}")
            finally:
                os.close(top)
        except OSError as error:
            yield Refusal(NOT_FOUND, f"{self.path} does not have it ({error.strerror})")
            return
        try:
            yield Coming(_pieces(descriptor), os.fstat(descriptor).st_size, self.path)
        finally:
            os.close(descriptor)

    def _top(self) -> int:
        return os.open(self.path, READING | os.O_DIRECTORY)


def _pieces(descriptor: int) -> Iterator[bytes]:
    size = os.fstat(descriptor).st_size
    place = 0
    while place < size:
        piece = os.pread(descriptor, min(_PIECE, size - place), place)
        if not piece:
            raise BrokenError("the file became shorter")
        yield piece
        place += len(piece)
