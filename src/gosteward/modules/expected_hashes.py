"""Which hashes a module version has to have: what the checksum database proves, else what was seen here first.

    STORE/hashes/<SHA-256 of "MODULE@VERSION", 64 digits>     "zip h1:...", "mod h1:...", a line each

Modules that no public database knows (private ones, or all where it is off) are held to the first bytes that came of each version.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.errors import StewardError
from gosteward.golang.modulepaths import touches
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.module_cache.logged_modules import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.toolchains.module_cache.logged_modules import Said
    from gosteward.toolchains.proving.transparency import Log

_LIMIT = 4_096
_MOST_KNOWN = 4_096
_MOST_AT_ONCE = _LOCKS = 64


class Expected(NamedTuple):
    """Hashes, "h1:...", "" where none is known: then the first is recorded.  by: who says so, for people."""

    zip_h1: str = ""
    mod_h1: str = ""
    by: str = ""


class UnknownHashError(StewardError):
    """The database that should know a module version cannot be asked, or does not know it.  absent: it said that it does not."""

    def __init__(self, what: str, *, subject: str, absent: bool = False) -> None:
        super().__init__(what, subject=subject)
        self.absent = absent


class Hashes(Protocol):
    """Who knows what a module version has to be. Blocking."""

    def expected(self, module: str, version: str) -> Expected:
        """Raises UnknownHashError, ForgeryError."""
        ...

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        """Hold a version to what came first: at once for all, and after a loss of power if `persist` was called.

        Args:
            kind: "zip" or "mod".
        Returns:
            what it is held to: something else, if that was faster.
        """
        ...

    def persist(self, module: str, version: str) -> None:
        """Let what was recorded of a version be on the disk when this returns. Raises OSError."""
        ...


class SeenHashes:
    """What came first.

    Args:
        top: the store's directory.   name: of the directory below it.
    """

    def __init__(self, top: str, name: str = "hashes") -> None:
        self._files = OwnDirectory(f"{top}/{name}")
        # Of one version at a time, but of many side by side: each waits for the disk, which takes many at once as it takes one.
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._unsynced: set[str] = set()

    def expected(self, module: str, version: str) -> Expected:
        content = self._files.read(_name(module, version), _LIMIT) or b""
        lines = dict(line.split(" ", 1) for line in content.decode("utf-8", "replace").splitlines() if " " in line)
        return Expected(lines.get("zip", ""), lines.get("mod", ""), "what came first of it")

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        name = _name(module, version)
        with self._locked(name):
            known = self.expected(module, version)
            hashes = {"zip": known.zip_h1, "mod": known.mod_h1}
            if not hashes[kind]:
                hashes[kind] = h1
                text = "".join(f"{file} {value}\n" for file, value in hashes.items() if value)
                self._files.put(name, text.encode())
                self._unsynced.add(name)
            return hashes[kind]

    def persist(self, module: str, version: str) -> None:
        name = _name(module, version)
        if name in self._unsynced:
            with self._locked(name):  # nobody may put another one in its place meanwhile
                self._files.sync(name)
                self._unsynced.discard(name)

    def forget(self, module: str, version: str) -> None:
        """Hold a version to nothing."""
        name = _name(module, version)
        with self._locked(name):
            self._unsynced.discard(name)
            self._files.remove(name)

    def _locked(self, name: str) -> threading.Lock:
        return self._locks[int(name[:4], 16) % _LOCKS]


def nowhere(module: str, version: str) -> bool:  # noqa: ARG001 - as what looks
    """There is nowhere else to look for a proof."""
    return False


class LoggedHashesOf:
    """What a checksum database proves; for modules that it must not be asked for, and those alone, what came first.

    Questions that come together are asked together, by one thread.

    Args:
        private: patterns as in GONOSUMDB.   elsewhere: looks for a proof of a version where the log cannot be asked; whether it knows one now.
    """

    def __init__(
        self, log: Log, seen: Hashes, private: str = "", elsewhere: Callable[[str, str], bool] = nowhere
    ) -> None:
        self._log, self._seen, self._private, self._elsewhere = log, seen, private, elsewhere
        self._known: dict[tuple[str, str], Expected] = {}
        self._questions: queue.SimpleQueue[tuple[tuple[str, str], Future[Said]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="prover").start()

    def expected(self, module: str, version: str) -> Expected:
        if touches(self._private, module):
            return self._seen.expected(module, version)
        known = self._known.get((module, version))
        if known is not None:
            return known
        found = self._said(module, version)
        if found.hashes is None and not found.forged and self._elsewhere(module, version):
            found = self._said(module, version)
        if found.hashes is None:
            raise UnknownHashError(str(found.reason), subject=f"{module}@{version}")
        known = Expected(found.hashes.zip_h1, found.hashes.mod_h1, self._log.key.name)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[module, version] = known
        return known

    def _said(self, module: str, version: str) -> Said:
        answer: Future[Said] = Future()
        self._questions.put(((module, version), answer))
        return answer.result()

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        return self._seen.record(module, version, kind, h1) if touches(self._private, module) else h1

    def persist(self, module: str, version: str) -> None:
        self._seen.persist(module, version)

    def _work(self) -> None:
        while True:
            waiting = [self._questions.get()]
            while len(waiting) < _MOST_AT_ONCE and not self._questions.empty():
                waiting.append(self._questions.get())
            try:
                found = said(self._log, dict.fromkeys(module for module, _ in waiting))
                for module, answer in waiting:
                    answer.set_result(found[module])
            except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
                for _, answer in waiting:
                    if not answer.done():
                        answer.set_exception(error)


def _name(module: str, version: str) -> str:
    return sha256(f"{module}@{version}".encode()).hexdigest()
