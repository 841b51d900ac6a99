"""Judge one module version of a module cache: each of its files against the public log, and against the others.

1. .info names the version, and go asks nobody about it: no log has it.
2. .mod has the hash that the log names for go.mod.
3. .zip has the h1 that the log names, by its contents: go itself never reads it again once it is there, but for `go mod verify`.
4. .ziphash says that h1: it is all that go compares with go.sum.
5. The unpacked directory has that h1, by its contents: it is what go builds, and go never compares it with anything.
6. A toolchain's programs are executable, and nobody else may change them.

What the log does not have is compared with itself alone. Source: cmd/go/internal/modfetch/fetch.go (`download`, `checkMod`, `hashZip`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import cached_names, dirhash, tree_comparison
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host.inflating import engine_of
from gosteward.toolchains.module_cache import reading
from gosteward.toolchains.verifying.checks import FAILED, OK, UNJUDGED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gosteward.golang.distribution import Entry
    from gosteward.golang.tree_comparison import Difference
    from gosteward.host.inflating import Engine
    from gosteward.toolchains.module_cache.listing import Cached
    from gosteward.toolchains.module_cache.logged_modules import Said

PRIVATE = "private"
SMALL = 1 << 16
MOD_LIMIT = 16 << 20  # golang.org/x/mod/zip, MaxGoMod
MOST_FILES_NAMED = 50
THREADS = 4
AHEAD = 16  # versions that wait for a thread


class Fault(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        path: absolute, what to remove.   text: what is wrong.   found, wanted: both values, "" where there are none.
        files: of a directory, those that differ, at most MOST_FILES_NAMED, of `total`.
    """

    path: str
    text: Text
    found: str = ""
    wanted: str = ""
    files: tuple[Difference, ...] = ()
    total: int = 0


class Judged(NamedTuple):
    """A module version.

    Attributes:
        status: "ok", "failed", "not-judged", "private" (only compared with itself).   reason: why it was not judged, or failed without a fault.
        h1, record: what the log names, "" and -1 if that is not known.
    """

    module: str
    version: str
    status: str
    faults: tuple[Fault, ...] = ()
    reason: Text = Text("")
    h1: str = ""
    record: int = -1


class Cache(NamedTuple):
    """A cache that is read.  top: descriptor.   path: absolute, of the same."""

    top: int
    path: str


def judged_all(
    cache: Cache, versions: Iterable[tuple[Cached, Said]], progress: Callable[[int], None] = lambda _: None
) -> Iterator[Judged]:
    """Read and judge module versions, in order.  progress: called with how many are done."""
    engine = engine_of("")
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = []
        done = 0
        for cached, said in versions:
            waiting.append(pool.submit(judged, cache, cached, said, engine))
            if len(waiting) >= AHEAD:
                yield waiting.pop(0).result()
                done += 1
                progress(done)
        for one in waiting:
            yield one.result()
            done += 1
            progress(done)


def judged(cache: Cache, cached: Cached, said: Said, engine: Engine) -> Judged:
    """Read and judge one module version."""
    judging = _Judging(cache, cached, said)
    for suffix, check in (("info", judging.info), ("mod", judging.go_mod)):
        if suffix in cached.files:
            judging.trying(check, cached.file(suffix))
    if "zip" in cached.files:
        judging.trying(lambda path: judging.archive(path, engine), cached.file("zip"))
    if "ziphash" in cached.files:
        judging.trying(judging.zip_hash, cached.file("ziphash"))
    # With .partial beside it, go unpacks it anew.
    if cached.directory and "partial" not in cached.files:
        judging.trying(judging.directory, cached.directory)
    return judging.verdict()


