"""A tree beside its neighbours: files that they have are shared and not unpacked again, and whatever they hold, the tree is the one that is proved."""

from __future__ import annotations

import os
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.actions import UnpackTree
from gosteward.golang.installed_trees import listing_of, listing_place, parse_listing
from gosteward.host.tree_hashing import hash_tree
from gosteward.repair import unpacked_trees
from gosteward.repair.changes import MakeTree
from gosteward.repair.unpacked_trees import ROOM, WrongArchive
from toolchains.small_release import SmallRelease, small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROC = "src/runtime/proc.go"
LARGE = {"bin/gofmt": b"#!/bin/sh\n" + bytes(range(256)) * 5000}
OLD, NEW = small_release("go1.26.90", **LARGE), small_release("go1.26.91", **LARGE)
CHANGED = {"VERSION", "bin/go"}
# A message that differs by a multiple of the polynomial (0x104C11DB7, lowest bit first) has the same CRC-32.
SAME_CRC = int(f"{0x104C11DB7:033b}"[::-1], 2)


class Host:
    """A directory of trees, and an archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "opt/.installed").mkdir(parents=True)
        (path / "room").mkdir(mode=0o700)
        self.room = os.open(path / "room", os.O_RDONLY)

    def install(
        self, release: SmallRelease, archive: bytes = b"", *, shares: tuple[str, ...] = (), **recipe: str
    ) -> None:
        """As a repair does it: below a room, then to its place, and the listing beside it."""
        (self.path / "archive").write_bytes(archive or release.zip())
        tree = f"{self.path}/opt/{release.version}"
        known = {"h1": release.h1, **recipe}
        action = UnpackTree(
            tree, str(self.path / "archive"), "module", release.version, "linux-amd64", **known,
            shares=tuple(f"{self.path}/opt/{name}" for name in shares),
        )  # fmt: skip
        made = unpacked_trees.write(MakeTree(tree, action), action, self.room)
        os.rename(f"{self.path}/room/{ROOM}", tree)
        with open(listing_place(tree), "wb") as file:
            file.write(made.listing)

    def files(self, release: SmallRelease) -> dict[str, bytes]:
        tree = self.path / "opt" / release.version
        return {str(p.relative_to(tree)): p.read_bytes() for p in tree.rglob("*") if p.is_file()}

    def shared(self, release: SmallRelease) -> set[str]:
        """Names of the files that are those of another tree, on a file system without clones."""
        tree = self.path / "opt" / release.version
        return {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file() and p.stat().st_nlink > 1}

    def forge(self, name: str, *, listed: bool) -> bytes:
        """Change a file of the old tree so that neither its size nor its CRC-32 tells.  listed: its listing, too."""
        path = self.path / "opt" / OLD.version / name
        before = path.read_bytes()
        after = (int.from_bytes(before[:8], "little") ^ SAME_CRC).to_bytes(8, "little") + before[8:]
        assert zlib.crc32(after) == zlib.crc32(before)
        path.write_bytes(after)
        if listed:
            place = listing_place(f"{self.path}/opt/{OLD.version}")
            with open(place, "rb") as file:
                entries = parse_listing(file.read())
            descriptor = os.open(path.parents[len(path.relative_to(self.path / "opt").parts) - 2], os.O_RDONLY)
            found = {entry.name: entry for entry in hash_tree(descriptor).entries}
            os.close(descriptor)
            with open(place, "wb") as file:
                file.write(listing_of(found.get(entry.name, entry) for entry in entries))
        return after


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    made.install(OLD)
    before = sorted(os.listdir("/proc/self/fd"))
    yield made
    assert sorted(os.listdir("/proc/self/fd")) == before
    os.close(made.room)


def in_module(release: SmallRelease) -> dict[str, bytes]:
    return {
        name: content
        for name, content in release.files.items()
        if not name.startswith(("api/", "doc/", "misc/", "test/"))
    }


def test_files_that_a_neighbour_has_are_its_files(host: Host) -> None:
    host.install(NEW, shares=(OLD.version,))
    assert host.files(NEW) == in_module(NEW)
    # The first of all, VERSION or not, is written where clones were tried.
    assert len(in_module(NEW).keys() - CHANGED - host.shared(NEW)) <= 1
    assert not host.shared(NEW) & CHANGED


def test_what_a_neighbour_has_is_not_read_from_the_archive(host: Host) -> None:
    archive = NEW.zip()
    packed = zlib.compressobj(-1, zlib.DEFLATED, -15)
    data = packed.compress(NEW.files[PROC]) + packed.flush()
    damaged = archive.replace(data, bytes(len(data)))
    assert damaged != archive
    host.install(NEW, damaged, shares=(OLD.version,))
    assert host.files(NEW) == in_module(NEW)


@pytest.mark.parametrize("listed", [False, True])
def test_neighbour_with_a_forged_file_of_the_same_crc_does_no_harm(host: Host, listed: bool) -> None:
    """By its listing it is not taken; by a forged listing it is, and the h1 tells: then the archive alone makes the tree."""
    forged = host.forge(PROC, listed=listed)
    host.install(NEW, shares=(OLD.version,))
    assert host.files(NEW) == in_module(NEW)
    assert host.files(OLD)[PROC] == forged
    assert PROC not in host.shared(NEW)
    assert (not host.shared(NEW)) == listed


def test_forged_neighbour_and_an_archive_that_is_not_the_proved_one_are_refused(host: Host) -> None:
    host.forge(PROC, listed=True)
    with pytest.raises(WrongArchive, match="nothing was installed"):
        host.install(NEW, small_release(NEW.version, **LARGE, LICENSE=b"another\n").zip(), shares=(OLD.version,))


def test_archive_that_is_not_the_proved_one_is_refused_with_all_files_shared(host: Host) -> None:
    with pytest.raises(WrongArchive, match="has the h1"):
        host.install(
            NEW,
            small_release(NEW.version, **LARGE, **{"src/fmt/print.go": b"package evil\n"}).zip(),
            shares=(OLD.version,),
        )


def test_without_a_proved_h1_a_crc_stands_for_nothing(host: Host) -> None:
    """The archive is believed by its own digest, and a forged neighbour with its forged listing is not asked."""
    host.forge(PROC, listed=True)
    host.install(NEW, shares=(OLD.version,), h1="", sha256=sha256(NEW.zip()).hexdigest())
    assert host.files(NEW) == in_module(NEW)
    assert PROC not in host.shared(NEW)


@pytest.mark.parametrize(
    "fault",
    ["no listing", "damaged listing", "gone", "writable by others", "of another user", "a link", "an attribute"],
)
def test_file_that_others_could_change_or_nobody_lists_is_not_shared(host: Host, fault: str) -> None:
    tree = host.path / "opt" / OLD.version
    path = tree / PROC
    if fault == "no listing":
        os.unlink(listing_place(str(tree)))
    elif fault == "damaged listing":
        with open(listing_place(str(tree)), "ab") as file:
            file.write(b"x")
    elif fault == "gone":
        path.unlink()
    elif fault == "writable by others":
        path.chmod(0o664)
    elif fault == "of another user":
        try:
            os.chown(path, 61234, -1)
        except PermissionError:
            path.chmod(0o646)
    elif fault == "a link":
        path.rename(path.with_suffix(".moved"))
        path.symlink_to("proc.moved")
    else:
        os.setxattr(path, "user.note", b"x")
    host.install(NEW, shares=(OLD.version, "go1.26.7"))
    assert host.files(NEW) == in_module(NEW)
    assert (host.path / "opt" / NEW.version / PROC).stat().st_nlink == 1
