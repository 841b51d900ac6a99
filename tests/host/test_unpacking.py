"""The door that unpacks: what is written is what the archive says, with the modes of a release, and nothing else anywhere."""

from __future__ import annotations

import gzip
import io
import os
import resource
import stat
import subprocess
import sys
import tarfile
import zipfile
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.formats import zip_members
from gosteward.formats.zip_members import ArchiveError, Limits, Member
from gosteward.golang import dirhash
from gosteward.golang.distribution import mode_of, module_name, module_prefix
from gosteward.host.free_space import mount_of, refuse_unfit
from gosteward.host.inflating import engines
from gosteward.host.known_trees import KnownTree, Owner, Twins
from gosteward.host.places import Refused
from gosteward.host.tree_hashing import hash_tree
from gosteward.host.tree_seals import stamp_of
from gosteward.host.unpacking import Options, Unpacked, release, unpack_tar_gz, unpack_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Unpack = Callable[..., Unpacked]

VERSION, PLATFORM = "go1.26.8", "linux-amd64"
SECONDS = 1787934006
FILES = {
    "LICENSE": b"",
    "VERSION": b"go1.26.8\ntime 2026-08-28T16:20:06Z\n",
    "bin/go": b"\x7fELF" + bytes(range(256)) * 300,
    "lib/wasm/go_js_wasm_exec": b"#!/bin/sh\n",
    "src/cmd/go.mod": b"module cmd\n",
    "src/fmt/print.go": b"package fmt\n" * 2000,
    "src/go.mod": b"module std\n",
    "src/make.bash": b"#!/bin/sh\n",
}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(module_prefix(VERSION, PLATFORM) + module_name(name)), data, method)
    return content.getvalue()


def tarred(files: dict[str, bytes], **fields: object) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"go/{name}")
            info.size, info.mode, info.mtime = len(data), mode_of(name), SECONDS
            for key, value in fields.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


FORMS = pytest.mark.parametrize(
    ("unpack", "archive"), [(unpack_zip, zipped(FILES)), (unpack_tar_gz, tarred(FILES))], ids=["zip", "tar"]
)


