"""All connections of a server: how many there may be, who has to end for others, and that each ends in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from gosteward.serve.connections import USUAL, Connection
from gosteward.serve.networks import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gosteward.serve.connections import Asked, Reply, Timeouts

IDLE_ENOUGH = 0.25  # seconds: the next request of one that was just answered may be on its way


class Limits(NamedTuple):
    """How many connections: in all, and of one address, or of one network of IPv6."""

    connections: int = 4_096
    of_one_client: int = 1_024


ROOMY = Limits()


class Traffic:
    """What went through a server's connections.

    Attributes:
        sent: bytes of answers.   connections: that are open.   accepted, turned_away: how many there were, and were too many or spoke no HTTP.
    """

    def __init__(self) -> None:
        self.sent = self.connections = self.accepted = self.turned_away = 0


class Connections:
    """All connections of a server.

    Args:
        application: what answers.   failed: called where that raised.
    """

    def __init__(
        self,
        application: Callable[[Asked], Reply],
        failed: Callable[[], None] = lambda: None,
        timeouts: Timeouts = USUAL,
        limits: Limits = ROOMY,
        traffic: Traffic | None = None,
    ) -> None:
        self.application, self.failed = application, failed
        self.traffic = traffic if traffic is not None else Traffic()
        self.timeouts, self.limits = timeouts, limits
        self.draining = False
        self.now = asyncio.get_running_loop().time()
        self._open: set[Connection] = set()
        self._of_client: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def made(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self)

    def has_room_for(self, client: str, more: int) -> bool:
        """Whether that many would be admitted of a client."""
        return self._has_room(network_of(client), more)

    def _has_room(self, network: str, more: int) -> bool:
        """As `has_room_for`. What is idle makes room: a go command keeps several connections that it may not need again."""
        if len(self._open) + more > self.limits.connections:
            self._close_longest_idle(self._open)
        elif self._of_client.get(network, 0) + more > self.limits.of_one_client:
            self._close_longest_idle(one for one in self._open if one.network == network)
        of_client = self._of_client.get(network, 0) + more
        return len(self._open) + more <= self.limits.connections and of_client <= self.limits.of_one_client

    def _close_longest_idle(self, among: Iterable[Connection]) -> None:
        found = min((one for one in among if one.is_idle), key=lambda one: one.idle_since, default=None)
        if found is not None and found.idle_since < asyncio.get_running_loop().time() - IDLE_ENOUGH:
            found.close_if_idle()
            self.forget(found)

    def admit(self, connection: Connection) -> bool:
        """Take one more; whether there is room for it."""
        has_room = self._has_room(connection.network, 1)
        self._open.add(connection)
        self.traffic.accepted += 1
        self.traffic.connections = len(self._open)
        self._of_client[connection.network] = self._of_client.get(connection.network, 0) + 1
        return has_room

    def forget(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.discard(connection)
            self.traffic.connections = len(self._open)
            left = self._of_client[connection.network] - 1
            if left:
                self._of_client[connection.network] = left
            else:
                del self._of_client[connection.network]

    async def watch(self) -> None:
        """Cut off those whose time is up, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self.now = loop.time()
            for connection in tuple(self._open):
                if connection.deadline and connection.deadline < self.now:
                    connection.overdue()
            await asyncio.sleep(0.5)

    async def drain(self, seconds: float) -> None:
        """Let what was asked for be answered, and end all connections."""
        self.draining = True
        until = asyncio.get_running_loop().time() + seconds
        for connection in tuple(self._open):
            connection.close_if_idle()
        while self._open and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - seldom, and for seconds
            await asyncio.sleep(0.05)
        for connection in tuple(self._open):
            connection.overdue()
