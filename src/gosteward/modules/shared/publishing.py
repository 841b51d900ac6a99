"""Files that were proved, brought to a shared place by a thread of its own: no client waits for that.

    STORE/shared/PLACE/all-published     while nothing runs: all that is in the store was published, or was there

What is not published when the process ends, or while the place is out of order, is found by comparing the store with the place: at the next
start, or when the place answers again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.host.own_directory import OwnDirectory
from gosteward.modules.requests import file_at
from gosteward.modules.shared.objects import MODULES, UnusableError, file_name
from gosteward.modules.shared.shared_hashes import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from gosteward.modules.origins.upstream import Coming
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.shared.shared_files import FilesInObjects
    from gosteward.modules.shared.shared_hashes import SharedHashes
    from gosteward.modules.shared.shared_proofs import SharedProofs
    from gosteward.modules.storage.disk import DiskStore
    from gosteward.modules.tally import Tally

MOST_WAITING = 20_000
WORKERS = 4
CLOSING_SECONDS, WAIT_SECONDS = 10.0, 60.0
_LOOK_SECONDS = 1.0
_ALL = "all-published"


class Place(NamedTuple):
    """A shared place.  files, hashes, proofs: what lies there.   store: this proxy's own.   own: directory of our files about it, STORE/shared/PLACE."""

    files: FilesInObjects
    hashes: SharedHashes
    proofs: SharedProofs
    store: DiskStore
    own: str


def lacking(place: Place) -> Iterator[ModuleRequest]:
    """Files of the store that are not in the place, or of which nobody has decided yet whether they are the right ones. Raises UnusableError."""
    for directory, requests in _by_directory(place.store):
        there = set(place.files.objects.names(f"{MODULES}/{directory}"))
        yield from (
            one
            for one in requests
            if file_name(one) not in there or not place.hashes.is_settled(one.module, one.version)
        )


def _by_directory(store: DiskStore) -> Iterator[tuple[str, list[ModuleRequest]]]:
    before = ""
    requests: list[ModuleRequest] = []
    for path in store.paths():
        directory = os.path.dirname(path)
        if directory != before:
            if requests:
                yield before, requests
            before, requests = directory, []
        found = file_at(path)
        if found is not None:
            requests.append(found)
    if requests:
        yield before, requests


def published(place: Place, request: ModuleRequest, tally: Tally) -> bool:
    """Publish a file of the store. Returns False if it has to be tried again. Raises OSError: it cannot be read."""
    try:
        if not place.hashes.settle(request.module, request.version):
            return False
    except ConflictError as error:
        # Clients had it already, perhaps. From now on nobody gets it before somebody has looked into it.
        if place.store.status(request.path) is not None:
            place.store.set_aside(request.path)
        tally.trouble("verification", f"{error}, so that it is served no more")
        return True
    stored = place.store.opened(request.path, use=False)
    if stored is None:  # it was removed, or set aside
        return True
    try:
        # Who takes one of both from there may be one who can ask no database.
        proved = request.kind == "info" or place.proofs.offer(request.module, request.version)
        return place.files.published(request, stored.descriptor, stored.size) and proved
    finally:
        os.close(stored.descriptor)


class Publisher:
    """A place to take files from at once, and to bring them to soon.

    Args:
        look: seconds until it is looked again whether the place answers.
    """

    def __init__(self, place: Place, tally: Tally, look: float = _LOOK_SECONDS) -> None:
        self._place, self._tally, self._look = place, tally, look
        self._own = OwnDirectory(place.own)
        self._waiting: queue.Queue[ModuleRequest] = queue.Queue(MOST_WAITING)
        self._brought: dict[str, threading.Event] = {}
        # How often something was lost, and how often that was when the store was last compared with the place to its end.
        self._lost, self._compared = int(self._own.read(_ALL) is None), 0
        self._own.remove(_ALL)
        self._comparing = threading.Lock()
        self._closing = threading.Event()
        self._started = False
        tally.unshared = lambda: self.waiting
        self._threads = [threading.Thread(target=self._work, daemon=True, name="publisher") for _ in range(WORKERS)]
        self._threads.append(threading.Thread(target=self._ask, daemon=True, name="publisher"))

    def start(self) -> None:
        """Begin to publish."""
        self._started = True
        for thread in self._threads:
            thread.start()

    def opened(self, request: ModuleRequest) -> AbstractContextManager[Coming | None]:
        return self._place.files.opened(request)

    def distrust(self, request: ModuleRequest) -> None:
        self._place.files.distrust(request)

    def publish(self, request: ModuleRequest, descriptor: int, size: int) -> None:  # noqa: ARG002 - it is read from the store
        if self._closing.is_set():
            self._own.remove(_ALL)
            return
        self._brought[request.path] = threading.Event()
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            self._lost += 1
            self._brought.pop(request.path).set()

    def wait(self, request: ModuleRequest, seconds: float = WAIT_SECONDS) -> None:
        """Wait until others can have a file that `publish` was called for, if the place answers."""
        brought = self._brought.get(request.path)
        if brought is not None:
            brought.wait(seconds)

    @property
    def _lacks(self) -> bool:
        return self._lost != self._compared

    @property
    def waiting(self) -> int:
        """Files that are to be published, or -1 if it is not known which ones those are."""
        return -1 if self._lacks else len(self._brought)

    def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Publish what waits, as long as there is time. What is left is published after the next start."""
        until = time.monotonic() + seconds
        self._closing.set()
        for thread in self._threads if self._started else ():
            thread.join(max(0.0, until - time.monotonic()))
        if not self._lacks and not self._brought:
            with contextlib.suppress(OSError, StewardError):
                self._own.put(_ALL, b"", sync=True)

    def _work(self) -> None:
        while not (self._closing.is_set() and self._waiting.empty()):
            if self._lacks and not self._closing.is_set() and self._comparing.acquire(blocking=False):
                try:
                    self._catch_up()
                finally:
                    self._comparing.release()
            with contextlib.suppress(queue.Empty):
                self._bring(self._waiting.get(timeout=self._look))

    def _ask(self) -> None:
        """Let whoever started this learn now that the place does not do what it should."""
        try:
            next(self._place.files.objects.names(f"{MODULES}/none"), None)
        except UnusableError as error:
            self._place.files.outage.failed(str(error))

    def _catch_up(self) -> None:
        """Compare the store with the place, if that answers, and publish what is not there; what comes meanwhile first."""
        if not self._place.files.outage.asks():
            return
        lost = self._lost
        try:
            for request in lacking(self._place):
                self._place.files.outage.answered()
                self._bring_waiting()
                if self._closing.is_set() or self._lost != lost:
                    return
                self._bring(request)
        except UnusableError as error:
            self._place.files.outage.failed(str(error))
        except OSError as error:
            self._failed(error)
        else:
            self._compared = lost

    def _bring_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._bring(self._waiting.get_nowait())

    def _bring(self, request: ModuleRequest) -> None:
        try:
            if not published(self._place, request, self._tally):
                self._lost += 1
        except Exception as error:  # noqa: BLE001 - one file is no reason to publish none any more
            self._lost += 1
            self._failed(error)
        finally:
            brought = self._brought.pop(request.path, None)
            if brought is not None:
                brought.set()

    def _failed(self, error: BaseException) -> None:
        self._tally.trouble("shared", f"a file cannot be published ({type(error).__name__}: {error})")
        time.sleep(self._look)
