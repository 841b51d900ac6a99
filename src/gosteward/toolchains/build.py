"""Build a release from its proved sources, compare it with the official one, and install it as `install` does.

sources, proved -> a Go that builds them -> make.bash in a room of ours -> every file compared with the release that the log names -> actions

Unpatched, it is the official release, bit by bit, or nothing is installed: since go1.21 whoever builds a release gets the same files. Patched, it
is compared with nothing, and has a name of its own (`compiling`).

Source: go.dev/rebuild; cmd/distpack.
"""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang import distribution, tree_comparison
from gosteward.golang.toolchain_names import module_version
from gosteward.repair.steps import take_back
from gosteward.sumdb.proof import LoggedHashes
from gosteward.toolchains.install import unpacked
from gosteward.toolchains.installed.changing import ChangeError, carried_out
from gosteward.toolchains.installed.placing import Placing
from gosteward.toolchains.obtaining import archives
from gosteward.toolchains.obtaining.acquiring import Acquired, Acquiring
from gosteward.toolchains.origins.sources import Offer
from gosteward.toolchains.proving import proofs
from gosteward.toolchains.proving.proofs import Evidence, MismatchError, Proof
from gosteward.toolchains.source_builds import bootstrapping, workshop
from gosteward.toolchains.source_builds.bootstrapping import Here
from gosteward.toolchains.source_builds.compiling import TREE, Compiling, enough
from gosteward.toolchains.source_builds.patching import named, patches_at
from gosteward.toolchains.source_builds.sourcing import Sourcing
from gosteward.toolchains.verifying import first_run
from gosteward.toolchains.verifying.manifests import Release

if TYPE_CHECKING:
    from gosteward.golang.platforms import Platform
    from gosteward.settings import Settings
    from gosteward.toolchains import install
    from gosteward.toolchains.installed.changing import Changing
    from gosteward.toolchains.obtaining.acquiring import Keeping
    from gosteward.toolchains.origins.web import Progress
    from gosteward.toolchains.source_builds.bootstrapping import Step
    from gosteward.toolchains.source_builds.compiling import Compiled
    from gosteward.toolchains.source_builds.make_log import Say
    from gosteward.toolchains.source_builds.patching import Patch
    from gosteward.toolchains.source_builds.workshop import Workshop

NAMED = 10


class Order(NamedTuple):
    """What is to be done.

    Attributes:
        put: what is built and where it is put, as for `install`; its spec may be an archive of sources, too. A group has no meaning here.
        bootstrap: "auto", or the path of a Go tree.   patches: paths.   suffix: of a patched version, "" for one by the patches' digests.
    """

    put: install.Order
    bootstrap: str = "auto"
    patches: tuple[str, ...] = ()
    suffix: str = ""


class Result(NamedTuple):
    """What came of it.

    Attributes:
        version: with its suffix.   builders: versions of what built it, the last one at last.   files: how many are the official ones, 0 of a
            patched one.   log: path.   seconds: of the whole build.   in_use: version that `current` leads to.
    """

    version: str
    tree: str
    run: int
    source: str
    builders: tuple[str, ...]
    evidence: Evidence
    files: int
    log: str
    seconds: float
    in_use: str
    notes: tuple[Text, ...] = ()


class _Goal(NamedTuple):
    """What is to be built.  version: with its suffix.   tree: where it is put.   steps: of the way to it."""

    offer: Offer
    version: str
    tree: str
    patches: tuple[Patch, ...]
    steps: tuple[Step, ...]


