"""Bring files into a store before anybody asks for them: several at once, each proved like one that a client asked for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, StewardError
from gosteward.modules.expected_hashes import Expected, UnknownHashError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gosteward.modules.care.wanted_modules import WantedFiles
    from gosteward.modules.expected_hashes import Hashes
    from gosteward.modules.proxy import ModuleProxy
    from gosteward.modules.requests import ModuleRequest

    Progress = Callable[[int, int], None]

AT_ONCE = 12
ATTEMPTS = 2
HAD, FETCHED, FAILED = "had", "fetched", "failed"


class Prefetched(NamedTuple):
    """What came of it.  had, fetched: how many files.   failed: path and reason of each that could not be had."""

    had: int
    fetched: int
    failed: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """1: something could not be had."""
        return FINDINGS if self.failed else HEALTHY


class PinnedHashes:
    """Hashes that have to be those of a go.sum, too.

    Args:
        pins: "h1:..." by module, version and kind.
    """

    def __init__(self, hashes: Hashes, pins: Mapping[tuple[str, str, str], str]) -> None:
        self._hashes, self._pins = hashes, pins

    def expected(self, module: str, version: str) -> Expected:
        """Raises UnknownHashError: also where go.sum says something else than whoever knows it."""
        known = self._hashes.expected(module, version)
        found = {"zip": known.zip_h1, "mod": known.mod_h1}
        for kind, h1 in found.items():
            pin = self._pins.get((module, version, kind), "")
            if pin and h1 and pin != h1:
                what = f"SECURITY ERROR: go.sum says {pin} of its {kind}, and {known.by} says {h1}"
                raise UnknownHashError(what, subject=f"{module}@{version}")
            found[kind] = h1 or pin
        by = known.by if known.zip_h1 or known.mod_h1 else "go.sum"
        return Expected(found["zip"], found["mod"], by)

    def record(self, module: str, version: str, kind: str, h1: str) -> str:
        return self._hashes.record(module, version, kind, h1)

    def persist(self, module: str, version: str) -> None:
        self._hashes.persist(module, version)

    def settle(self, file: ModuleRequest) -> None:
        """A file came, and is what go.sum says: let that be recorded where nothing was. Raises as `expected`."""
        pin = self._pins.get((file.module, file.version, file.kind), "")
        if pin:
            self.expected(file.module, file.version)
            self._hashes.record(file.module, file.version, file.kind, pin)
            self._hashes.persist(file.module, file.version)


def prefetch(wanted: WantedFiles, proxy: ModuleProxy, progress: Progress = lambda *_: None) -> Prefetched:
    """Bring files into the store of a proxy, which serves nobody else. Blocking."""
    pinned = PinnedHashes(proxy.hashes, dict(wanted.pins))
    proxy.hashes = pinned
    results: list[tuple[str, str]] = []
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="prefetch")
    try:
        for one in threads.map(lambda file: _brought(proxy, pinned, file), wanted.files):
            results.append(one)
            progress(len(results), len(wanted.files))
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
    counts = [how for how, _ in results]
    failed = tuple((file.path, reason) for file, (how, reason) in zip(wanted.files, results) if how == FAILED)
    return Prefetched(counts.count(HAD), counts.count(FETCHED), failed)


def _brought(proxy: ModuleProxy, pinned: PinnedHashes, file: ModuleRequest) -> tuple[str, str]:
    """How it went with a file, and why it failed."""
    try:
        how = HAD if _is_there(proxy, file) else FETCHED
        refusal = None
        for _ in range(ATTEMPTS if how == FETCHED else 0):
            refusal = proxy.fetched(file)
            if refusal is None or refusal.status < 500:
                break
        if refusal is not None:
            return FAILED, refusal.reason
        pinned.settle(file)
    except StewardError as error:
        return FAILED, str(error)
    except OSError as error:
        return FAILED, error.strerror or str(error)
    return how, ""


def _is_there(proxy: ModuleProxy, file: ModuleRequest) -> bool:
    stored = proxy.store.opened(file.path)
    if stored is not None:
        os.close(stored.descriptor)
    return stored is not None
