"""A Go tree that is unpacked beside its place, proved there, and then renamed to it."""

from __future__ import annotations

import contextlib
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import distribution
from gosteward.golang.installed_trees import listing_of, listing_place, parse_listing
from gosteward.host import tree_hashing, tree_seals, unpacking, writing
from gosteward.host.known_trees import KnownTree
from gosteward.host.places import Refused
from gosteward.host.unpacking import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import UnpackTree
    from gosteward.host.places import Place
    from gosteward.host.unpacking import Unpacked
    from gosteward.repair.changes import MakeTree

ROOM = "tree"
MOST_KNOWN = 3


class WrongArchive(Refused):
    """An archive is not what it is said to be."""


def write(change: MakeTree, recipe: UnpackTree, room: int) -> MakeTree:
    """Unpack into a new directory of a room; returns the change with its digest and listing.

    Raises:
        WrongArchive: the archive does not hold what is proved.   Refused: there is no place for it.   OSError.
    """
    if not recipe.h1 and not recipe.sha256:
        raise Refused(Text("nothing says what {archive} should hold", archive=recipe.archive))
    with _opened(recipe.archive) as archive, _known(recipe) as known:
        made = _made(recipe, archive, room, tuple(neighbour.tree for neighbour in known))
        if made.unread and made.h1 != recipe.h1:
            # A file of a neighbour was taken for one of the archive, and is not: the archive alone shall decide.
            writing.remove_tree(room, ROOM)
            made = _made(recipe, archive, room, ())
        listing = listing_of(made.entries)
        if made.stamps:
            tree_seals.keep(change.path, listing, made.stamps)
            _seal_anew(known, made)
    return listed(change, listing)


def _seal_anew(known: tuple[_Neighbour, ...], made: Unpacked) -> None:
    """A new link changes the time of a file: the other trees that have it are to know it by its new one."""
    stamps = dict(zip(made.entries, made.stamps))
    for path, listing, tree in known:
        kept = tree.stamps or (tree_seals.UNKNOWN,) * len(tree.entries)
        found = (stamps.get(entry, old) for entry, old in zip(tree.entries, kept))
        tree_seals.keep(path, listing, [new if old[0] in (0, new[0]) else old for new, old in zip(found, kept)])


class _Neighbour(NamedTuple):
    """Another tree of ours.  path: of it."""

    path: str
    listing: bytes
    tree: KnownTree


def _made(recipe: UnpackTree, archive: int, room: int, known: tuple[KnownTree, ...]) -> Unpacked:
    """The tree, unpacked and open to others if it is what is proved. It may only be another one if it has files that were `unread`."""
    for_group = recipe.gid is not None
    options = Options(
        label=recipe.archive, gid=recipe.gid, setgid=for_group, closed=for_group, known=known,
        h1=recipe.h1 if recipe.form == "module" else "",
    )  # fmt: skip
    unpack = unpacking.unpack_zip if recipe.form == "module" else unpacking.unpack_tar_gz
    top = writing.make_room(room, ROOM)
    try:
        made = unpack(archive, top, recipe.version, recipe.platform, options)
        if not made.unread or made.h1 == recipe.h1:
            _refuse_other(recipe, made)
            unpacking.release(top, made.version, options)
    except ArchiveError as error:
        raise WrongArchive(Text("{archive} is no release: {what}", archive=recipe.archive, what=error.what)) from error
    finally:
        os.close(top)
    return made


def listed(change: MakeTree, listing: bytes) -> MakeTree:
    """The change with what it came to."""
    return change._replace(digest=sha256(listing).hexdigest(), listing=listing)


def _refuse_other(recipe: UnpackTree, made: Unpacked) -> None:
    # Where the h1 judges what came out of an archive, the archive itself was not hashed.
    archive = recipe.sha256 if made.sha256 or not recipe.h1 else ""
    for what, wanted, found in (("SHA-256", archive, made.sha256), ("h1", recipe.h1, made.h1)):
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
    for name in _uncovered(recipe, made):
        raise WrongArchive(
            Text(
                "{archive} has a file {name}, as no release has, and no h1 covers it: nothing was installed",
                archive=recipe.archive,
                name=name,
            )
        )


def _uncovered(recipe: UnpackTree, made: Unpacked) -> tuple[str, ...]:
    """Files of a tarball that are not in its h1, and not those either that every tarball has besides: a program could be among them."""
    if recipe.form == "module" or not recipe.h1:
        return ()
    names = (entry.name for entry in made.entries)
    return tuple(n for n in names if distribution.form_of(n, recipe.version, recipe.platform) == "extra")


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, writing.READING)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _known(recipe: UnpackTree) -> Iterator[tuple[_Neighbour, ...]]:
    """Other trees with their listings, the most similar ones first; those without one are left out."""
    known = []
    with contextlib.ExitStack() as held:
        for path in sorted(recipe.shares, key=lambda path: _likeness(path, recipe), reverse=True)[:MOST_KNOWN]:
            with contextlib.suppress(OSError, ValueError):
                with open(os.open(listing_place(path), writing.READING), "rb") as file:
                    listing = file.read()
                entries = parse_listing(listing)
                top = os.open(path, writing.READING | os.O_DIRECTORY)
                held.callback(os.close, top)
                known.append(_Neighbour(path, listing, KnownTree(top, entries, tree_seals.kept(path, listing))))
        yield tuple(known)


def _likeness(path: str, recipe: UnpackTree) -> int:
    """How much of the version two trees have in common: those of one line differ in few files."""
    return len(os.path.commonprefix((os.path.basename(path), recipe.version)))


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
