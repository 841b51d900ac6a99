"""Sound releases for a repair: the actions that an `InstallRelease` takes, once it is known where the release comes from.

    what this program fetched before, what go keeps for the user, what settings name, then module proxies and go.dev; `--from` alone if given

The release that was there is wanted. Where nothing can be asked for it, another one at hand serves: of the same line, else the newest.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from gosteward.actions import MoveAside, ReplaceLink, UnpackTree
from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import goversion, toolchain_names
from gosteward.golang.installed_trees import CURRENT, listing_place, record_of
from gosteward.golang.toolchain_names import Wanted
from gosteward.host.places import Refused
from gosteward.toolchains.install import unpacked
from gosteward.toolchains.installed import store
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.installed.placing import COMMANDS, is_there, target_of
from gosteward.toolchains.origins import sources
from gosteward.toolchains.proving.proofs import unproved
from gosteward.toolchains.verifying import first_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action, InstallRelease
    from gosteward.repair.executor import Executor
    from gosteward.toolchains.installed.placing import Placing
    from gosteward.toolchains.obtaining.acquiring import Acquiring
    from gosteward.toolchains.origins.sources import Offer, Source


_DIGITS = re.compile("[0-9]")


class Supply:
    """Makes actions of `InstallRelease`, as the user of this process.

    Args:
        placing: where trees and links are put.   acquiring: how releases are found.
    """

    def __init__(self, placing: Placing, acquiring: Acquiring) -> None:
        self.placing = placing
        self.host, self.root = placing.host, placing.root
        self.acquiring = acquiring

    def planned(self, wanted: InstallRelease) -> tuple[Action, ...]:
        """What would be done; nothing is fetched. Raises Refused: it cannot be; OSError: it cannot be told where a link leads."""
        self._changeable(wanted.path)
        offer = self._offer(wanted)
        tree = self._tree(offer)
        if self._there(wanted, tree):
            return self._placed(wanted, offer.version)
        new = UnpackTree(tree, offer.shown, offer.form, offer.version, offer.platform.module)
        return (*self._cleared(wanted, tree), new, *self._placed(wanted, offer.version))

    def actions(self, wanted: InstallRelease, executor: Executor) -> Iterator[Action]:
        """What is to be done, to be carried out one by one. Raises Refused: it cannot be, or what came of it does not run."""
        self._changeable(wanted.path)
        offer = self._offer(wanted)
        tree = self._tree(offer)
        if not self._there(wanted, tree):
            try:
                found = self.acquiring.proved(offer)
                if not found.evidence.enough:
                    raise unproved(offer, found.evidence)
            except StewardError as error:
                raise _refused(error) from error
            yield from self._cleared(wanted, tree)
            yield from unpacked(self.host, found, tree, executor)
        complaint = first_run.complaint(tree, offer.version, offer.platform)
        if complaint:
            raise Refused(Text("{tree} does not run here: {complaint}", tree=tree, complaint=complaint))
        yield from self._placed(wanted, offer.version)

    def _changeable(self, path: str) -> None:
        """Before anything is fetched for it. Who is not root may lack the right, and root may find what it cannot change."""
        directory = os.path.dirname(path)
        if path and not os.access(directory, os.W_OK):
            raise Refused(
                Text("{path} can only be changed by whom {directory} belongs to", path=path, directory=directory)
            )

    def _offer(self, wanted: InstallRelease) -> Offer:
        try:
            return self._named(wanted)
        except StewardError as error:
            # A path that is named after a release must lead to that one.
            other = None if _DIGITS.search(os.path.basename(wanted.path)) else self._another(wanted.version)
            if other is None:
                raise _refused(error) from error
            return other

    def _named(self, wanted: InstallRelease) -> Offer:
        latest = toolchain_names.wanted("latest")
        if not wanted.version:
            return self.acquiring.found(latest)
        try:
            return self.acquiring.found(Wanted("release", wanted.version))
        except ChangeError:  # it does not run on this host, which may be what was wrong with it
            return self.acquiring.found(latest)

    def _another(self, version: str) -> Offer | None:
        """A release at hand in place of one that no source has."""
        parsed = goversion.parse(version)
        at_hand = tuple(s for s in self.acquiring.sources() if not isinstance(s, (sources.ModuleProxy, sources.Index)))
        line = self._newest(parsed.language, at_hand) if parsed is not None else None
        return line or self._newest("latest", at_hand)

    def _newest(self, spec: str, among: tuple[Source, ...]) -> Offer | None:
        with contextlib.suppress(StewardError):
            return self.acquiring.found(toolchain_names.wanted(spec), among) if among else None
        return None

    def _tree(self, offer: Offer) -> str:
        return f"{self.root}/{offer.version}"

    def _there(self, wanted: InstallRelease, tree: str) -> bool:
        """Whether the tree was installed by us, and is not the one that is no good."""
        return bool(store.record_at(self.host, tree)) and self.host.is_directory(tree) and self._bad(wanted) != tree

    def _bad(self, wanted: InstallRelease) -> str:
        real = self.host.realpath(wanted.path) if wanted.path else ""
        part = f"/{wanted.part}"
        return real[: -len(part)] if wanted.part and real.endswith(part) else real

    def _cleared(self, wanted: InstallRelease, tree: str) -> tuple[Action, ...]:
        """What is in the way of a new tree: a damaged one of ours, with what was written about it, or one in the place of the root."""
        if wanted.path and tree.startswith(f"{wanted.path}/"):
            return (MoveAside(wanted.path),)
        return tuple(
            MoveAside(p) for p in (tree, record_of(tree), listing_place(tree)) if self.host.lstat(p) is not None
        )

    def _placed(self, wanted: InstallRelease, version: str) -> tuple[Action, ...]:
        tree = f"{self.root}/{version}"
        if wanted.path == tree:
            return ()
        placing = self.placing
        if self.root == wanted.path:  # it was a tree, and is now where trees are: its programs are found as before
            return (ReplaceLink(f"{self.root}/{CURRENT}", version), ReplaceLink(f"{self.root}/bin", f"{CURRENT}/bin"))
        if not wanted.path:
            return (placing.switched(version), *placing.command_links().actions)
        used = placing.in_use()
        if wanted.path == f"{self.root}/{CURRENT}":
            return () if used == version else (placing.switched(version),)
        if not self._is_usual(wanted.path) or used not in ("", version):
            return self._led(wanted, tree)
        switch = () if used else (placing.switched(version),)
        return (*switch, *self._led(wanted, f"{self.root}/{CURRENT}"))

    def _is_usual(self, path: str) -> bool:
        """Whether `install` makes a link of this name, too: then `use` changes where it leads."""
        links = tuple(f"{self.placing.directory}/{name}" for name in COMMANDS)
        return path in (self.placing.usual_place, *links)

    def _led(self, wanted: InstallRelease, tree: str) -> tuple[Action, ...]:
        path, target = wanted.path, f"{tree}/{wanted.part}".rstrip("/")
        present = target_of(path)
        if present == target:
            return ()
        if present or not is_there(path):
            return (ReplaceLink(path, target, present or None),)
        return (MoveAside(path), ReplaceLink(path, target))


def _refused(error: StewardError) -> Refused:
    return Refused(Text("no sound release can be installed: {reason}", reason=str(error)))
