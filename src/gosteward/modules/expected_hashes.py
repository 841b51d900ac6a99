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
from gosteward.golang.modulepaths import covers
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.module_cache.logged_modules import said

if TYPE_CHECKING:
    from gosteward.toolchains.module_cache.logged_modules import Said
    from gosteward.toolchains.proving.transparency import Log

_LIMIT = 4_096
_MOST_KNOWN = 8_192
_MOST_AT_ONCE = 64


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

    def record(self, module: str, version: str, kind: str, h1: str) -> None:
        """Hold a version to what came first.  kind: "zip" or "mod"."""
        ...


class SeenHashes:
    """What came first.

    Args:
        top: the store's directory.
    """

    def __init__(self, top: str) -> None:
        self._files = OwnDirectory(f"{top}/hashes")
        self._lock = threading.Lock()

    def expected(self, module: str, version: str) -> Expected:
        content = self._files.read(_name(module, version), _LIMIT) or b""
        lines = dict(line.split(" ", 1) for line in content.decode("utf-8", "replace").splitlines() if " " in line)
        return Expected(lines.get("zip", ""), lines.get("mod", ""), "what came first of it")

    def record(self, module: str, version: str, kind: str, h1: str) -> None:
        with self._lock:
            known = self.expected(module, version)
            hashes = {"zip": known.zip_h1, "mod": known.mod_h1}
            if not hashes[kind]:
                hashes[kind] = h1
                text = "".join(f"{name} {value}\n" for name, value in hashes.items() if value)
                self._files.put(_name(module, version), text.encode(), sync=True)


class LoggedHashesOf:
    """What a checksum database proves; for modules that it must not be asked for, and those alone, what came first.

    Questions that come together are asked together, by one thread.

    Args:
        private: patterns as in GONOSUMDB.
    """

    def __init__(self, log: Log, seen: SeenHashes, private: str = "") -> None:
        self._log, self._seen, self._private = log, seen, private
        self._known: dict[tuple[str, str], Expected] = {}
        self._questions: queue.SimpleQueue[tuple[tuple[str, str], Future[Said]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="prover").start()

    def expected(self, module: str, version: str) -> Expected:
        if covers(self._private, module):
            return self._seen.expected(module, version)
        known = self._known.get((module, version))
        if known is not None:
            return known
        answer: Future[Said] = Future()
        self._questions.put(((module, version), answer))
        found = answer.result()
        if found.hashes is None:
            raise UnknownHashError(str(found.reason), subject=f"{module}@{version}")
        known = Expected(found.hashes.zip_h1, found.hashes.mod_h1, self._log.key.name)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[module, version] = known
        return known

    def record(self, module: str, version: str, kind: str, h1: str) -> None:
        if covers(self._private, module):
            self._seen.record(module, version, kind, h1)

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