class Room:
    """An archive and a directory in which a tree is made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.top = path / "tree"
        self.top.mkdir(mode=0o700)
        self.into = os.open(self.top, os.O_RDONLY | os.O_DIRECTORY)

    def made(self, unpack: Unpack, archive: bytes, options: Options | None = None, version: str = VERSION) -> Unpacked:
        (self.path / "archive").write_bytes(archive)
        descriptor = os.open(self.path / "archive", os.O_RDONLY)
        try:
            return unpack(descriptor, self.into, version, PLATFORM, options or Options(label="the archive"))
        finally:
            os.close(descriptor)

    def modes(self) -> set[tuple[str, int]]:
        """Of everything below the top."""
        below = (p for p in self.top.rglob("*"))
        return {(str(p.relative_to(self.top)), stat.S_IMODE(p.lstat().st_mode)) for p in below}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    before = sorted(os.listdir("/proc/self/fd"))
    yield made
    assert sorted(os.listdir("/proc/self/fd")) == before  # whatever happened, no descriptor stays open
    assert {p.name for p in tmp_path.iterdir()} <= {"tree", "archive", "other", "outside"}
    os.close(made.into)


@pytest.fixture(params=[0o022, 0o077, 0o000])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@FORMS
@pytest.mark.parametrize("engine", ["", *engines()])
def test_tree_has_every_file_and_the_digests_of_it(room: Room, unpack: Unpack, archive: bytes, engine: str) -> None:
    made = room.made(unpack, archive, Options(engine=engine))
    for name, content in FILES.items():
        assert (room.top / name).read_bytes() == content
    assert made.entries == tuple(
        (name, mode_of(name), sha256(data).hexdigest()) for name, data in sorted(FILES.items())
    )
    assert made.h1 == dirhash.of_zip(zipped(FILES))
    assert (made.sha256, made.size, made.shared) == (sha256(archive).hexdigest(), sum(map(len, FILES.values())), 0)
    assert made.version == (VERSION, SECONDS)
    assert hash_tree(room.into)[:2] == (made.entries, ())


@FORMS
def test_modes_and_times_are_those_of_a_release_whatever_the_umask(
    room: Room, umask: None, unpack: Unpack, archive: bytes
) -> None:
    room.made(unpack, archive)
    parents = {
        parent
        for name in FILES
        for parent in (name.rpartition("/")[0], name.rpartition("/")[0].rpartition("/")[0])
        if parent
    }
    assert room.modes() == {(name, mode_of(name)) for name in FILES} | {(parent, 0o755) for parent in parents}
    assert {p.lstat().st_mtime_ns for p in room.top.rglob("*")} == {SECONDS * 10**9}


@FORMS
def test_nobody_else_can_enter_the_tree_before_its_release(room: Room, unpack: Unpack, archive: bytes) -> None:
    made = room.made(unpack, archive)
    assert stat.S_IMODE(room.top.stat().st_mode) == 0o700
    release(room.into, made.version)
    assert (stat.S_IMODE(room.top.stat().st_mode), room.top.stat().st_mtime) == (0o755, SECONDS)


@FORMS
def test_set_group_id_of_a_parent_is_not_handed_on_unless_asked_for(room: Room, unpack: Unpack, archive: bytes) -> None:
    room.top.chmod(0o2700)
    made = room.made(unpack, archive)
    assert not {mode for _, mode in room.modes()} & {0o2755, 0o2644}
    release(room.into, made.version)
    assert stat.S_IMODE(room.top.stat().st_mode) == 0o755


@FORMS
def test_directories_hand_their_group_on_where_that_is_asked_for(room: Room, unpack: Unpack, archive: bytes) -> None:
    options = Options(gid=os.getegid(), uid=os.geteuid(), setgid=True)
    release(room.into, room.made(unpack, archive, options).version, options)
    directories = {p for p in (room.top, *room.top.rglob("*")) if p.is_dir()}
    assert {stat.S_IMODE(p.stat().st_mode) for p in directories} == {0o2755}
    assert (room.top / "src/go.mod").stat().st_mode == stat.S_IFREG | 0o644


@FORMS
def test_progress_ends_with_the_whole_archive(room: Room, unpack: Unpack, archive: bytes) -> None:
    seen: list[tuple[int, int]] = []
    room.made(unpack, archive, Options(progress=lambda done, size: seen.append((done, size))))
    assert seen == sorted(seen)
    assert seen[-1] == (len(archive), len(archive))


LARGE = {**FILES, "bin/gofmt": b"".join(b"%d\n" % number for number in range(400_000)), "src/zeros": bytes(5 << 20)}


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_large_files_of_a_proved_zip_are_written_as_the_others(room: Room, method: int, engine: str) -> None:
    archive = zipped(LARGE, method)
    made = room.made(unpack_zip, archive, Options(h1=dirhash.of_zip(archive), engine=engine))
    assert made.entries == tuple((n, mode_of(n), sha256(data).hexdigest()) for n, data in sorted(LARGE.items()))
    assert (made.h1, made.sha256, made.size) == (dirhash.of_zip(archive), "", sum(map(len, LARGE.values())))
    assert hash_tree(room.into)[:2] == (made.entries, ())
    assert {p.lstat().st_mtime_ns for p in room.top.rglob("*")} == {SECONDS * 10**9}


class Shared:
    """A first tree, and what of it may be shared."""

    def __init__(self, path: Path, made: Unpacked) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self.options = Options(known=(KnownTree(self.descriptor, made.entries),))


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    (tmp_path / "first").mkdir()
    first = Room(tmp_path / "first")
    found = Shared(first.top, first.made(unpack_zip, zipped(FILES)))
    (tmp_path / "second").mkdir()
    yield found
    os.close(first.into)
    os.close(found.descriptor)


def second(shared: Shared) -> tuple[Room, Unpacked]:
    room = Room(shared.path.parents[1] / "second")
    made = room.made(unpack_zip, zipped(FILES), shared.options)
    os.close(room.into)
    return room, made


def test_files_of_another_version_are_shared(shared: Shared) -> None:
    room, made = second(shared)
    assert made.h1 == dirhash.of_zip(zipped(FILES))
    assert made.shared in (
        len(FILES) - 1,
        len(FILES) - 2,
    )  # not the empty one; nor the first, where blocks cannot be shared
    assert {name: (room.top / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize("fault", ["content", "length", "mode", "link", "gone"])
def test_file_that_is_not_the_one_it_was_is_not_shared(shared: Shared, fault: str) -> None:
    old = shared.path / "src/fmt/print.go"
    if fault == "content":
        old.write_bytes(b"Package fmt\n" * 2000)
    elif fault == "length":
        old.write_bytes(b"package fmt\n" * 2001)
    elif fault == "mode":
        old.chmod(0o666)
    else:
        old.rename(old.with_suffix(".moved"))
        if fault == "link":
            old.symlink_to("print.moved")
    room, _ = second(shared)
    new = room.top / "src/fmt/print.go"
    assert new.read_bytes() == FILES["src/fmt/print.go"]
    assert (new.stat().st_nlink, stat.S_IMODE(new.stat().st_mode)) == (1, 0o644)


class Sealed(Shared):
    """The same with a seal: none of its files need be read."""

    def __init__(self, path: Path, made: Unpacked) -> None:
        super().__init__(path, made)
        known = KnownTree(self.descriptor, made.entries, made.stamps)
        self.options = Options(known=(known,), h1=dirhash.of_zip(zipped(FILES)))


@pytest.fixture
def sealed(shared: Shared, tmp_path: Path) -> Iterator[Sealed]:
    (tmp_path / "sealed").mkdir()
    room = Room(tmp_path / "sealed")
    found = Sealed(room.top, room.made(unpack_zip, zipped(FILES), Options(h1=dirhash.of_zip(zipped(FILES)))))
    yield found
    os.close(room.into)
    os.close(found.descriptor)


def test_files_that_look_as_they_were_proved_are_shared_unread(sealed: Sealed) -> None:
    twins = Twins(sealed.options.known, Owner(os.geteuid(), os.getegid()), zlib)
    content = FILES["src/fmt/print.go"]
    member = Member("src/fmt/print.go", zip_members.DEFLATED, zlib.crc32(content), len(content), 0, 0, 0)
    found = twins.of(member, 0o644)
    assert found is not None
    assert (found.content, found.descriptor) == (None, -1)
    room, made = second(sealed)
    assert made.unread >= len(FILES) - 2
    assert {name: (room.top / name).read_bytes() for name in FILES} == FILES
    assert all(
        stamp_of((room.top / entry.name).stat(), stamp[4]) == stamp for entry, stamp in zip(made.entries, made.stamps)
    )


@pytest.mark.parametrize("fault", ["content", "length", "mode", "link", "exchanged", "gone"])
def test_file_that_was_touched_since_it_was_sealed_is_not_believed(sealed: Sealed, fault: str) -> None:
    old = sealed.path / "src/fmt/print.go"
    times = old.stat()
    if fault == "exchanged":
        old.rename(old.with_suffix(".moved"))
    if fault in ("content", "exchanged"):
        old.write_bytes(b"Package fmt\n" * 2000)
    elif fault == "length":
        old.write_bytes(b"package fmt\n" * 2001)
    elif fault == "mode":
        old.chmod(0o666)
    else:
        old.rename(old.with_suffix(".moved"))
        if fault == "link":
            old.symlink_to("print.moved")
    if old.exists():  # whoever does that can set this time, but not the one of the change
        os.utime(old, ns=(times.st_atime_ns, times.st_mtime_ns))
    room, made = second(sealed)
    new = room.top / "src/fmt/print.go"
    assert made.h1 == sealed.options.h1
    assert new.read_bytes() == FILES["src/fmt/print.go"]
    assert (new.stat().st_nlink, stat.S_IMODE(new.stat().st_mode)) == (1, 0o644)


def changed(archive: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert old in archive
    return archive.replace(old, new)


STORED = zipped(FILES, zipfile.ZIP_STORED)
BOMB = zipped({**FILES, "bomb": bytes(1 << 20)})
LIE = changed(BOMB, (1 << 20).to_bytes(4, "little"), (1 << 10).to_bytes(4, "little"))
ATTACKS = {
    "size lie": (unpack_zip, LIE),
    "size lie upwards": (unpack_zip, changed(BOMB, (1 << 20).to_bytes(4, "little"), (1 << 21).to_bytes(4, "little"))),
    "changed content": (unpack_zip, changed(STORED, b"module std", b"module STD")),
    "version of another release": (unpack_zip, zipped({**FILES, "VERSION": b"go1.26.9\n"})),
    "no version": (unpack_zip, zipped({"bin/go": b"x"})),
    "traversal in a zip": (unpack_zip, zipped({**FILES, "../outside": b"x"})),
    "traversal in a tar": (unpack_tar_gz, tarred({**FILES, "../../outside": b"x"})),
    "symbolic link in a tar": (unpack_tar_gz, tarred({**FILES, "x": b""}, type=b"2", linkname="/etc/passwd")),
    "no version in a tar": (unpack_tar_gz, tarred({"bin/go": b"x"})),
    "version of another release in a tar": (unpack_tar_gz, tarred({**FILES, "VERSION": b"go1.26.9\n"})),
    "cut gzip": (unpack_tar_gz, tarred(FILES)[:-9]),
    "sum of a gzip": (unpack_tar_gz, tarred(FILES)[:-8] + bytes(4) + tarred(FILES)[-4:]),
    "second gzip behind": (unpack_tar_gz, tarred(FILES) + gzip.compress(b"x")),
    "something behind a gzip": (unpack_tar_gz, tarred(FILES) + bytes(1 << 17)),
    "damaged gzip": (unpack_tar_gz, tarred(FILES)[:400] + bytes(200) + tarred(FILES)[600:]),
    "login page": (unpack_tar_gz, b"<html>" * 100),
    "login page for a zip": (unpack_zip, b"<html>" * 100),
    "nothing": (unpack_tar_gz, b""),
}  # fmt: skip


@pytest.mark.parametrize(("unpack", "archive"), ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("engine", engines())
def test_attack(room: Room, unpack: Unpack, archive: bytes, engine: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        room.made(unpack, archive, Options(label="/tmp/archive", engine=engine))
    assert "/tmp/archive" in str(caught.value)
    assert not (room.path / "outside").exists()
    # What the directory of a zip shows is found before anything is written.
    if "traversal in a zip" in os.environ["PYTEST_CURRENT_TEST"]:
        assert not room.modes()


LARGE_LIES = {
    "size lie": (5 << 20).to_bytes(4, "little"),
    "size lie upwards": (7 << 20).to_bytes(4, "little"),
    "size lie by a byte": ((6 << 20) - 1).to_bytes(4, "little"),
}


@pytest.mark.parametrize("lie", LARGE_LIES.values(), ids=LARGE_LIES.keys())
@pytest.mark.parametrize("engine", engines())
def test_attack_with_a_large_file(room: Room, lie: bytes, engine: str) -> None:
    archive = changed(zipped({**LARGE, "src/bomb": bytes(6 << 20)}), (6 << 20).to_bytes(4, "little"), lie)
    with pytest.raises(ArchiveError, match="src/bomb"):
        room.made(unpack_zip, archive, Options(h1="h1:proved", engine=engine))


def test_error_in_the_midst_of_a_large_file_names_it(room: Room) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(OSError, match="the archive: bin/gofmt"):
            room.made(unpack_zip, zipped(LARGE), Options(label="the archive", h1="h1:proved"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_bomb_in_a_tar_stops_at_the_limit(room: Room) -> None:
    with pytest.raises(ArchiveError):
        room.made(unpack_tar_gz, tarred({**FILES, "bomb": bytes(8 << 20)}), Options(limits=Limits(total=1 << 20)))


@FORMS
def test_archive_that_is_no_file_is_refused(room: Room, unpack: Unpack, archive: bytes) -> None:
    reading, writing = os.pipe()
    with pytest.raises(ArchiveError):
        unpack(reading, room.into, VERSION, PLATFORM)
    os.close(reading)
    os.close(writing)


@FORMS
def test_what_is_there_is_neither_replaced_nor_entered(room: Room, unpack: Unpack, archive: bytes) -> None:
    (room.path / "other").mkdir()
    (room.top / "src").symlink_to(room.path / "other")
    with pytest.raises(FileExistsError):
        room.made(unpack, archive)
    assert list((room.path / "other").iterdir()) == []


@FORMS
def test_error_while_writing_names_the_member(room: Room, unpack: Unpack, archive: bytes) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, before[1]))
    try:
        with pytest.raises(OSError, match="the archive: bin/go"):
            room.made(unpack, archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_place_without_room_is_refused_with_the_mount(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        refuse_unfit(directory, 1, 1)
        for size, files in ((1 << 60, 1), (1, 1 << 60)):
            with pytest.raises(Refused, match=mount_of(directory)):
                refuse_unfit(directory, size, files)
        assert os.path.ismount(mount_of(directory))
    finally:
        os.close(directory)


MOUNTED = """
import os, sys
sys.path[:0] = {path!r}
from gosteward.host import unpacking
from gosteward.host.places import Refused
archive, into = os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_RDONLY)
try:
    unpacking.unpack_tar_gz(archive, into, "", "")
except Refused as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("noexec", "is mounted noexec: no program runs there"),
        ("ro", "is mounted read-only"),
        ("size=64k", "is full: bin/go was not written"),
        ("nr_inodes=4", "is full: bin/go was not written"),
    ],
)
def test_mount_that_does_not_do_is_named(room: Room, options: str, words: str) -> None:
    """In a real mount; the archive says that it needs no room at all."""
    noise = tarred({**FILES, "bin/go": os.urandom(200_000), "src/noise": os.urandom(200_000)})
    (room.path / "archive").write_bytes(noise[:-4] + bytes(4))
    mounted = f'mount -t tmpfs -o {options} tmpfs {room.top} && exec "$0" -c "$1" {room.path}/archive {room.top}'
    ran = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mounted, sys.executable, MOUNTED.format(path=sys.path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        pytest.skip(ran.stderr)
    assert ran.stdout.strip() == f"{room.top} {words}", ran.stderr


def test_engine_that_is_not_there_is_said(room: Room) -> None:
    with pytest.raises(UsageError, match="snappy"):
        room.made(unpack_zip, zipped(FILES), Options(engine="snappy"))
