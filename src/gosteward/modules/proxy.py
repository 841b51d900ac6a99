"""A module proxy: what is in the store, else what an upstream has, proved and kept.

Files of canonical versions never change: they come once, whoever asks, and what was proved is kept. Lists, @latest and what a branch stands for
do change: see `changing`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, Union

from gosteward.modules.answers import BAD_GATEWAY, NO_SPACE, Refusal, failed
from gosteward.modules.changing import USUAL, ChangingAnswers, Content, asked
from gosteward.modules.flights import Flight, Unwatched
from gosteward.modules.origins.upstream import BrokenError
from gosteward.modules.policy import excess
from gosteward.modules.storage.sharing import ALONE
from gosteward.modules.tally import Tally
from gosteward.modules.verification import LIMITS, lists_versions, names_a_version, problem_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.changing import Freshness, IsUnwanted
    from gosteward.modules.expected_hashes import Hashes
    from gosteward.modules.origins.upstream import Coming, UpstreamOrigin
    from gosteward.modules.policy import AtOnce, Size
    from gosteward.modules.requests import DatabaseRequest, ModuleRequest
    from gosteward.modules.storage.disk import DiskStore
    from gosteward.modules.storage.kept_answers import Kept, KeptAnswers
    from gosteward.modules.storage.sharing import Sharing

THREADS = 48
MOST_ABSENT = 4_096
_STEP = 1 << 18

Answer = Union[Content, Flight, Refusal]


class Policy(Protocol):
    """Which modules may be had."""

    async def refusal(self, request: ModuleRequest, proxy: ModuleProxy) -> Refusal | None:
        """Why this one may not; None if it may.  proxy: to ask for what has to be known, such as the time of a version."""
        ...

    def at_once(self, request: ModuleRequest) -> AtOnce:
        """As `refusal`, if nothing has to be asked for; UNKNOWN otherwise."""
        ...

    async def shown(self, request: ModuleRequest, content: Content, proxy: ModuleProxy) -> Content | Refusal:
        """A list, @latest or a branch, without the versions that may not be had."""
        ...

    def largest(self, request: ModuleRequest) -> Size:
        """How large a zip may be."""
        ...

    def unready(self) -> str:
        """Why nothing may be had at the moment; "" if that is not so."""
        ...

    def refusal_of_lookup(self, request: DatabaseRequest) -> Refusal | None:
        """Why a checksum database may not be asked this; None if it may."""
        ...


class ModuleProxy:
    """Answers to requests, from one event loop.

    Args:
        clock: seconds since the epoch.   policy: None allows everything.   sharing: what other proxies have in common with this one.

    Attributes:
        tally: what happened so far.
    """

    def __init__(
        self,
        store: DiskStore,
        kept: KeptAnswers,
        origin: UpstreamOrigin,
        hashes: Hashes,
        freshness: Freshness = USUAL,
        clock: Callable[[], float] = time.time,
        policy: Policy | None = None,
        tally: Tally | None = None,
        sharing: Sharing = ALONE,
    ) -> None:
        self.policy, self.tally = policy, tally if tally is not None else Tally(clock)
        self.store, self.origin, self.hashes, self.sharing = store, origin, hashes, sharing
        self.freshness, self.clock = freshness, clock
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="transfer")
        self.changing = ChangingAnswers(kept, self.threads, clock)
        self._flights: dict[str, Flight] = {}
        self._has_ended = False
        self._absent: dict[str, tuple[float, Refusal]] = {}

    @property
    def under_way(self) -> int:
        """Transfers that clients wait for."""
        return len(self._flights)

    def close(self) -> None:
        """Start nothing more. What clients wait for is finished, or left unfinished by the end of the process: both are safe."""
        self._has_ended = True
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def refused(self, request: ModuleRequest) -> Refusal | None:
        """Why the policy does not allow a request; None if it does."""
        refusal = await self.policy.refusal(request, self) if self.policy is not None else None
        self.tally.refused += refusal is not None
        return refusal

    def refused_at_once(self, request: ModuleRequest) -> AtOnce:
        """As `refused`, if nothing has to be asked for; UNKNOWN otherwise."""
        refusal = self.policy.at_once(request) if self.policy is not None else None
        self.tally.refused += isinstance(refusal, Refusal)
        return refusal

    def too_large(self, request: ModuleRequest, size: int) -> Refusal | None:
        """Why a zip of so many bytes may not be had; None if it may."""
        if self.policy is None or request.kind != "zip":
            return None
        largest = self.policy.largest(request)
        return excess(largest, request.named) if -1 < largest.most < size else None

    def fresh(self, request: ModuleRequest) -> Content | Refusal | None:
        """The answer to what changes, if it is at hand, and nobody has to be asked; None if `answer` knows it."""
        if request.canonical or self.policy is not None:
            return None
        return self.changing.fresh(request.path, self.freshness)

    async def answer(self, request: ModuleRequest) -> Answer:
        """What there is for a request that the store has no file for. A Flight is joined: its reader leaves it."""
        if not request.canonical:
            found = await self.changing.answer(request.path, functools.partial(self._asked, request), self.freshness)
            return (
                found
                if self.policy is None or isinstance(found, Refusal)
                else await self.policy.shown(request, found, self)
            )
        absent = self._absent.get(request.path)
        if absent is not None and 0 < absent[0] - self.clock() <= self.freshness.absent:  # more: the clock was put back
            return absent[1]
        flight = self._flights.get(request.path)
        self.tally.missed += 1
        if flight is None:
            flight = self._flights[request.path] = Flight(request.path, self._landed)
            self.threads.submit(self._transfer, request, flight)
        flight.join()
        try:
            await flight.started()
        except BaseException:  # cancelled: the client is gone
            flight.leave()
            raise
        refusal = flight.refusal or self.too_large(request, flight.size)  # it may have begun under another policy
        if refusal is None:
            return flight
        flight.leave()
        return refusal

    def _asked(self, request: ModuleRequest, is_unwanted: IsUnwanted) -> Kept | Refusal:
        """Ask for something that changes. Blocking."""
        found = asked(self.origin, request.path, self.clock, is_unwanted)
        fits = lists_versions if request.kind == "list" else names_a_version
        if isinstance(found, Refusal) or found.status != 200 or fits(found.body):
            return found
        return Refusal(BAD_GATEWAY, f"{request.named}: the upstream's answer names no version")

    def _landed(self, flight: Flight) -> None:
        self._flights.pop(flight.path, None)
        if flight.refusal is None or not flight.refusal.is_absence:
            return
        now = self.clock()
        if len(self._absent) >= MOST_ABSENT:
            self._absent = {path: one for path, one in self._absent.items() if one[0] > now}
        if len(self._absent) < MOST_ABSENT:
            self._absent[flight.path] = (now + self.freshness.absent, flight.refusal)

    def fetched(self, request: ModuleRequest) -> Refusal | None:
        """Fetch a file of a canonical version into the store, whether it is there or not. Blocking, from any thread; no event loop is needed.

        Returns:
            why there is none; None if it is there now.
        """
        alone = Unwatched()
        self._transfer(request, alone)
        return alone.refusal

    def _transfer(self, request: ModuleRequest, flight: Flight | Unwatched) -> None:
        """Fetch a file into the store. Blocking; nothing is raised."""
        ended = False
        try:
            with self.sharing.turns.turn(request) as others_had_one:
                refusal, got = self._outcome(request, flight, others_had_one)
                flight.end(refusal, got)
                ended = True
                if refusal is None and self.sharing.turns is not ALONE.turns:
                    # Clients have it. Whoever has the next turn finds it where all look, as it is published before this turn ends.
                    self.sharing.published(request)
        except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
            problem = failed(error)
            self.tally.trouble("server", f"{request.named}: {problem.reason}")
            if not ended:
                flight.end(problem)

    def _outcome(
        self, request: ModuleRequest, flight: Flight | Unwatched, others_had_one: bool
    ) -> tuple[Refusal | None, int]:
        """As `_taken`. Nothing is raised."""
        refusal, got = None, 0
        try:
            refusal, got = self._taken(request, flight, others_had_one)
        except BrokenError as error:
            refusal = Refusal(BAD_GATEWAY, f"{request.named}: the answer broke off: {error}")
        except OSError as error:
            refusal = Refusal(NO_SPACE, f"{request.named} cannot be stored: {error.strerror}")
            self.tally.trouble("store", refusal.reason)
        except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
            refusal = failed(error)
            self.tally.trouble("server", f"{request.named}: {refusal.reason}")
        return refusal, got

    def _taken(
        self, request: ModuleRequest, flight: Flight | Unwatched, others_had_one: bool
    ) -> tuple[Refusal | None, int]:
        """Take a file from where it is nearest. Returns why there is none, and how many bytes came."""
        if others_had_one and self._stored_meanwhile(request, flight):
            return None, 0
        shared = self._shared(request, flight)
        if shared is not None and not (shared[0] is not None and shared[0].undecided):
            return shared
        with contextlib.ExitStack() as answer:
            coming = answer.enter_context(self.origin.opened(request.path))
            if shared is not None and isinstance(coming, Refusal) and coming.is_absence:
                return shared  # there is one, so that nobody may be told that there is none
            # The connection is for others as soon as all has come.
            return (coming, 0) if isinstance(coming, Refusal) else self._received(request, flight, coming, answer.close)

    def _shared(self, request: ModuleRequest, flight: Flight | Unwatched) -> tuple[Refusal | None, int] | None:
        """As `_taken`, from what proxies share; None if there is nothing usable. Clients see nothing of it before it is proved."""
        try:
            with self.sharing.files.opened(request) as coming:
                if coming is None:
                    return None
                problem, size = self._received(request, Unwatched(), coming, from_upstream=False)
        except BrokenError:
            return None
        if problem is None:
            return (None, size) if self._stored_meanwhile(request, flight) else None
        if problem.undecided or problem.status != BAD_GATEWAY:  # or the policy's
            return problem, size
        self.sharing.files.distrust(request)
        return None

    def _stored_meanwhile(self, request: ModuleRequest, flight: Flight | Unwatched) -> bool:
        """Let clients have the file that another process has put into the same store; False if there is none."""
        stored = self.store.opened(request.path)
        if stored is None:
            return False
        try:
            flight.begin(stored.descriptor, stored.size)
            flight.advance(stored.size)
        finally:
            os.close(stored.descriptor)
        return True

    def _received(
        self,
        request: ModuleRequest,
        flight: Flight | Unwatched,
        coming: Coming,
        came: Callable[[], None] = lambda: None,
        *,
        from_upstream: bool = True,
    ) -> tuple[Refusal | None, int]:
        limit = LIMITS[request.kind]
        too_large = Refusal(BAD_GATEWAY, f"{request.named}: its {request.kind} is larger than {limit} bytes")
        unwanted = self.too_large(request, limit)
        if self.policy is not None and unwanted is not None:
            limit, too_large = self.policy.largest(request).most, unwanted
        if coming.length > limit:
            return too_large, 0
        incoming = self.store.incoming()
        try:
            if coming.length > 0:
                os.posix_fallocate(incoming.descriptor, 0, coming.length)
            flight.begin(incoming.descriptor, coming.length)
            told = 0
            for piece in coming.body:
                if incoming.size + len(piece) > limit:
                    return too_large, 0
                if flight.is_left and (self._has_ended or self.under_way > THREADS // 2):
                    raise BrokenError("whoever wanted it has gone, and others wait")
                incoming.write(piece)
                if incoming.size - told >= _STEP:
                    told = incoming.size
                    flight.advance(told)
            came()
            flight.advance(incoming.size)
            with incoming.going_down():
                problem = problem_with(request, incoming.descriptor, self.hashes, first_counts=from_upstream)
                if problem is None:
                    flight.prove(incoming.size)
            if problem is None:
                self.hashes.persist(request.module, request.version)
                incoming.keep(request.path)
                if from_upstream:
                    self.sharing.files.publish(request, incoming.descriptor, incoming.size)
            else:
                self.tally.trouble("verification", problem.reason)
            return problem, incoming.size
        finally:
            incoming.discard()
