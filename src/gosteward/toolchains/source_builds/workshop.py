"""A place where a release is built from its sources: a directory of ours that goes in the end, in which make.bash runs with an environment of its own.

    CACHE/builds/lock          held while something is built, also by what a killed build left running
    CACHE/builds/room/go       the sources, then the tree that is built
    CACHE/builds/room/home     HOME and TMPDIR of the build
    STATE/builds/go1.26.8-20261128T061500Z.log

What a killed build left is removed by the next one. Source: make.bash; cmd/dist/buildruntime.go (`mkbuildcfg`): CGO_ENABLED and GO_LDSO of the
environment become defaults of the Go that is built, so that neither may be set where it is to be the official one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
import zipfile
from typing import IO, TYPE_CHECKING

from gosteward.errors import FINDINGS, StewardError
from gosteward.finding import Text
from gosteward.golang import distribution
from gosteward.host import building, checking, free_space, tree_hashing, writing
from gosteward.host.own_directory import OwnDirectory
from gosteward.host.places import Refused
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.source_builds import make_log, source_trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.distribution import Entry
    from gosteward.host.local import LocalHost
    from gosteward.host.own_directory import Growing
    from gosteward.host.tree_hashing import HashedTree
    from gosteward.toolchains.obtaining.acquiring import Acquired, Keeping
    from gosteward.toolchains.source_builds.make_log import Say

# 1.26: 1.25 GB of a tree with its objects, and 250 MB for a Go that builds it. What is packed comes when the objects are gone.
ROOM_BYTES, ROOM_FILES = 3 << 29, 60_000
LITTLE_MEMORY = 1 << 20  # kilobytes
BUILD_SECONDS = 12 * 3600.0
ROOM = "room"
PATH = checking.CLEAN["PATH"]
NICE = ("nice", "-n", "10")
_OBJECTS = ("obj", "bootstrap")
_OLDEST = (1980, 1, 1, 0, 0, 0)


class BuildError(StewardError):
    """The sources could not be built: nothing was installed.  lines: the last ones that the build wrote."""

    exit_code = FINDINGS
    lines: tuple[str, ...] = ()


def environment(room: str, goroot_bootstrap: str) -> dict[str, str]:
    """All that a build finds in its environment.

    Args:
        room: directory of the build, by its whole path.   goroot_bootstrap: GOROOT of the Go that builds; "" where C does.
    """
    home = f"{room}/home"
    clean = {
        "PATH": PATH, "HOME": home, "TMPDIR": home, "LC_ALL": "C", "GOENV": "off", "GOFLAGS": "", "GOPROXY": "off", "GOTELEMETRY": "off",
        "GOTOOLCHAIN": "local", "GOWORK": "off",
    }  # fmt: skip
    # go1.4 knows no C compiler of today for cgo; nobody has its official bytes.
    return {**clean, **({"GOROOT_BOOTSTRAP": goroot_bootstrap} if goroot_bootstrap else {"CGO_ENABLED": "0"})}


class Workshop:
    """Where something is built. Made by `opened`.

    Attributes:
        path: of the room.   log: path of the log.
    """

    def __init__(self, room: int, path: str, lock: int, log: Growing, log_path: str, say: Say) -> None:
        self.room, self.path = room, path
        self.log = log_path
        self._lock, self._log, self._say = lock, log, say
        os.close(writing.make_room(room, "home"))

    def unpack(self, name: str, found: Acquired, *, sources: bool) -> str:
        """Unpack an archive as a directory of the room; returns its path.

        Args:
            sources: what was built for a platform is left out: only what make.bash needs stays.

        Raises:
            MismatchError: it is not what is proved.   ChangeError: there is no room for it.   OSError.
        """
        self._say(Text("unpacks {archive}", archive=found.archive.rpartition("/")[2]))
        into = writing.make_room(self.room, name)
        try:
            source_trees.unpack(into, found)
            for part in source_trees.BUILT if sources else ():
                writing.remove_tree(into, part)
        finally:
            os.close(into)
        return f"{self.path}/{name}"

    def make(self, name: str, goroot_bootstrap: str) -> None:
        """Run make.bash in a directory of the room. Raises BuildError, and as `building.run`."""
        bash = shutil.which("bash", path=PATH)
        if bash is None:
            raise BuildError("make.bash needs bash, which is not installed", hint="install the package bash")
        environ = environment(self.path, goroot_bootstrap)
        nice = NICE if shutil.which(NICE[0], path=PATH) else ()
        told = "".join(f"{key}={value}\n" for key, value in sorted(environ.items()))
        self._log.append(f"{told}cd {self.path}/{name}/src; bash ./make.bash\n\n".encode("utf-8", "surrogateescape"))
        output = make_log.Output(self._log, self._say)
        try:
            directory = os.open(f"{name}/src", writing.READING | os.O_DIRECTORY, dir_fd=self.room)
            try:
                code = building.run(
                    (*nice, bash, "./make.bash"), environ, directory, held=(self._lock,), seconds=BUILD_SECONDS, take=output.take
                )  # fmt: skip
            finally:
                os.close(directory)
        except OSError as error:
            raise BuildError(
                f"make.bash cannot be started ({error.strerror})", subject=error.filename or name
            ) from error
        if code:
            raise self._failure(code, output)
        self._forget_objects(name)

    def _forget_objects(self, name: str) -> None:
        """Four fifths of what a build leaves, and in no release."""
        directory = os.open(f"{name}/pkg", writing.READING | os.O_DIRECTORY, dir_fd=self.room)
        try:
            for part in _OBJECTS:
                writing.remove_tree(directory, part)
        finally:
            os.close(directory)

    def _failure(self, code: int, output: make_log.Output) -> BuildError:
        how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
        while_building = f" while it was building {output.phase}" if output.phase else ""
        error = BuildError(f"make.bash failed{while_building} ({how})", hint=f"all that it wrote is in {self.log}")
        error.lines = output.last()
        return error

    def write_version(self, name: str, content: str) -> None:
        """Let VERSION of a tree say something else."""
        OwnDirectory(f"{self.path}/{name}").put("VERSION", content.encode())

    def run(self, argv: tuple[str, ...], name: str) -> tuple[int, str]:
        """Run a program of the system's in a directory of the room, with an environment like that of the build."""
        directory = os.open(name, writing.READING | os.O_DIRECTORY, dir_fd=self.room)
        try:
            return checking.run_as(None, argv, environment(self.path, "/nonexistent"), directory, 60.0)
        finally:
            os.close(directory)

    def hashed(self, name: str) -> HashedTree:
        """All files of a tree. Raises OSError."""
        self._say(Text("compares every file"))
        directory = os.open(name, writing.READING | os.O_DIRECTORY, dir_fd=self.room)
        try:
            return tree_hashing.hash_tree(directory)
        finally:
            os.close(directory)

    def pack(self, name: str, entries: tuple[Entry, ...], prefix: str, archive: str) -> str:
        """Pack files of a tree as a module zip into the room; returns its path. Nothing is compressed: it is unpacked at once.

        Args:
            entries: which files, in the module form.   prefix: as `distribution.module_prefix`.   archive: name of the zip.
        """
        directory = os.open(name, writing.READING | os.O_DIRECTORY, dir_fd=self.room)
        try:
            with OwnDirectory(self.path).growing(archive) as file:
                with os.fdopen(os.dup(file.descriptor), "wb") as stream:
                    _write_zip(stream, directory, entries, prefix)
                return f"{self.path}/{archive}"
        finally:
            os.close(directory)


