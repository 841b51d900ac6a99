"""Install a release: find it, fetch it, prove it, unpack it, link it, run it. Nothing of it is on the host before it is proved.

spec -> version -> offer of a source -> archive in our cache -> evidence -> actions -> executor (journal) -> `go version`
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import UnpackTree, WriteFile
from gosteward.errors import UsageError
from gosteward.golang import platforms, toolchain_names
from gosteward.golang.installed_trees import CURRENT, listing_of, listing_place, record_of
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import tree_hashing, writing
from gosteward.host.own_directory import OwnDirectory
from gosteward.probes import machine
from gosteward.repair.changes import MakeTree
from gosteward.repair.steps import take_back
from gosteward.toolchains import first_run, openpgp, proofs, sources, store, web
from gosteward.toolchains.changing import ChangeError, carried_out
from gosteward.toolchains.placing import Places, Placing
from gosteward.toolchains.settings import database, downloads_of_go, go_proxy
from gosteward.toolchains.transparency import log_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.finding import Text
    from gosteward.golang.platforms import Platform
    from gosteward.golang.toolchain_names import Wanted
    from gosteward.host.accounts import Group
    from gosteward.repair.executor import Executor
    from gosteward.toolchains.changing import Changing
    from gosteward.toolchains.proofs import Evidence
    from gosteward.toolchains.sources import Offer, Source
    from gosteward.toolchains.transparency import Log
    from gosteward.toolchains.web import Progress, Web

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
        changing: how.   cache, state: directories of ours, see `own_directory`.   progress: see `Web.download`.
    """

    def __init__(self, changing: Changing, cache: str, state: str, progress: Progress = lambda *_: None) -> None:
        self.changing = changing
        self.cache, self.state, self.downloads = cache, state, f"{cache}/downloads"
        self.host, self.user = changing.host, changing.user
        self.progress = progress

    def install(self, order: Order) -> Result:
        """Do it.

        Raises:
            UsageError: there is no such thing.   UnreachableError: no source has it.   MismatchError, ForgeryError: it is not what it should
            be.   UnprovedError: nothing shows what it is.   ChangeError: the host does not let it be.   As `Changing.run`.
        """
        facts, _ = machine.collect(self.host, self.user)
        platform = platforms.platform_of(facts)
        asking = web.Web(self.host, self.user, offline=order.offline)
        asked = self.asked(order.spec)
        tree = f"{order.root}/{asked.version}"
        if asked.kind == "release" and self.host.is_directory(tree):
            return self._there(order, asked.version, platform, self._log(asking))
        offer = self._offer(order, asked, platform, asking)
        for obstacle in platforms.obstacles(offer.version, facts):
            raise ChangeError(str(obstacle), subject=offer.version)
        if self.host.is_directory(f"{order.root}/{offer.version}"):
            return self._there(order, offer.version, platform, self._log(asking))
        try:
            return self._proved(order, offer, asking)
        except proofs.MismatchError:
            if offer.url or offer.path.startswith(f"{self.downloads}/"):  # it would be wrong again the next time
                OwnDirectory(self.downloads).remove(_file_of(offer))
            raise

    def _proved(self, order: Order, offer: Offer, asking: Web) -> Result:
        archive, sha256, size = self._archive(offer, asking)
        evidence = proofs.gathered(
            offer, sha256, asking, self._log(asking), archive, openpgp.Ring(self.cache, self.state)
        )
        if not evidence.enough and not order.reason:
            raise _unproved(offer, evidence)
        new = _New(order, offer, archive, sha256, size, evidence)
        return self._put(new)

    def asked(self, spec: str) -> Wanted:
        """What a word of the command line asks for. Raises UsageError."""
        if "/" not in spec and not spec.endswith((".mod", ".work")) and not spec.startswith("."):
            return toolchain_names.wanted(spec)
        path = os.path.abspath(spec)
        named = sources.of_file(path)
        if named is not None:
            return toolchain_names.Wanted("release", named.version, path)
        try:
            return toolchain_names.from_file(path, self.host.text(path))
        except OSError as error:
            raise UsageError(f"it cannot be read ({error.strerror})", subject=spec) from error

    def sources(self, order: Order, asking: Web) -> tuple[Source, ...]:
        """Where to look, in order. Raises UsageError."""
        if order.source:
            return sources.named(order.source, asking, self.host)
        # What was fetched before, by us or by go, need not come again: it is proved like anything else.
        kept = (self.downloads, downloads_of_go(self.host, self.user))
        folders = (sources.Folder(self.host, path) for path in kept if path and self.host.is_directory(path))
        return (*folders, *sources.of_settings(go_proxy(self.host, self.user), asking, self.host))

    def _offer(self, order: Order, asked: Wanted, platform: Platform, asking: Web) -> Offer:
        named = sources.of_file(os.path.abspath(order.spec)) if "/" in order.spec else None
        if named is not None:
            if named.platform != platform:
                raise UsageError(
                    f"it is for {named.platform.archive}, this host is {platform.archive}", subject=order.spec
                )
            return named
        return sources.find(asked, platform, self.sources(order, asking))

    def _archive(self, offer: Offer, asking: Web) -> tuple[str, str, int]:
        """Path, SHA-256 and size of the archive. Raises UnreachableError, UsageError, OSError."""
        if offer.path:
            try:
                descriptor = os.open(offer.path, writing.READING)
            except OSError as error:
                raise UsageError(f"it cannot be read ({error.strerror})", subject=offer.path) from error
            try:
                return offer.path, web.digest_of(descriptor), os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
        downloads = OwnDirectory(self.downloads)
        name = _file_of(offer)
        found = asking.download(offer.url, downloads, name, limit=sources.ZIP_LIMIT, progress=self.progress)
        if offer.size and found.size != offer.size:
            raise proofs.MismatchError(f"it has {found.size} bytes, and {offer.size} are stated", subject=offer.url)
        return f"{downloads.path}/{name}", found.sha256, found.size

    def _log(self, asking: Web) -> Log:
        return log_of(database(self.host, self.user), asking, self.state, self.cache)

    def _places(self, order: Order, version: str) -> Places:
        """Links for a version: it comes into use if it is wanted so, or if nothing else is."""
        placing = Placing(self.host, order.root, order.links, order.usual_place, order.adopt)
        switch = order.use or not self._in_use(order)
        found = Places((placing.switched(version),) if switch else ())
        return found + placing.links()

    def _there(self, order: Order, version: str, platform: Platform, log: Log) -> Result:
        """A tree is there already: one without a record is ours if it is the release, then a crash kept the record from being written."""
        tree = f"{order.root}/{version}"
        places = self._places(order, version)
        actions = places.actions
        if not store.record_at(self.host, tree):
            actions = (*self._about(tree, version, platform, log), *actions)
        run = self.changing.do(actions) if actions else 0
        return Result(version, tree, run, in_use=self._in_use(order), notes=places.notes)

    def _about(self, tree: str, version: str, platform: Platform, log: Log) -> tuple[Action, ...]:
        """What is to be written about a tree. Raises ChangeError: it is something else than the release."""
        descriptor = os.open(tree, writing.READING | os.O_DIRECTORY)
        try:
            found = tree_hashing.hash_tree(descriptor)
        finally:
            os.close(descriptor)
        logged = log.logged(TOOLCHAIN_MODULE, toolchain_names.module_version(version, platform))
        h1 = found.h1(version, platform.module)
        if found.oddities or h1 != logged.zip_h1:
            what = f"there is something else already: it has the h1 {h1}, and {logged.zip_h1} is proved"
            raise ChangeError(what, subject=tree, hint="move it aside, or give another --root")
        proof = proofs.Proof("log", logged.zip_h1, proofs.shown(log, logged), logged.proof)
        record = store.record(
            version=version, platform=platform.module, source=tree, archive="", sha256="", size=0, proofs=(proof,), reason="", at=_now()
        )  # fmt: skip
        written = (
            (listing_place(tree), listing_of(found.entries).decode("utf-8", "surrogateescape")),
            (record_of(tree), record),
        )
        # Who was killed may have written the first of them.
        return tuple(WriteFile(path, text) for path, text in written if not self.host.exists(path))

    def _in_use(self, order: Order) -> str:
        return self.host.readlink(f"{order.root}/{CURRENT}")

    def _put(self, new: _New) -> Result:
        order, version = new.order, new.offer.version
        with self.changing.run() as executor:
            if self.host.is_directory(new.tree):  # another process was faster
                return Result(version, new.tree, in_use=self._in_use(order))
            places = self._places(order, version)
            done = carried_out(self._actions(new, places, executor), executor)
            complaint = first_run.complaint(new.tree, version, new.offer.platform)
            if complaint:
                take_back(done, executor)
                raise ChangeError(f"it does not run here: {complaint}", subject=f"{new.tree}/bin/go")
            notes = places.notes
            if order.group is not None:
                try:
                    notes += first_run.tried_for(self.host, order.group, new.tree, version, new.offer.platform)
                except ChangeError:
                    take_back(done, executor)
                    raise
        return Result(
            version, new.tree, executor.run, new.offer.source, new.size, new.evidence, self._in_use(order), notes
        )

    def _actions(self, new: _New, places: Places, executor: Executor) -> Iterator[Action]:
        """In order; the listing is known only when the tree is there."""
        order, offer = new.order, new.offer
        shares = tuple(i.tree for i in store.installed(self.host, order.root) if i.record)[:MOST_SHARED]
        yield UnpackTree(
            path=new.tree,
            archive=new.archive,
            form=offer.form,
            version=offer.version,
            platform=offer.platform.module,
            h1=new.evidence.h1,
            sha256=new.sha256,
            gid=order.group.gid if order.group is not None else None,
            shares=shares,
        )
        if isinstance(executor.last, MakeTree):
            yield WriteFile(listing_place(new.tree), executor.last.listing.decode("utf-8", "surrogateescape"))
        yield WriteFile(record_of(new.tree), new.record())
        yield from places.actions


class _New(NamedTuple):
    """What is about to be put on the host."""

    order: Order
    offer: Offer
    archive: str
    sha256: str
    size: int
    evidence: Evidence

    @property
    def tree(self) -> str:
        return f"{self.order.root}/{self.offer.version}"

    def record(self) -> str:
        return store.record(
            version=self.offer.version,
            platform=self.offer.platform.module,
            source=self.offer.source,
            archive=self.archive.rpartition("/")[2],
            sha256=self.sha256,
            size=self.size,
            proofs=self.evidence.proofs,
            reason="" if self.evidence.enough else self.order.reason,
            at=_now(),
        )


def _file_of(offer: Offer) -> str:
    return (offer.url or offer.path).rpartition("/")[2]


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _unproved(offer: Offer, evidence: Evidence) -> proofs.UnprovedError:
    found = ", ".join(f"{proof.kind} ({proof.by})" for proof in evidence.proofs) or "nothing"
    return proofs.UnprovedError(
        f"what speaks for it is not enough: {found}; missing: {'; '.join(evidence.missing)}",
        subject=f"{offer.version} from {offer.source}",
        hint="let it reach a module proxy that serves the checksum database, or give a reason with --allow-unverified",
    )
