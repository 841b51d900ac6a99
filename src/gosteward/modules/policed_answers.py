"""Answers that name versions, without those that a policy refuses: lists, @latest, branches.

From a list go takes the highest release, or the highest candidate where there is no release; for the whole module or for one minor line. So it
is the ends of the lines that have to be right, and only for them it is found out how old they are: what is left in a list by mistake is still
refused when it is asked for.

Retractions are written down in the go.mod of the highest version. If that one is refused, it stays in the list where it retracts itself (go then
reads it, and takes another one), else what it retracts is taken out as well.

Source: cmd/go/internal/modload/query.go (`queryProxy`, `filterVersions`), modfile.go (`CheckRetractions`); go.dev/ref/mod#go-mod-file-retract.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.golang import semver, version_ranges
from gosteward.modules import policed_licences
from gosteward.modules.answers import BAD_GATEWAY, FORBIDDEN, INTERNAL, NOT_FOUND, TIMED_OUT, Refusal
from gosteward.modules.flights import Flight
from gosteward.modules.requests import is_canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.modules.changing import Content
    from gosteward.modules.policed_licences import LicenceFile
    from gosteward.modules.policing import Policing
    from gosteward.modules.proxy import ModuleProxy
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.storage.disk import Stored

MOST_LINES = 24  # minor lines, the newest ones, whose ends are looked at
SECONDS = 20.0  # for that
LIST_SECONDS = 15.0  # that an answer holds
MOST_LISTS = 512
LONGEST_LIST = 1 << 19  # bytes; it is read in the event loop
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.\d+)?(Z|z|[+-]\d\d:\d\d)")


async def content_of(proxy: ModuleProxy, request: ModuleRequest) -> bytes | Refusal:
    """A small file of a canonical version: from the store, else from an upstream; the policy is not asked."""
    stored = proxy.store.opened(request.path)
    if stored is not None:
        return _read(stored)
    answer = await proxy.answer(request)
    if not isinstance(answer, Flight):
        return answer if isinstance(answer, Refusal) else answer.body
    try:
        while not answer.ended:
            await answer.readable(answer.got)
        return answer.refusal or answer.read(0, answer.got)
    finally:
        answer.leave()


async def fetched(proxy: ModuleProxy, request: ModuleRequest) -> Refusal | None:
    """Let a file of a canonical version be in the store as a whole; the policy is not asked. Returns why it is not."""
    if proxy.store.status(request.path) is not None:
        return None
    answer = await proxy.answer(request)
    if not isinstance(answer, Flight):
        return answer if isinstance(answer, Refusal) else None
    try:
        return await answer.landed()
    finally:
        answer.leave()


async def licences_of(proxy: ModuleProxy, request: ModuleRequest) -> tuple[LicenceFile, ...] | Refusal:
    """The licences in a zip, which is fetched for that if it is not in the store."""
    trouble = await fetched(proxy, request)
    if trouble is not None:
        return trouble
    try:
        return await asyncio.get_running_loop().run_in_executor(proxy.threads, _licences_in_store, proxy, request)
    except (OSError, StewardError) as error:
        return Refusal(INTERNAL, f"{request.named}: its licence cannot be looked at: {error}")


def _licences_in_store(proxy: ModuleProxy, request: ModuleRequest) -> tuple[LicenceFile, ...]:
    stored = proxy.store.opened(request.path)
    if stored is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), request.path)
    try:
        return policed_licences.licences_in(stored.descriptor, request.module, request.version)
    finally:
        os.close(stored.descriptor)


def _read(stored: Stored) -> bytes:
    with open(stored.descriptor, "rb", buffering=0) as file:
        return file.read(stored.size)


def stated_time(info: bytes) -> float:
    """The time of an .info, seconds since the epoch; 0 where it states none."""
    try:
        return moment(str(json.loads(info).get("Time", "")))
    except (ValueError, AttributeError, RecursionError):
        return 0.0


def moment(text: str) -> float:
    """A time as Go writes it (RFC 3339), seconds since the epoch; 0 for what is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return 0.0
    zone = "+00:00" if match[2] in "Zz" else match[2]
    try:
        made = datetime.fromisoformat(match[1].upper() + zone)
        return max(0.0, (made - datetime.fromtimestamp(0, timezone.utc)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


async def shown_version(
    policing: Policing, request: ModuleRequest, content: Content, proxy: ModuleProxy
) -> Content | Refusal:
    """What @latest or a branch stands for, if it may be had. That there is no @latest makes go take the list."""
    try:
        version = str(json.loads(content.body)["Version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        version = ""
    if not is_canonical(request.module, version):
        return Refusal(NOT_FOUND, f"not found: {request.named}: it names no version")
    made = stated_time(content.body)
    if made:
        policing.note_time(request.module, version, made)
    refusal = await policing.refusal_of_version(request.module, version, proxy)
    if refusal is None:
        return content
    return refusal._replace(status=NOT_FOUND) if request.kind == "latest" and refusal.status == FORBIDDEN else refusal


class Lists:
    """Lists of versions, without those that are refused; each is kept for a while."""

    def __init__(self, policing: Policing) -> None:
        self._policing = policing
        self._known: dict[str, tuple[bytes, float, bytes | Refusal]] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()

    async def shown(self, request: ModuleRequest, content: Content, proxy: ModuleProxy) -> Content | Refusal:
        """A list, without what is refused; a refusal, if that leaves nothing of it."""
        now = self._policing.clock()
        known = self._known.get(request.path)
        if known is None or known[0] != content.body or not 0 <= known[1] - now <= LIST_SECONDS:
            generation = self._policing.generation
            found = await self._filtered(request, content.body, proxy)
            known = (content.body, now + LIST_SECONDS, found)
            if generation == self._policing.generation:
                if len(self._known) >= MOST_LISTS:
                    self._known.clear()
                self._known[request.path] = known
        return known[2] if isinstance(known[2], Refusal) else content._replace(body=known[2])

    async def _filtered(self, request: ModuleRequest, body: bytes, proxy: ModuleProxy) -> bytes | Refusal:
        if len(body) > LONGEST_LIST:
            return Refusal(BAD_GATEWAY, f"{request.named}: the list is longer than {LONGEST_LIST} bytes")
        lines = body.decode("utf-8", "replace").splitlines()
        named = {fields[0]: line for line in lines if (fields := line.split())}
        versions = sorted((v for v in named if is_canonical(request.module, v)), key=semver.order)
        if not versions:
            return body
        refused = await self._refused(request, versions, proxy)
        latest = _latest(versions)
        gone = {version for version in refused if version in named}
        if latest in gone:
            retracted = await self._policing.retractions(request.module, latest, proxy)
            if version_ranges.hold(retracted, latest):
                gone.discard(latest)
            else:
                gone |= {version for version in versions if version_ranges.hold(retracted, version)}
        if len(gone) == len(versions) or (not (set(versions) - gone - {latest}) and latest in refused):
            return refused[latest]
        return "".join(f"{line}\n" for version, line in named.items() if version not in gone).encode()

    async def _refused(self, request: ModuleRequest, versions: list[str], proxy: ModuleProxy) -> dict[str, Refusal]:
        """Versions that are refused, and why."""
        policy, module = self._policing.concerning(request.module), request.module
        denied = {
            version: refusal
            for version in versions
            if (refusal := self._policing.refused_by_name(module, version)) is not None
        }
        left = [version for version in versions if version not in denied]
        if not policy.minimum_age and not policy.ages:
            return denied
        walks = {asyncio.ensure_future(self._young(module, ends, proxy)): ends for ends in _ends(left)}
        done, late = await asyncio.wait(walks, timeout=SECONDS) if walks else (set(), set())
        for walk in late:
            walk.cancel()
            late_one = walks[walk][0]
            denied[late_one] = Refusal(TIMED_OUT, f"{module}@{late_one}: nobody says in time when it was made")
        for walk in done:
            denied.update(walk.result())
        return denied

    async def _young(self, module: str, ends: Iterable[str], proxy: ModuleProxy) -> dict[str, Refusal]:
        """Refused ones at the end of a line, down to the first one that is not."""
        found: dict[str, Refusal] = {}
        for version in ends:
            refusal = await self._policing.refusal_of_version(module, version, proxy)
            if refusal is None:
                break
            if not refusal.is_absence:  # a list may name what there is not: that is told where it is asked for
                found[version] = refusal
            if refusal.status >= INTERNAL:
                break  # trouble, of which there is no need to have more
        return found


def _ends(versions: list[str]) -> list[list[str]]:
    """The newest minor lines, releases apart from candidates, each from its end down."""
    lines: dict[tuple[str, bool], list[str]] = {}
    for version in reversed(versions):
        lines.setdefault((semver.line_of(version), semver.is_release(version)), []).append(version)
    return list(lines.values())[:MOST_LINES]


def _latest(versions: list[str]) -> str:
    """The one whose go.mod go reads for retractions. Those without a go.mod count only where there are no others."""
    compatible = [version for version in versions if not version.endswith("+incompatible")] or versions
    return next((version for version in reversed(compatible) if semver.is_release(version)), compatible[-1])
