"""Files of modules that other proxies have put into a place that all of them share."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from gosteward.modules.origins.upstream import BrokenError
from gosteward.modules.shared.objects import Content, UnusableError, file_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.origins.upstream import Coming
    from gosteward.modules.outages import Outage
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.shared.objects import Objects
    from gosteward.modules.tally import Tally

MOST_DISTRUSTED = 10_000
GRACE_SECONDS, LEAST_RATE = (
    10.0,
    1 << 16,
)  # after so long, fewer bytes a second are too slow: an upstream is asked instead


class FilesInObjects:
    """Files in a place, which may be out of order, and in which anything may lie.

    Args:
        outage: of the place.
    """

    def __init__(self, objects: Objects, outage: Outage, tally: Tally) -> None:
        self.objects, self.outage = objects, outage
        self._tally = tally
        self._distrusted: dict[str, None] = {}

    @contextlib.contextmanager
    def opened(self, request: ModuleRequest) -> Iterator[Coming | None]:
        with contextlib.ExitStack() as open_object:
            yield self._opened(request, open_object)

    def _opened(self, request: ModuleRequest, open_object: contextlib.ExitStack) -> Coming | None:
        if request.path in self._distrusted or not self.outage.asks():
            return None
        try:
            coming = open_object.enter_context(self.objects.opened(file_name(request)))
        except UnusableError as error:
            self.outage.failed(str(error))
            return None
        self.outage.answered()
        self._tally.shared_did("absent" if coming is None else "found")
        return coming._replace(body=self._watched(coming.body)) if coming is not None else None

    def _watched(self, body: Iterator[bytes]) -> Iterator[bytes]:
        began, got = time.monotonic(), 0
        try:
            for piece in body:
                got += len(piece)
                _must_be_fast(got, time.monotonic() - began)
                yield piece
        except BrokenError as error:
            self.outage.failed(str(error))
            raise

    def publish(self, request: ModuleRequest, descriptor: int, size: int) -> None:
        self.published(request, descriptor, size)

    def published(self, request: ModuleRequest, descriptor: int, size: int) -> bool:
        """As `publish`. Returns whether it is there now, from here or from somebody else."""
        if not self.outage.asks():
            return False
        distrusted = request.path in self._distrusted
        try:
            new = self.objects.put(file_name(request), Content(descriptor, size, request.kind), replace=distrusted)
        except (UnusableError, BrokenError) as error:
            self.outage.failed(str(error))
            return False
        self.outage.answered()
        self._distrusted.pop(request.path, None)
        if new:
            self._tally.shared_did("published")
        return True

    def distrust(self, request: ModuleRequest) -> None:
        while len(self._distrusted) >= MOST_DISTRUSTED:
            del self._distrusted[next(iter(self._distrusted))]
        self._distrusted[request.path] = None
        self._tally.shared_did("wrong")
        self._tally.trouble("shared", f"{self.objects.shown}: {file_name(request)} is not what it has to be")


def _must_be_fast(got: int, took: float) -> None:
    if took > GRACE_SECONDS and got < took * LEAST_RATE:
        raise BrokenError(f"{got} bytes came in {took:.0f} seconds")
