"""What `verify` says: one check per promise of a toolchain, and the verdict that follows from all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED
from gosteward.finding import Text

if TYPE_CHECKING:
    from gosteward.golang.tree_comparison import Difference

OK, FAILED, UNJUDGED, NOTE = "ok", "failed", "not-judged", "note"
FILES_SHOWN = 50


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: for programs, "log", "files", "go.env", "modes", "others", "version", "std", "build", "build-cgo", "contexts".
        status: "ok", "failed", "not-judged", "note" (worth to know, and no fault).   remedy: what to do.
        lines: what the text speaks of, for people.   files: those that are wrong, at most FILES_SHOWN.
        total: how many are wrong; of "files", if it is ok, how many are right.
    """

    name: str
    status: str
    text: Text
    lines: tuple[str, ...] = ()
    files: tuple[Difference, ...] = ()
    total: int = 0
    remedy: Text = Text("")

    def naming(self, files: tuple[Difference, ...]) -> Check:
        """The same with files that are wrong."""
        return self._replace(files=files[:FILES_SHOWN], total=len(files))


class Verified(NamedTuple):
    """All checks of one tree.

    Attributes:
        version: that it should be, "go1.26.8"; "" if nothing says it.   goroot: without links.   platform: "linux-amd64", "" if not known.
    """

    version: str
    goroot: str
    platform: str
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1: something failed.  3: nothing failed, and something could not be judged.  0: neither."""
        found = {check.status for check in self.checks}
        return FINDINGS if FAILED in found else NOT_JUDGED if UNJUDGED in found else HEALTHY

    def check(self, name: str) -> Check | None:
        """The check of this name; None if it was not made."""
        return next((check for check in self.checks if check.name == name), None)
