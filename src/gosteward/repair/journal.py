"""What gosteward did to this host: a file that only grows, each line bound to the one before it by its digest, and the contents of
files before and after each change. What is not in the journal was not done; it is written and synced before anything is done.

    /var/lib/gosteward (root), $XDG_STATE_HOME/gosteward or ~/.local/state/gosteward (others)
        journal             one JSON object per line
        contents/SHA256     bytes that the lines refer to
        lock                held while something is changed; says by whom
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import TRY_AGAIN, BusyError, DecodeError, PrivilegeError, StewardError
from gosteward.host import own_directory
from gosteward.repair.changes import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_DIGEST = "0" * 64
PHASES = ("begun", "intended", "done", "failed", "ended")
CONTENT = re.compile(r"[0-9a-f]{64}")
_PAUSE = 0.1


class JournalError(StewardError):
    """The journal cannot be written, so nothing more is changed.

    Attributes:
        torn: what was to be written may be there all the same, in whole or in part.
    """

    exit_code = TRY_AGAIN
    torn = False


class Entry(NamedTuple):
    """One line.

    Attributes:
        number: from 1.   at: UTC, ISO 8601.   run: number of the run, from 1.
        phase: "begun" (a run; details: command, user, version, undoes), "intended" (details: change, step, temporary, because, undoes),
            "done" and "failed" (details: of which number, found or reason), "ended" (details: the outcome).
        digest: SHA-256 of the digest of the line before (64 zeros for the first) and of this line without its digest.
    """

    number: int
    at: str
    run: int
    phase: str
    details: dict[str, Any]
    digest: str = ""

    def bound(self, previous: str) -> Entry:
        """The entry behind the line with the digest `previous`."""
        return self._replace(digest=sha256(previous.encode() + self._replace(digest="").line()).hexdigest())

    def line(self) -> bytes:
        """The entry as a line of the journal."""
        return json.dumps(self._asdict(), sort_keys=True, separators=(",", ":")).encode() + b"\n"


class Journal:
    """An open journal.

    Args:
        directory: as from `own_directory.state_for`.

    Attributes:
        entries: all lines, oldest first.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.entries: list[Entry] = []
        self._end = FIRST_DIGEST
        self._size = 0

    @property
    def path(self) -> str:
        """The file with the lines."""
        return f"{self.directory}/journal"

    def read(self) -> Journal:
        """Read and check all lines; a directory that is not there is an empty journal. Returns itself.

        A last line without its end, or one that is no JSON, was being written when the machine stopped: it is left out, and overwritten
        by the next one.

        Raises:
            DecodeError: a line is no entry, or is not bound to the line before it.
            PrivilegeError: it may not be read, or the directory is not this user's alone.
        """
        try:
            with own_directory.opened(self.directory) as directory:
                text = _read(directory, "journal")
        except FileNotFoundError:
            return self
        except OSError as error:
            raise PrivilegeError(f"the journal cannot be read ({error.strerror})", subject=self.path) from error
        *lines, _ = text.split(b"\n")
        if lines and not _is_json(lines[-1]):
            lines.pop()
        for number, line in enumerate(lines, 1):
            entry = self._decoded(line, number)
            if entry.number != number or entry != entry.bound(self._end) or entry.line() != line + b"\n":
                raise self._damaged(number, "is not bound to the line before it: somebody changed the file")
            self._take(entry)
        return self

    def _decoded(self, line: bytes, number: int) -> Entry:
        try:
            entry = Entry(**json.loads(line))
            numbers = type(entry.number) is type(entry.run) is int
            valid = numbers and entry.phase in PHASES and isinstance(entry.details, dict)
        except (ValueError, TypeError, RecursionError):
            valid = False
        if not valid:
            raise self._damaged(number, "is no journal entry")
        return entry

    def _damaged(self, number: int, what: str) -> DecodeError:
        hint = "nothing was changed; look at the file, and move it aside if you give up its undo"
        return DecodeError(f"line {number} of the journal {what}", subject=self.path, hint=hint)

    def _take(self, entry: Entry) -> None:
        self._end = entry.digest
        self._size += len(entry.line())
        self.entries.append(entry)

    def content(self, name: str) -> bytes:
        """Bytes that a line refers to.

        Raises:
            DecodeError: they are gone, or are not what the line says.
        """
        path = f"{self.directory}/contents/{name}"
        try:
            if not CONTENT.fullmatch(str(name)):
                raise FileNotFoundError
            with own_directory.opened(self.directory) as directory:
                found = _read(directory, f"contents/{name}")
        except OSError as error:
            raise DecodeError("the journal's copy of a file is gone", subject=path) from error
        if name_of(found) != name:
            raise DecodeError("the journal's copy of a file was changed", subject=path)
        return found

    @contextlib.contextmanager
    def locked(self, command: str, patience: float = 0.0) -> Iterator[Journal]:
        """Hold the journal alone, and read it; makes its directory where there is none.

        Args:
            patience: seconds to wait for another process that holds it.

        Raises:
            BusyError: another process holds it.   PrivilegeError, DecodeError: as `read`, and if it cannot be written.
        """
        try:
            self._make_directories()
            with own_directory.opened(self.directory) as directory:
                descriptor = os.open(
                    "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory
                )
        except OSError as error:
            raise PrivilegeError(f"the journal cannot be kept ({error.strerror})", subject=self.directory) from error
        try:
            try:
                _hold(descriptor, patience)
            except BlockingIOError as error:
                holder = os.pread(descriptor, 300, 0).decode("utf-8", "replace").strip()
                raise BusyError(
                    "another gosteward is changing this host", subject=holder, hint="wait until it has ended"
                ) from error
            with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
                os.ftruncate(descriptor, 0)
                os.pwrite(
                    descriptor, f"process {os.getpid()}: {command}, since {_now()}\n".encode("utf-8", "replace"), 0
                )
            yield self.read()
        finally:
            os.close(descriptor)

    def _make_directories(self) -> None:
        for path in (self.directory, f"{self.directory}/contents"):
            missing = []
            parent = path
            while not os.path.isdir(parent):
                missing.append(parent)
                parent = os.path.dirname(parent)
            for directory in reversed(missing):
                with contextlib.suppress(
                    FileExistsError
                ):  # another gosteward was faster; a link that leads nowhere shows below
                    os.mkdir(directory, 0o700 if directory.startswith(self.directory) else 0o755)
                _sync(os.path.dirname(directory))

    def keep(self, content: bytes) -> str:
        """Store bytes for good; returns their name. Raises JournalError."""
        name = name_of(content)
        with self._writing(), own_directory.opened(self.directory) as directory:
            with contextlib.suppress(FileNotFoundError):
                if _read(directory, f"contents/{name}") == content:
                    return name
            new = f"contents/{name}.new"
            try:
                _write(directory, new, content)
                os.rename(new, f"contents/{name}", src_dir_fd=directory, dst_dir_fd=directory)
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(new, dir_fd=directory)
                raise
            _sync("contents", directory)
        return name

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = "nothing more was changed: make room there, and run it again"
            text = f"the journal cannot be written ({error.strerror})"
            raise JournalError(text, subject=self.directory, hint=hint) from error

    def append(self, run: int, phase: str, **details: Any) -> Entry:
        """Write a line and sync it. Raises JournalError: then it does not count, unless that says it is torn."""
        entry = Entry(len(self.entries) + 1, _now(), run, phase, details).bound(self._end)
        try:
            with self._writing(), own_directory.opened(self.directory) as directory:
                _write(directory, "journal", entry.line(), self._size)
                if not self._size:
                    _sync(".", directory)
        except JournalError as error:
            error.torn = not self._cut()
            raise
        self._take(entry)
        return entry

    def _cut(self) -> bool:
        """Take away what a failed attempt left behind the last line; whether that is so."""
        try:
            with own_directory.opened(self.directory) as directory:
                _write(directory, "journal", b"", self._size)
        except (OSError, PrivilegeError):
            return False
        return True

    def sweep(self) -> None:
        """Remove contents that no line refers to: a crash came between them and their line."""
        named = {name for entry in self.entries for name in CONTENT.findall(json.dumps(entry.details))}
        with contextlib.suppress(OSError), own_directory.opened(self.directory) as directory:
            contents = os.open("contents", own_directory.DIRECTORY, dir_fd=directory)
            try:
                for name in set(os.listdir(contents)) - named:
                    os.unlink(name, dir_fd=contents)
            finally:
                os.close(contents)


def _hold(descriptor: int, patience: float) -> None:
    """Raises BlockingIOError: somebody else still holds it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _read(directory: int, name: str) -> bytes:
    with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory), "rb") as file:
        return file.read()


def _write(directory: int, name: str, content: bytes, offset: int = 0) -> None:
    """Let a file have this content from `offset` on, and sync it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=directory)
    try:
        os.ftruncate(descriptor, offset)
        rest = memoryview(content)
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(directory: str, below: int | None = None) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=below)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
