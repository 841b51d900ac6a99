"""Files of modules out of a module cache (GOMODCACHE) on this host: believed no more than an upstream. Blocking."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from gosteward.errors import UsageError
from gosteward.host.writing import READING
from gosteward.modules.origins.directory import DirectorySource
from gosteward.modules.origins.upstream import UpstreamOrigin
from gosteward.modules.requests import FILES, ModuleRequest, file_at, request_for
from gosteward.modules.upstreams import Upstream
from gosteward.toolchains.module_cache.listing import listed

if TYPE_CHECKING:
    from gosteward.toolchains.origins.web import Web


class ModuleCacheOrigin(UpstreamOrigin):
    """What was downloaded into a module cache.

    Args:
        path: of the cache, in which there is `cache/download`.   web: not used.
    """

    def __init__(self, path: str, web: Web) -> None:
        url = f"file://{quote(os.fsencode(path))}/cache/download"
        super().__init__((Upstream(url, falls_through=False, shown=path),), web, sources={"file": DirectorySource()})
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

    def _top(self) -> int:
        return os.open(self.path, READING | os.O_DIRECTORY)