class _Judging:
    def __init__(self, cache: Cache, cached: Cached, said: Said) -> None:
        self.cache = cache
        self.cached = cached
        self.said = said
        self.faults: list[Fault] = []
        self.unread: list[str] = []
        # What the zip and the directory should have: what the log names, else what the first of them has.
        self.wanted = said.hashes.zip_h1 if said.hashes else ""
        self.proved: tuple[Entry, ...] | None = None

    def verdict(self) -> Judged:
        module, version, said = self.cached.module, self.cached.version, self.said
        h1, record = (said.hashes.zip_h1, said.hashes.record) if said.hashes else ("", -1)
        status, reason = OK, said.reason
        if self.faults or said.forged:
            status = FAILED
        elif said.private:
            status = PRIVATE
        elif said.hashes is None and self.cached.has_content:
            status = UNJUDGED
        if self.unread and status != FAILED:
            status, reason = UNJUDGED, Text("cannot be read: {path}", path=self.unread[0])
        return Judged(module, version, status, tuple(self.faults), reason, h1, record)

    def trying(self, check: Callable[[str], None], path: str) -> None:
        try:
            check(path)
        except OSError:
            self.unread.append(f"{self.cache.path}/{path}")

    def fault(self, path: str, text: Text, found: str = "", wanted: str = "") -> None:
        self.faults.append(Fault(f"{self.cache.path}/{path}", text, found, wanted))

    def info(self, path: str) -> None:
        content = reading.small_file(self.cache.top, path, SMALL)
        version = cached_names.stated_version(content)
        if version != self.cached.version:
            self.fault(path, Text("it does not name its version"), version[:100], self.cached.version)

    def go_mod(self, path: str) -> None:
        hashes = self.said.hashes
        if hashes is None:
            return
        content = reading.small_file(self.cache.top, path, MOD_LIMIT)
        found = dirhash.of_digests([(b"go.mod", sha256(content).hexdigest())])
        if found != hashes.mod_h1:
            self.fault(path, Text("this go.mod is not the one that the log names"), found, hashes.mod_h1)

    def archive(self, path: str, engine: Engine) -> None:
        module, version = self.cached.module, self.cached.version
        try:
            entries = reading.zip_entries(self.cache.top, path, f"{module}@{version}/", engine)
        except ArchiveError as error:
            if self.said.hashes is None:  # another proxy than Go's may have packed it
                self.unread.append(f"{self.cache.path}/{path}")
                return
            self.fault(path, Text("this is no zip as go packs them: {reason}", reason=str(error)))
            return
        found = reading.h1_of(entries, module, version)
        if not self.wanted:
            self.wanted = found
        if found == self.wanted:
            self.proved = entries
        else:
            self.fault(path, Text("this zip is not the one that the log names"), found, self.wanted)

    def zip_hash(self, path: str) -> None:
        content = reading.small_file(self.cache.top, path, SMALL)
        found = content.decode("utf-8", "replace").strip()
        if not self.wanted:
            self.wanted = found
        if found != self.wanted:
            self.fault(path, Text("it states another hash of the zip"), found[:100], self.wanted)

    def directory(self, path: str) -> None:
        contents = reading.directory_contents(self.cache.top, path)
        module, version = self.cached.module, self.cached.version
        self.unread += [f"{self.cache.path}/{path}/{name}" for name in contents.unreadable]
        if contents.cut:
            self.fault(path, Text("there is more in it than a module can have"))
            return
        entries = contents.entries
        if module == TOOLCHAIN_MODULE:
            entries = _as_unpacked(entries)
            self._modes(path, entries)
        found = reading.h1_of(entries, module, version)
        if not contents.odd and found == (self.wanted or found):
            return
        if self.unread:
            return  # files that cannot be read have no hash
        differences = contents.odd
        if self.proved is not None:
            differences = tuple(sorted((*differences, *tree_comparison.compared(entries, self.proved))))
        text = Text("the unpacked files are not those that the log names")
        if self.said.hashes is None:
            text = Text("the unpacked files are not those of its zip")
        if found == (self.wanted or found):
            text, found = Text("something is in it that no module has"), ""
        self._differing(path, text, differences, found)

    def _modes(self, path: str, entries: tuple[Entry, ...]) -> None:
        if any(e.mode & 0o111 for e in entries if e.name.startswith("bin/")):  # else go did not use it yet
            wrong = tree_comparison.wrong_modes(entries, module_cache=True)
            if wrong:
                self._differing(path, Text("its files have other permissions than go gives them"), wrong)

    def _differing(self, path: str, text: Text, files: tuple[Difference, ...], found: str = "") -> None:
        wanted = self.wanted if found else ""
        place = f"{self.cache.path}/{path}"
        self.faults.append(Fault(place, text, found, wanted, files[:MOST_FILES_NAMED], len(files)))


def _as_unpacked(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The files of a toolchain as its zip has them: go copies each `_go.mod` to a `go.mod` beside it."""
    originals = {e.name: e.sha256 for e in entries if e.name.endswith("_go.mod")}
    return tuple(e for e in entries if originals.get(_original_of(e.name)) != e.sha256)


def _original_of(name: str) -> str:
    directory, slash, base = name.rpartition("/")
    return f"{directory}{slash}_go.mod" if base == "go.mod" else ""
