"""`/index`: which module versions have come into the store, oldest first, as index.golang.org tells it.

    /index?since=2026-11-28T13:00:00Z&limit=100

What is not there any more, and what the policy refuses, is left out. Source: index.golang.org, "Index protocol".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from gosteward.modules.answers import BAD_REQUEST, INTERNAL, Refusal
from gosteward.modules.requests import request_for
from gosteward.modules.storage import feed as feeds
from gosteward.serve.connections import head
from gosteward.serve.module_server import refused

if TYPE_CHECKING:
    from gosteward.modules.proxy import ModuleProxy
    from gosteward.modules.storage.feed import Entry, Feed
    from gosteward.serve.connections import Asked, Reply, Writer

PATH = "/index"
MOST = 2_000  # lines
_AT_ONCE = 200  # lines that are looked at before others have their turn


class IndexPage:
    """The page."""

    def __init__(self, feed: Feed, proxy: ModuleProxy) -> None:
        self._feed, self._proxy = feed, proxy

    def __call__(self, asked: Asked) -> Reply:
        return lambda to: self._answer(asked, to)

    async def _answer(self, asked: Asked, to: Writer) -> None:
        wanted = _wanted(asked.target.partition(b"?")[2].decode("latin-1"))
        only_head = asked.method == b"HEAD"
        if isinstance(wanted, Refusal):
            to.write(refused(wanted, body=not only_head))
            return
        try:
            body = b"".join([entry.text for entry in await self._found(*wanted)])
        except OSError as error:
            to.write(refused(Refusal(INTERNAL, f"the store cannot be read: {error.strerror}"), body=not only_head))
            return
        to.how = "store"
        to.write(head(200, "content-type: application/json\r\ncache-control: no-store\r\n", len(body)))
        if not only_head:
            to.write(body)

    async def _found(self, earliest: str, limit: int) -> list[Entry]:
        found: list[Entry] = []
        for number, entry in enumerate(self._feed.since(earliest), 1):
            if len(found) == limit:
                break
            if self._may_be_had(entry):
                found.append(entry)
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
        return found

    def _may_be_had(self, entry: Entry) -> bool:
        request = request_for("zip", entry.module, entry.version)
        policy = self._proxy.policy
        if policy is not None and isinstance(policy.at_once(request), Refusal):
            return False
        return self._proxy.store.status(request.path) is not None


def _wanted(query: str) -> tuple[str, int] | Refusal:
    """The earliest time and the number of lines that are asked for."""
    try:
        values = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=8))
    except ValueError:
        return Refusal(BAD_REQUEST, "bad request: the query has too many values")
    since, limit = values.get("since", ""), values.get("limit", "") or str(MOST)
    earliest = feeds.normalized(since) if since else feeds.EARLIEST
    if not earliest:
        return Refusal(BAD_REQUEST, "bad request: since is no time such as 2026-11-28T13:00:00Z")
    if not limit.isascii() or not limit.isdecimal() or len(limit) > 5 or not 0 < int(limit) <= MOST:
        return Refusal(BAD_REQUEST, f"bad request: limit is a number from 1 to {MOST}")
    return earliest, int(limit)
