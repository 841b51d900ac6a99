"""What the first of several proxies saw of each private module: decided in the place that they share, and held to by all.

    STORE/shared/PLACE/hashes/     what this proxy and the place agree on; as STORE/hashes, see `expected_hashes`
    STORE/shared/PLACE/conflicts/  what they do not, a file for each version, as in hashes

Where the place does not answer, what comes first here counts, and it is decided as soon as the place answers. If that is something else
then, the version is refused until somebody has looked into it: nobody here can know which one is right.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.modules.expected_hashes import Expected, SeenHashes
from gosteward.modules.origins.upstream import BrokenError
from gosteward.modules.requests import request_for
from gosteward.modules.shared.objects import UnusableError, hash_name, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.outages import Outage
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.shared.objects import Objects
    from gosteward.modules.tally import Tally

_LIMIT = 1_000
_H1 = re.compile(r"h1:[A-Za-z0-9+/]{43}=")


class ConflictError(StewardError):
    """Two proxies hold a private module version to different hashes."""


class SharedHashes:
    """Hashes of what came first, anywhere.

    Args:
        top: of the place's own files in the store, STORE/shared/PLACE.   seen: what came first here.
    """

    def __init__(self, objects: Objects, outage: Outage, tally: Tally, top: str, seen: SeenHashes) -> None:
        self._objects, self._outage, self._tally, self._seen = objects, outage, tally, seen
        self._agreed = SeenHashes(top)
        self._conflicts = SeenHashes(top, "conflicts")
        self._lock = threading.Lock()

    def expected(self, module: str, version: str) -> Expected:
        """As `Hashes.expected`. Raises ConflictError."""
        self.settle(module, version)
        known = self._seen.expected(module, version)
        return Expected(
            known.zip_h1 or self._told(request_for("zip", module, version)),
            known.mod_h1 or self._told(request_for("mod", module, version)),
            f"what came first of it ({self._objects.shown})",
        )

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        decided = self._decided(request_for(kind, module, version), h1)
        return (
            self._held(request_for(kind, module, version), decided)
            if decided
            else self._seen.record(module, version, kind, h1)
        )

    def persist(self, module: str, version: str) -> None:
        for hashes in (self._seen, self._agreed):
            hashes.persist(module, version)

    def is_settled(self, module: str, version: str) -> bool:
        """Whether all hold to what was seen here; that was learnt before, and nobody is asked."""
        seen, agreed = self._seen.expected(module, version), self._agreed.expected(module, version)
        return seen.zip_h1 in ("", agreed.zip_h1) and seen.mod_h1 in ("", agreed.mod_h1)

    def settle(self, module: str, version: str) -> bool:
        """Let what was seen here be what all hold to, if nobody was faster.

        Returns:
            whether it is; False if nobody can say.
        Raises:
            ConflictError: somebody was faster, with something else.
        """
        seen = self._seen.expected(module, version)
        if not (seen.zip_h1 or seen.mod_h1):
            return True
        with self._lock:
            agreed = self._agreed.expected(module, version)
            open_ones = [
                (request_for(kind, module, version), ours)
                for kind, ours, known in (("zip", seen.zip_h1, agreed.zip_h1), ("mod", seen.mod_h1, agreed.mod_h1))
                if ours and ours != known
            ]
            return all(self._settle(request, ours) for request, ours in open_ones)

    def _settle(self, request: ModuleRequest, ours: str) -> bool:
        module, version, kind = request.module, request.version, request.kind
        before = self._conflicts.expected(module, version)
        theirs = self._decided(request, ours) or (before.zip_h1 if kind == "zip" else before.mod_h1)
        if not theirs:
            return False
        if theirs == ours:
            self._agreed.record(module, version, kind, ours)
            self._agreed.persist(module, version)
            self._conflicts.forget(module, version)
            return True
        if not (before.zip_h1 if kind == "zip" else before.mod_h1):
            self._conflicts.record(module, version, kind, theirs)
            self._conflicts.persist(module, version)
        what = f"SECURITY ERROR: the {kind} that came first here has {ours}, and {self._objects.shown} says {theirs}"
        raise ConflictError(what, subject=request.named)

    def _told(self, request: ModuleRequest) -> str:
        """What all hold to, if that is known; what is there where that is no hash; "" for nothing."""
        decided = self._asked(lambda: self._read(hash_name(request)))
        held = self._held(request, decided) if decided else ""
        self.persist(request.module, request.version)
        return held

    def _held(self, request: ModuleRequest, decided: str) -> str:
        """Hold a file to what was decided, if it is a hash, and another process has not just seen something else."""
        if not _H1.fullmatch(decided):
            return decided
        held = self._seen.record(request.module, request.version, request.kind, decided)
        if held == decided:
            self._agreed.record(request.module, request.version, request.kind, decided)
        return held

    def _decided(self, request: ModuleRequest, h1: str) -> str:
        """What all hold to, this one if there was none; what is there where that is no hash; "" if nobody can say."""
        name = hash_name(request)
        return self._asked(lambda: h1 if self._objects.create(name, h1.encode()) else self._read(name))

    def _asked(self, ask: Callable[[], str]) -> str:
        """What somebody says, "" if the place does not answer."""
        if not self._outage.asks():
            return ""
        try:
            decided = ask()
        except (UnusableError, BrokenError) as error:
            self._outage.failed(str(error))
            return ""
        self._outage.answered()
        return decided

    def _read(self, name: str) -> str:
        content = small(self._objects, name, _LIMIT)
        if content is None:
            return ""
        text = content.decode("utf-8", "replace").strip()
        return text if _H1.fullmatch(text) else f"nothing that is a hash ({name})"
