"""A Go tree that is unpacked beside its place, proved there, and then renamed to it."""

from __future__ import annotations

import contextlib
import os
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang.installed_trees import listing_of, listing_place, parse_listing
from gosteward.host import tree_hashing, unpacking, writing
from gosteward.host.places import Refused
from gosteward.host.unpacking import Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gosteward.actions import UnpackTree
    from gosteward.host.places import Place
    from gosteward.host.unpacking import Unpacked
    from gosteward.repair.changes import MakeTree

ROOM = "tree"


class WrongArchive(Refused):
    """An archive is not what it is said to be."""


def write(change: MakeTree, recipe: UnpackTree, room: int) -> MakeTree:
    """Unpack into a new directory of a room; returns the change with its digest and listing.

    Raises:
        WrongArchive: the archive does not hold what is proved.   Refused: there is no place for it.   OSError.
    """
    if not recipe.h1 and not recipe.sha256:
        raise Refused(Text("nothing says what {archive} should hold", archive=recipe.archive))
    top = writing.make_room(room, ROOM)
    try:
        with _opened(recipe.archive) as archive, _known(recipe.shares) as known:
            for_group = recipe.gid is not None
            options = Options(label=recipe.archive, gid=recipe.gid, setgid=for_group, closed=for_group, known=known)
            unpack = unpacking.unpack_zip if recipe.form == "module" else unpacking.unpack_tar_gz
            try:
                made = unpack(archive, top, recipe.version, recipe.platform, options)
            except ArchiveError as error:
                raise WrongArchive(
                    Text("{archive} is no release: {what}", archive=recipe.archive, what=error.what)
                ) from error
        _refuse_other(recipe, made)
        unpacking.release(top, made.version, options)
    finally:
        os.close(top)
    return listed(change, listing_of(made.entries))


def listed(change: MakeTree, listing: bytes) -> MakeTree:
    """The change with what it came to."""
    return change._replace(digest=sha256(listing).hexdigest(), listing=listing)


def _refuse_other(recipe: UnpackTree, made: Unpacked) -> None:
    for what, wanted, found in (("SHA-256", recipe.sha256, made.sha256), ("h1", recipe.h1, made.h1)):
        if wanted and wanted != found:
            raise WrongArchive(
                Text(
                    "{archive} has the {what} {found}, and {wanted} is proved: nothing was installed",
                    archive=recipe.archive,
                    what=what,
                    found=found or "?",
                    wanted=wanted,
                )
            )


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, writing.READING)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _known(trees: tuple[str, ...]) -> Iterator[Mapping[tuple[str, int], tuple[int, str]]]:
    """Files of other trees by digest and mode, as their listings have them; whoever shares one compares it first."""
    known: dict[tuple[str, int], tuple[int, str]] = {}
    with contextlib.ExitStack() as held:
        for path in trees:
            with contextlib.suppress(OSError, ValueError):
                with open(os.open(listing_place(path), writing.READING), "rb") as file:
                    listed = parse_listing(file.read())
                top = os.open(path, writing.READING | os.O_DIRECTORY)
                held.callback(os.close, top)
                for entry in listed:
                    known.setdefault((entry.sha256, entry.mode), (top, entry.name))
        yield known


def listing_at(where: Place) -> bytes:
    """The listing of a tree. Raises Refused: something in it is neither file nor directory.   OSError."""
    top = os.open(where.name, writing.READING | os.O_DIRECTORY, dir_fd=where.directory)
    try:
        found = tree_hashing.hash_tree(top)
        for oddity in found.oddities:
            raise Refused(Text("{path} is no file of a release", path=f"{where.path}/{oddity.name}"))
        return listing_of(found.entries)
    finally:
        os.close(top)
