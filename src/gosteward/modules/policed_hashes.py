"""Hashes of modules, where a policy says which of them are nobody else's business."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.modules.expected_hashes import Expected, Hashes
    from gosteward.modules.policing import Policing


class PolicedHashes:
    """Hashes of modules, of which no database is asked for those that the policy says are private.

    Args:
        public: knows all others.   seen: holds private ones to what came first.
    """

    def __init__(self, public: Hashes, seen: Hashes, policing: Policing) -> None:
        self._public, self._seen, self._policing = public, seen, policing

    def expected(self, module: str, version: str) -> Expected:
        return self._of(module).expected(module, version)

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        return self._of(module).record(module, version, kind, h1)

    def persist(self, module: str, version: str) -> None:
        self._of(module).persist(module, version)

    def _of(self, module: str) -> Hashes:
        return self._seen if self._policing.is_private(module) else self._public
