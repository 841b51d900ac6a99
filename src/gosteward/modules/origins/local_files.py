"""What upstreams of the form file:///PATH are: a directory in the layout of the protocol, an export, or a bundle. Blocking."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from gosteward.golang.modulepaths import covers
from gosteward.modules.origins.archives import ArchiveSource
from gosteward.modules.origins.directory import DirectorySource

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gosteward.modules.answers import Refusal
    from gosteward.modules.origins.archives import Accept, StatedProof
    from gosteward.modules.origins.upstream import Coming
    from gosteward.modules.upstreams import Upstream
    from gosteward.toolchains.proving.transparency import Log


class LocalFiles:
    """Files of this host.

    Args:
        accept: see `ArchiveSource`.
    """

    def __init__(self, accept: Accept = lambda _: None) -> None:
        self._directories, self._archives = DirectorySource(), ArchiveSource(accept)

    def opened(self, upstream: Upstream, path: str, seconds: float) -> AbstractContextManager[Coming | Refusal]:
        """As `Source.opened`."""
        try:
            is_file = stat.S_ISREG(os.stat(upstream.path).st_mode)
        except OSError:
            is_file = False
        return (self._archives if is_file else self._directories).opened(upstream, path, seconds)


def accepting(log: Log, private: str) -> Accept:
    """Lets a log keep the proofs of its own database that come with archives.  private: patterns of modules that are none of its business."""
    wanted = f"{log.key.name}+{log.key.hash.hex()}"

    def accept(stated: StatedProof) -> None:
        if stated.database == wanted and not covers(private, stated.module):
            log.accept(stated.module, stated.version, stated.text, stated.head)

    return accept
