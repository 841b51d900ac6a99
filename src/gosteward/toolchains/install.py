"""Install a release: acquire it, unpack it, link it, run it. Nothing of it is on the host before it is proved.

spec -> archive with its evidence -> actions -> executor (journal) -> `go version`
"""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import UnpackTree, WriteFile
from gosteward.golang.installed_trees import listing_place, record_of
from gosteward.host.free_space import refuse_unfit
from gosteward.host.places import Refused
from gosteward.repair.changes import MakeTree
from gosteward.repair.steps import take_back
from gosteward.toolchains.installed import store
from gosteward.toolchains.installed.changing import ChangeError, carried_out
from gosteward.toolchains.installed.placing import Placing
from gosteward.toolchains.obtaining import interrupted
from gosteward.toolchains.obtaining.acquiring import Acquiring
from gosteward.toolchains.proving import proofs
from gosteward.toolchains.verifying import first_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.finding import Text
    from gosteward.host.accounts import Group
    from gosteward.host.local import LocalHost
    from gosteward.repair.executor import Executor
    from gosteward.settings import Settings
    from gosteward.toolchains.installed.changing import Changing
    from gosteward.toolchains.obtaining.acquiring import Acquired, Keeping
    from gosteward.toolchains.origins.sources import Offer
    from gosteward.toolchains.origins.web import Progress
    from gosteward.toolchains.proving.proofs import Evidence

MOST_SHARED = 8


class Order(NamedTuple):
    """What is to be done.

    Attributes:
        spec: a version, a line, "latest", or a path: of an archive, or of a file that says which Go is wanted.
        root: where trees are put.   source: as `--from`, "" for those of the settings.   use: switch to it even if another one is in use.
        links: directory in which the commands are linked, "" for none.   usual_place: as of `Placing`.
        adopt: move aside what is in the way of a link.   reason: why it may be installed unproved, "" if not.
        group: who may read and run it, besides root; None for everybody.
    """

    spec: str
    root: str
    source: str = ""
    offline: bool = False
    links: str = ""
    usual_place: str = ""
    use: bool = False
    adopt: bool = False
    reason: str = ""
    group: Group | None = None


class Result(NamedTuple):
    """What came of it.

    Attributes:
        run: of the journal, 0 if it was there already.   evidence: None if it was there already.   in_use: version that `current` leads to.
        notes: what was left as it is.
    """

    version: str
    tree: str
    run: int = 0
    source: str = ""
    size: int = 0
    evidence: Evidence | None = None
    in_use: str = ""
    notes: tuple[Text, ...] = ()


class Installer:
    """Installs on this host, as the user of this process.

    Args:
        changing: how.   keeping: where downloads, proofs and heads are kept.   progress: see `Web.download`.
        settings: as for `Acquiring`.
    """

    def __init__(
        self,
        changing: Changing,
        keeping: Keeping,
        progress: Progress = lambda *_: None,
        settings: Settings | None = None,
    ) -> None:
        self.changing = changing
        self.keeping = keeping
        self.host = changing.host
        self.progress = progress
        self.settings = settings

    def install(self, order: Order) -> Result:
        """Do it.

        Raises:
            UsageError: there is no such thing.   UnreachableError: no source has it.   MismatchError, ForgeryError: it is not what it should
            be.   UnprovedError: nothing shows what it is.   ChangeError: the host does not let it be.   As `Changing.run`.
        """
        acquiring = Acquiring(
            self.host, self.changing.user, self.keeping, source=order.source, offline=order.offline, progress=self.progress,
            settings=self.settings,
        )  # fmt: skip
        asked = acquiring.asked(order.spec)
        if asked.kind == "release" and self.host.is_directory(f"{order.root}/{asked.version}"):
            return self._there(order, asked.version, acquiring)
        offer = acquiring.offer(order.spec)
        if self.host.is_directory(f"{order.root}/{offer.version}"):
            return self._there(order, offer.version, acquiring)
        _refuse_unfit(order.root)
        self._placing(order).refuse_occupied()
        found = acquiring.proved(offer)
        if not found.evidence.enough and not order.reason:
            raise proofs.unproved(offer, found.evidence)
        try:
            return self._put(order, found)
        except proofs.MismatchError:
            acquiring.forget(offer)
            raise

    def _placing(self, order: Order) -> Placing:
        return Placing(self.host, order.root, order.links, order.usual_place, order.adopt)

    def _there(self, order: Order, version: str, acquiring: Acquiring) -> Result:
        """A tree is there already: if nothing tells of it, it has to be the release."""
        tree, placing = f"{order.root}/{version}", self._placing(order)
        places = placing.for_release(version, use=order.use)
        if store.record_at(self.host, tree):
            run = self.changing.do(places.actions) if places.actions else 0
        else:
            with self.changing.run() as executor:
                told = interrupted.told(self.host, acquiring, executor, tree, order.spec, order.reason)
                carried_out((*told, *places.actions), executor)
                run = executor.run
        return Result(version, tree, run, in_use=placing.in_use(), notes=places.notes)

    def _put(self, order: Order, found: Acquired) -> Result:
        version, evidence = found.offer.version, found.evidence
        tree, placing = f"{order.root}/{version}", self._placing(order)
        with self.changing.run() as executor:
            if self.host.is_directory(tree):  # another process was faster
                return Result(version, tree, in_use=placing.in_use())
            places = placing.for_release(version, use=order.use)
            gid = order.group.gid if order.group is not None else None
            new = unpacked(self.host, found, tree, executor, gid, order.reason)
            done = carried_out(chain(new, places.actions), executor)
            try:
                notes = places.notes + self._tried(order, found.offer, tree)
            except ChangeError:
                take_back(done, executor)
                raise
        return Result(version, tree, executor.run, found.offer.source, found.size, evidence, placing.in_use(), notes)

    def _tried(self, order: Order, offer: Offer, tree: str) -> tuple[Text, ...]:
        """That it runs. Raises ChangeError: it does not, or not for whom it should."""
        complaint = first_run.complaint(tree, offer.version, offer.platform)
        if complaint:
            raise ChangeError(f"it does not run here: {complaint}", subject=f"{tree}/bin/go")
        if order.group is None:
            return ()
        return first_run.tried_for(self.host, order.group, tree, offer.version, offer.platform)


def unpacked(
    host: LocalHost, found: Acquired, tree: str, executor: Executor, gid: int | None = None, reason: str = ""
) -> Iterator[Action]:
    """What puts a release at a place, with its listing and its record. To be carried out one by one: the listing is known when the tree is there.

    Args:
        gid: as of `UnpackTree`.   reason: why it is installed although it is not proved.
    """
    offer, evidence = found.offer, found.evidence
    root = tree.rpartition("/")[0]
    yield UnpackTree(
        path=tree,
        archive=found.archive,
        form=offer.form,
        version=offer.version,
        platform=offer.platform.module,
        h1=evidence.h1,
        sha256=found.sha256,
        gid=gid,
        shares=tuple(i.tree for i in store.installed(host, root) if i.record)[:MOST_SHARED],
    )
    if isinstance(executor.last, MakeTree):
        yield WriteFile(listing_place(tree), executor.last.listing.decode("utf-8", "surrogateescape"))
    yield WriteFile(record_of(tree), interrupted.recorded(found, reason))


def _refuse_unfit(root: str) -> None:
    """Before anything is fetched. Raises ChangeError: nothing can be written there, or no program runs there; names the mount. PrivilegeError."""
    directory = os.open(store.refuse_of_others(root), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        refuse_unfit(directory, 0, 0)
    except Refused as error:
        raise ChangeError(str(error.text)) from error
    finally:
        os.close(directory)