class Builder:
    """Builds on this host, as the user of this process.

    Args:
        say: is told what is going on, often.   progress: see `Web.download`.   settings: as of `Acquiring`.
    """

    def __init__(
        self,
        changing: Changing,
        keeping: Keeping,
        say: Say,
        progress: Progress = lambda *_: None,
        settings: Settings | None = None,
    ) -> None:
        self.changing, self.keeping, self.settings = changing, keeping, settings
        self.host = changing.host
        self.say, self.progress = say, progress

    def build(self, order: Order) -> Result:
        """Do it.

        Raises:
            UsageError: that cannot be.   UnreachableError: no source has it.   MismatchError, ForgeryError: sources, or what was built from
            them, are not what they should be.   UnprovedError: nothing shows what they are.   BuildError: make.bash failed.
            ChangeError: the host does not let it be.   As `Changing.run`.
        """
        begun = time.monotonic()
        acquiring = Acquiring(
            self.host, self.changing.user, self.keeping, source=order.put.source, offline=order.put.offline,
            progress=self.progress, settings=self.settings,
        )  # fmt: skip
        sourcing = Sourcing(acquiring)
        goal = self._goal(order, sourcing)
        notes = workshop.little_memory(self.host)
        way = ", which is built by ".join(step.version for step in reversed(goal.steps))
        for note in (*notes, Text("is built by {way}", way=way)):
            self.say(note)
        source = enough(acquiring.proved(goal.offer), order.put.reason)
        compiling = Compiling(sourcing, self.say, order.put.reason)
        with workshop.opened(self.host, self.keeping, goal.version, self.say) as shop:
            made = compiling.compiled(shop, source, goal.steps, goal.version, goal.patches)
            evidence, files = self._evidence(order, source, made, sourcing, goal.patches)
            new = self._packed(shop, goal, made, evidence, acquiring.platform)
            run, left = self._put(order, new, goal)
        return Result(
            goal.version, goal.tree, run, goal.offer.source, made.builders, evidence, files, shop.log, time.monotonic() - begun,
            self._placing(order).in_use(), (*notes, *left),
        )  # fmt: skip

    def _goal(self, order: Order, sourcing: Sourcing) -> _Goal:
        """What is to be built by what; nothing large is fetched for that. Raises UsageError, UnreachableError, ChangeError."""
        patches = patches_at(order.patches, self.host.read)
        offer = sourcing.offer(order.put.spec)
        version = named(offer.version, patches, order.suffix)
        tree = f"{order.put.root}/{version}"
        if self.host.exists(tree):
            hint = "" if patches else f"`gosteward verify {tree} --rebuild` builds the same release and compares both"
            raise UsageError("it is installed already", subject=tree, hint=hint)
        here = Here(self.host, order.put.root, self.changing.user.home, tree)
        steps = bootstrapping.planned(offer.version, order.bootstrap, here, sourcing.acquiring)
        return _Goal(offer, version, tree, patches, steps)

    def _packed(self, shop: Workshop, goal: _Goal, made: Compiled, evidence: Evidence, platform: Platform) -> Acquired:
        """What was built, in the form in which releases are installed."""
        self.say(Text("packs what was built"))
        prefix = distribution.module_prefix(goal.version, platform.module)
        packed = shop.pack(TREE, made.entries, prefix, f"{module_version(goal.version, platform)}.zip")
        archive = archives.of_path(packed)
        origin = f"built here by {made.builders[-1]} from {goal.offer.source}"
        offer = Offer(goal.version, platform, "module", path=packed, source=origin)
        return Acquired(offer, *archive, evidence)

    def _evidence(
        self, order: Order, source: Acquired, made: Compiled, sourcing: Sourcing, patches: tuple[Patch, ...]
    ) -> tuple[Evidence, int]:
        """What speaks for what was built, and how many of its files are the official ones. Raises MismatchError, UnprovedError."""
        if patches:
            return Evidence(tuple(Proof("patch", p.sha256, p.path.rpartition("/")[2]) for p in patches)), 0
        platform = sourcing.acquiring.platform
        logged = sourcing.reference(source.offer.version, platform)
        by = f"built here by {made.builders[-1]} from {source.offer.source}"
        rebuilt = Proof("rebuilt", made.h1, by)
        if not isinstance(logged, LoggedHashes) or not distribution.has_module_form(source.offer.version):
            said = (
                logged
                if isinstance(logged, str)
                else "before go1.21 a release cannot be built twice with the same bits"
            )
            if not order.put.reason:
                raise proofs.UnprovedError(
                    f"what was built cannot be compared with the official release: {said}",
                    subject=source.offer.version,
                    hint="let it reach a module proxy that serves the checksum database, or give a reason with --allow-unverified",
                )
            return Evidence((rebuilt,), (said,)), 0
        if made.h1 != logged.zip_h1:
            raise self._different(source, made, logged.zip_h1, sourcing)
        shown = proofs.shown(sourcing.acquiring.log(), logged)
        return Evidence((Proof("log", logged.zip_h1, shown, logged.proof), rebuilt)), len(made.entries)

    def _different(self, source: Acquired, made: Compiled, h1: str, sourcing: Sourcing) -> MismatchError:
        release = Release(source.offer.version, sourcing.acquiring.platform, h1)
        wanted = sourcing.files_of(source, release)
        names = [f"{d.name} ({d.what})" for d in tree_comparison.compared(made.entries, wanted)] if wanted else []
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        which = f": {', '.join(names[:NAMED])}{more}" if names else ""
        what = f"what was built has the h1 {made.h1}, and the log names {h1}: nothing was installed{which}"
        return MismatchError(
            what, subject=source.offer.version, hint="another --bootstrap tells whether that one is at fault"
        )

    def _placing(self, order: Order) -> Placing:
        return Placing(self.host, order.put.root, order.put.links, order.put.usual_place, order.put.adopt)

    def _put(self, order: Order, new: Acquired, goal: _Goal) -> tuple[int, tuple[Text, ...]]:
        offer, tree = new.offer, goal.tree
        reason = "patched: " + ", ".join(f"{p.path.rpartition('/')[2]} sha256:{p.sha256}" for p in goal.patches)
        self.say(Text("installs {version}", version=offer.version))
        with self.changing.run() as executor:
            places = self._placing(order).for_release(offer.version, use=order.put.use)
            actions = unpacked(self.host, new, tree, executor, None, reason if goal.patches else order.put.reason)
            done = carried_out(chain(actions, places.actions), executor)
            complaint = first_run.complaint(tree, offer.version, offer.platform)
            if complaint:
                take_back(done, executor)
                raise ChangeError(f"it does not run here: {complaint}", subject=f"{tree}/bin/go")
            return executor.run, places.notes
