"""A tree that nothing tells of: a kill came between it and its record, or somebody else put it there.

It is ours if our journal says from which archive it was unpacked, and every file is still as it was then; or if it is, file by file, what the log names.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from gosteward.actions import UnpackTree, WriteFile
from gosteward.errors import UsageError
from gosteward.golang import toolchain_names
from gosteward.golang.installed_trees import listing_of, listing_place, record_of
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import tree_hashing, writing
from gosteward.repair.changes import MakeTree
from gosteward.repair.executor import changes_made, side_of
from gosteward.toolchains.installed import store
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving import proofs

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.host.tree_hashing import HashedTree
    from gosteward.repair.changes import Change
    from gosteward.repair.executor import Executor
    from gosteward.toolchains.obtaining.acquiring import Acquired, Acquiring


def told(
    host: LocalHost, acquiring: Acquiring, executor: Executor, tree: str, spec: str, reason: str
) -> tuple[WriteFile, ...]:
    """The listing and the record that a tree lacks.

    Args:
        executor: of this run, so that what was interrupted is settled.   tree: its last component is the version.
        spec: what led to it.   reason: why it may be there unproved, "" if it may not.

    Raises:
        ChangeError: it is something else than the release.   As `Log.logged`: nobody knows what it is.
    """
    found = _hashed(tree)
    record = _by_journal(acquiring, executor, tree, spec, reason) or _by_log(acquiring, found, tree)
    written = (
        (listing_place(tree), listing_of(found.entries).decode("utf-8", "surrogateescape")),
        (record_of(tree), record),
    )
    # Who was killed may have written the first of them.
    return tuple(WriteFile(path, text) for path, text in written if not host.exists(path))


def recorded(acquired: Acquired, reason: str) -> str:
    """The text of the record of a tree that was unpacked from an archive."""
    offer, evidence = acquired.offer, acquired.evidence
    return store.record(
        version=offer.version,
        platform=offer.platform.module,
        source=offer.source,
        archive=acquired.archive.rpartition("/")[2],
        sha256=acquired.sha256,
        size=acquired.size,
        proofs=evidence.proofs,
        reason="" if evidence.enough else reason,
        at=_now(),
    )


def _by_journal(acquiring: Acquiring, executor: Executor, tree: str, spec: str, reason: str) -> str:
    """The record, if the tree was unpacked by us from the archive that is offered now; else ""."""
    unpacked = _recipe(executor, tree)
    if unpacked is None:
        return ""
    with contextlib.suppress(UnreachableError, UsageError):
        acquired = acquiring.proved(acquiring.offer(spec))
        if acquired.sha256 == unpacked.sha256 and (acquired.evidence.enough or reason):
            return recorded(acquired, reason)
    return ""


def _recipe(executor: Executor, tree: str) -> UnpackTree | None:
    """How the journal says that a tree was made which is still as it was made."""
    journal = executor.journal
    changes = ((e.run, e.details["change"]) for e in journal.entries if e.phase == "intended")
    runs = {run for run, change in changes if change.get("change") == "make-tree" and change.get("path") == tree}
    for run in sorted(runs, reverse=True):
        for done in changes_made(journal, run):
            found = _made(done.change, tree)
            if found is not None and side_of(done.change, executor.accounts) == "after":
                return found
    return None


def _made(change: Change, tree: str) -> UnpackTree | None:
    if isinstance(change, MakeTree) and change.path == tree and not change.removes:
        return change.recipe if isinstance(change.recipe, UnpackTree) else None
    return None


def _by_log(acquiring: Acquiring, found: HashedTree, tree: str) -> str:
    version, platform, log = tree.rpartition("/")[2], acquiring.platform, acquiring.log()
    h1 = found.h1(version, platform.module)
    logged = log.logged(TOOLCHAIN_MODULE, toolchain_names.module_version(version, platform))
    if found.oddities or h1 != logged.zip_h1:
        what = f"there is something else already: it has the h1 {h1}, and {logged.zip_h1} is proved"
        raise ChangeError(what, subject=tree, hint="move it aside, or give another --root")
    proof = proofs.Proof("log", logged.zip_h1, proofs.shown(log, logged), logged.proof)
    return store.record(
        version=version, platform=platform.module, source=tree, archive="", sha256="", size=0, proofs=(proof,), reason="", at=_now()
    )  # fmt: skip


def _hashed(tree: str) -> HashedTree:
    descriptor = os.open(tree, writing.READING | os.O_DIRECTORY)
    try:
        return tree_hashing.hash_tree(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
