"""Proofs of a checksum database that other proxies got, for one that cannot reach it now: each proves itself by the database's key.

proofs/golang.org/x/text/@v/v0.21.0     the text that `Log` keeps, c2sp.org/tlog-proof
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.golang import gomod
from gosteward.golang.modulepaths import touches
from gosteward.modules.origins.upstream import BrokenError
from gosteward.modules.shared.objects import UnusableError, small

if TYPE_CHECKING:
    from gosteward.modules.outages import Outage
    from gosteward.modules.shared.objects import Objects
    from gosteward.modules.tally import Tally
    from gosteward.toolchains.proving.transparency import Log

_LIMIT = 1 << 16


class SharedProofs:
    """Proofs in a place.

    Args:
        log: what they prove something of; None for none.   private: patterns of modules that it is never asked for.
    """

    def __init__(self, objects: Objects, outage: Outage, tally: Tally, log: Log | None, private: str = "") -> None:
        self._objects, self._outage, self._tally = objects, outage, tally
        self._log, self._private = log, private

    def take(self, module: str, version: str) -> bool:
        """Let the log know a proof of a version, if somebody brought one. Returns whether it does now."""
        if self._log is None or not self._outage.asks():
            return False
        try:
            text = small(self._objects, _name(module, version), _LIMIT)
            self._outage.answered()
            if not text:
                return False
            self._log.accept(module, version, text.decode("utf-8", "replace"))
        except (UnusableError, BrokenError) as error:
            self._outage.failed(str(error))
            return False
        except StewardError as error:
            self._tally.trouble("shared", f"{self._objects.shown}: {_name(module, version)} proves nothing: {error}")
            return False
        return True

    def offer(self, module: str, version: str) -> bool:
        """Bring the proof of a version, if there is one here. Returns False if it has to be tried again."""
        if self._log is None or touches(self._private, module):
            return True
        found = self._log.at_hand(module, version, keep=False)
        if found is None:
            return True
        if not self._outage.asks():
            return False
        try:
            self._objects.create(_name(module, version), found.proof.encode())
        except UnusableError as error:
            self._outage.failed(str(error))
            return False
        self._outage.answered()
        return True


def _name(module: str, version: str) -> str:
    return f"proofs/{gomod.escape(module)}/@v/{gomod.escape(version)}"