def _write_zip(stream: IO[bytes], directory: int, entries: tuple[Entry, ...], prefix: str) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as packed:
        for entry in entries:
            member = zipfile.ZipInfo(prefix + distribution.module_name(entry.name), _OLDEST)
            member.create_system = 3
            member.external_attr = (stat.S_IFREG | distribution.mode_of(entry.name)) << 16
            with open(os.open(entry.name, writing.READING, dir_fd=directory), "rb") as content:
                packed.writestr(member, content.read())


@contextlib.contextmanager
def opened(host: LocalHost, keeping: Keeping, version: str, say: Say) -> Iterator[Workshop]:
    """A workshop for one build; whoever comes second waits. Nothing but the log is left of it.

    Args:
        version: for the name of the log.

    Raises:
        ChangeError: no room, or no program runs there.   PrivilegeError: a directory of ours is not ours alone.   OSError.
    """
    builds, logs = OwnDirectory(f"{keeping.cache}/builds"), OwnDirectory(f"{keeping.state}/builds")
    with builds.growing("lock", lambda: say(Text("waits for another build to end"))) as lock:
        top = os.open(builds.path, writing.READING | os.O_DIRECTORY)
        try:
            writing.remove_tree(top, ROOM)  # a build was killed
            _refuse_unfit(top)
            make_log.forget_old(host, logs)
            name = f"{version}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.log"
            room = writing.make_room(top, ROOM)
            try:
                with logs.growing(name) as log:
                    yield Workshop(room, f"{builds.path}/{ROOM}", lock.descriptor, log, f"{logs.path}/{name}", say)
            finally:
                os.close(room)
                writing.remove_tree(top, ROOM)
        finally:
            os.close(top)


def little_memory(host: LocalHost) -> tuple[Text, ...]:
    """What to tell where the linker may not have enough memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in host.text("/proc/meminfo").split("\n"):
            if line.startswith("MemAvailable:") and int(line.split()[1]) < LITTLE_MEMORY:
                return (
                    Text("{size} MB of memory are free: building Go takes 1000", size=str(int(line.split()[1]) >> 10)),
                )
    return ()


def _refuse_unfit(directory: int) -> None:
    try:
        free_space.refuse_unfit(directory, ROOM_BYTES, ROOM_FILES)
    except Refused as error:
        raise ChangeError(str(error.text), subject=os.readlink(f"/proc/self/fd/{directory}")) from error
