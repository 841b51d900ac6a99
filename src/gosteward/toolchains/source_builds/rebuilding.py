"""`verify --rebuild`: build the release of a tree from its logged sources, and compare both, bit by bit. Nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import platforms, tree_comparison
from gosteward.golang.toolchain_names import Wanted
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.installed.tree_reading import read
from gosteward.toolchains.obtaining.acquiring import Acquiring
from gosteward.toolchains.proving.proofs import MismatchError
from gosteward.toolchains.source_builds import bootstrapping, workshop
from gosteward.toolchains.source_builds.bootstrapping import Here
from gosteward.toolchains.source_builds.compiling import Compiling, enough
from gosteward.toolchains.source_builds.sourcing import Sourcing
from gosteward.toolchains.verifying.checks import FAILED, OK, UNJUDGED, Check

if TYPE_CHECKING:
    from gosteward.golang.distribution import Entry
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.installed.goroots import Goroot
    from gosteward.toolchains.obtaining.acquiring import Keeping
    from gosteward.toolchains.source_builds.compiling import Compiled
    from gosteward.toolchains.source_builds.make_log import Say

NAME = "rebuild"


class Rebuilding:
    """Builds releases of trees again.

    Args:
        root: where our trees are: one of them may build.   offline: as of `Web`.   say: is told what is going on, often.
    """

    def __init__(
        self,
        host: LocalHost,
        user: User,
        keeping: Keeping,
        *,
        root: str = "",
        offline: bool = False,
        say: Say = lambda _: None,
    ) -> None:
        self.host, self.user, self.keeping, self.say = host, user, keeping, say
        self.root = root
        self.acquiring = Acquiring(host, user, keeping, offline=offline)

    def check(self, goroot: Goroot) -> Check:
        """Whether a tree is what its sources come to. Raises OSError: it cannot be read."""
        reason = goroots.cannot_be_logged(goroot)
        platform = self.acquiring.platform
        if not reason and platforms.of_module(goroot.platform) != platform:
            reason = Text(
                "not built: it is for {platform}, and this host is {here}",
                platform=goroot.platform,
                here=platform.module,
            )
        if reason:
            return Check(NAME, UNJUDGED, reason)
        try:
            made = self._made(goroot)
        except (MismatchError, ForgeryError) as error:
            return Check(NAME, FAILED, Text("the sources are not what they should be: {reason}", reason=str(error)))
        except StewardError as error:
            text = Text("it could not be built: {reason}", reason=str(error))
            return Check(NAME, UNJUDGED, text, getattr(error, "lines", ()), remedy=Text(error.hint))
        return self._compared(goroot, made)

    def _made(self, goroot: Goroot) -> Compiled:
        sourcing = Sourcing(self.acquiring)
        offer = sourcing.found(Wanted("release", goroot.version))
        # Who is suspected does not build: it could put anything into what it builds.
        here = Here(self.host, self.root, self.user.home, suspect=goroot.path)
        steps = bootstrapping.planned(goroot.version, "auto", here, self.acquiring)
        source = enough(self.acquiring.proved(offer), "")
        with workshop.opened(self.host, self.keeping, goroot.version, self.say) as shop:
            return Compiling(sourcing, self.say, "").compiled(shop, source, steps, goroot.version, ())

    def _compared(self, goroot: Goroot, made: Compiled) -> Check:
        entries, _ = tree_comparison.without_twins(read(goroot.path).entries)
        there: tuple[Entry, ...] = tree_comparison.parts_of(entries, goroot.version, goroot.platform).module
        differences = tree_comparison.compared(there, made.entries)
        # Another check tells what a changed go.env sets.
        wrong = tuple(d for d in differences if d != tree_comparison.Difference(tree_comparison.GO_ENV, "changed"))
        if wrong:
            text = Text(
                "built from its sources by {builder}, {count} files come out otherwise",
                builder=made.builders[-1],
                count=str(len(wrong)),
            )
            remedy = Text("do not use this tree: install the release anew")
            return Check(NAME, FAILED, text, remedy=remedy).naming(wrong)
        text = Text(
            "built from its sources by {builder}, all {count} files are the same, bit by bit",
            builder=made.builders[-1],
            count=str(len(made.entries) - (len(differences) - len(wrong))),
        )
        return Check(NAME, OK, text)
