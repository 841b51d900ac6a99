"""A policy at work: what it says of each request, with what has to be known for that, and how it is read again.

What is served of a version that is refused: its .mod, always, as other modules may require it and still not use it, and no code is in there;
its .info only if its go.mod retracts it, so that go finds the retractions that are written down in it and takes another one; its .zip never.

How old a version is, its .info says: that is the time of a commit, which its author sets. It holds back what is published in haste, not
somebody who lies about the time.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang import cached_names, version_ranges
from gosteward.golang.modulepaths import covers, touches
from gosteward.modules import policed_answers, policed_licences, policy_file
from gosteward.modules import policy as rules
from gosteward.modules.answers import FORBIDDEN, UNAVAILABLE, Refusal
from gosteward.modules.policed_vulnerabilities import PolicedVulnerabilities
from gosteward.modules.policy import UNKNOWN, Unknown
from gosteward.modules.requests import request_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.changing import Content
    from gosteward.modules.policed_licences import LicenceFile
    from gosteward.modules.policy import AtOnce, ModulePolicy, Size
    from gosteward.modules.proxy import ModuleProxy
    from gosteward.modules.requests import DatabaseRequest, ModuleRequest
    from gosteward.modules.upstreams import Upstream

MOST_KNOWN = 16_384


def loaded(path: str) -> ModulePolicy:
    """Read a policy's file.

    Raises:
        UsageError: it cannot be read, everybody may write to it, or it is no policy.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(policy_file.LONGEST_FILE + 1) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise UsageError(f"the policy cannot be read ({error.strerror})", subject=path) from error
    if not stat.S_ISREG(status.st_mode) or status.st_mode & stat.S_IWOTH:
        raise UsageError("the policy is no file that only some may write to", subject=path, hint="`chmod o-w` it")
    try:
        found = policy_file.parse(content.decode(), path)
    except UnicodeDecodeError as error:
        raise UsageError("the policy is no UTF-8 text", subject=path) from error
    if rules.starts_programs(found) and (status.st_uid not in (0, os.geteuid()) or status.st_mode & stat.S_IWGRP):
        what = "the policy names a helper, so that nobody but root and the user of the proxy may write to it"
        raise UsageError(what, subject=path, hint="`chown` it, and `chmod go-w` it")
    return found


class Policing:
    """The policy of a file, in one event loop.

    Args:
        path: of the file; it is read.   clock: seconds since the epoch.   told: is given what happens to the file, for a log.

    Attributes:
        policy: the one that holds.   generation: how often it was replaced, or what it judges by.   changed: called after that.
        vulnerabilities: what is known of them.
    """

    def __init__(self, path: str, clock: Callable[[], float], told: Callable[[Text], None] = lambda _: None) -> None:
        self.path, self.clock, self._told = path, clock, told
        self._seen = _state(path)
        self.policy = loaded(path)
        self.generation = 0
        self.changed: list[Callable[[], None]] = []
        self._decided: dict[str, Refusal | None] = {}
        self._concerning: dict[str, ModulePolicy] = {}
        self._times: dict[tuple[str, str], float] = {}
        self._retracting: dict[tuple[str, str], bool] = {}
        self._licences: dict[str, tuple[LicenceFile, ...]] = {}
        self.lists = policed_answers.Lists(self)
        self.vulnerabilities = PolicedVulnerabilities()

    # The file.

    def reload(self) -> None:
        """Read the file again; if it is no policy, the old one holds."""
        self._seen = _state(self.path)
        try:
            self.policy = self.usable(loaded(self.path))
        except UsageError as error:
            self._told(Text("the policy was not read again, the old one holds: {error}", error=str(error)))
            return
        self.forget()
        self._told(Text("the policy was read again: {path}", path=self.path))

    def usable(self, policy: ModulePolicy) -> ModulePolicy:
        """A policy, if there is all that it needs. Raises UsageError."""
        if policy.vulnerable is not None and self.vulnerabilities.source is None:
            hint = "name a database by --vulndb"
            raise UsageError("[vulnerable] needs a vulnerability database", subject=self.path, hint=hint)
        return policy

    def unready(self) -> str:
        """Why nothing may be had at the moment; "" if that is not so."""
        wanted = self.policy.vulnerable
        if wanted is None or wanted.passes_unknown or self.vulnerabilities.is_known:
            return ""
        return "no vulnerability database is known yet, and the policy refuses all until then"

    def forget(self) -> None:
        """Verdicts may be others by now."""
        self.generation += 1
        self._decided.clear()
        self._concerning.clear()
        self.lists.clear()
        self.vulnerabilities.clear()
        for changed in self.changed:
            changed()

    def look(self) -> None:
        """Read the file again if it changed."""
        if _state(self.path) != self._seen:
            self.reload()

    # What it says.

    def at_once(self, request: ModuleRequest) -> AtOnce:
        """Why a request is refused, None if it is not, UNKNOWN where `refusal` has to ask for something."""
        found = self._of_version(request)
        return found if found is not None else self._of_licence(request)

    def _of_version(self, request: ModuleRequest) -> AtOnce:
        """As `at_once`, but for what only its zip tells."""
        found: AtOnce = self._decided.get(request.path, UNKNOWN)
        if found is not UNKNOWN:
            return found
        found, lasts = self._judged(request)
        if lasts and not isinstance(found, Unknown):
            if len(self._decided) >= MOST_KNOWN:
                self._decided.clear()
            self._decided[request.path] = found
        return found

    async def refusal(self, request: ModuleRequest, proxy: ModuleProxy) -> Refusal | None:
        """Why a request is refused; None if it is not, by the policy that holds when this returns."""
        while True:
            generation = self.generation
            found = await self._refusal(request, proxy) or await self._licence_refusal(request, proxy)
            if generation == self.generation:
                return found

    async def refusal_of_version(self, module: str, version: str, proxy: ModuleProxy) -> Refusal | None:
        """Why a full version is refused, as far as that is known without its zip."""
        while True:
            generation = self.generation
            found = await self._refusal(request_for("zip", module, version), proxy)
            if generation == self.generation:
                return found

    async def shown(self, request: ModuleRequest, content: Content, proxy: ModuleProxy) -> Content | Refusal:
        """An answer that changes, without what is refused."""
        policy = self.concerning(request.module)
        if rules.is_plain(policy, request.module) and not self.vulnerabilities.matters(policy, request.module):
            return content
        if request.kind == "list":
            return await self.lists.shown(request, content, proxy)
        return await policed_answers.shown_version(self, request, content, proxy)

    def largest(self, request: ModuleRequest) -> Size:
        """How large a zip may be."""
        return rules.largest(self.policy, request.module, request.version)

    def upstreams_for(self, path: str, usual: tuple[Upstream, ...]) -> tuple[Upstream, ...]:
        """Who is asked for a path of the protocol. From any thread."""
        escaped = path.partition("/@v/")[0] if "/@v/" in path else path.partition("/@latest")[0]
        return rules.upstreams_for(self.policy, cached_names.unescaped(escaped) or escaped, usual)

    def is_private(self, module: str) -> bool:
        """Whether nobody outside is asked for a module. From any thread."""
        return touches(self.policy.private, module)

    def refusal_of_lookup(self, request: DatabaseRequest) -> Refusal | None:
        """Why a question to a checksum database is not passed on; None if it is."""
        # As it is escaped, where it is too long for a module path: a name of somebody's is one in any length.
        escaped = request.rest[len("lookup/") :].partition("@")[0]
        module = cached_names.unescaped(escaped) or escaped
        if not request.rest.startswith("lookup/") or not self.is_private(module):
            return None
        return Refusal(FORBIDDEN, f"{module} is private: no checksum database is asked for it; set GONOSUMDB for it")

    def concerning(self, module: str) -> ModulePolicy:
        """What the policy says about a module."""
        found = self._concerning.get(module)
        if found is None:
            if len(self._concerning) >= MOST_KNOWN:
                self._concerning.clear()
            found = self._concerning[module] = rules.concerning(self.policy, module)
        return found

    # How it comes to that.

    def _judged(self, request: ModuleRequest) -> tuple[AtOnce, bool]:
        """The verdict, and whether it lasts as long as the policy."""
        if request.kind == "mod":
            return None, True
        policy = self.concerning(request.module)
        if not request.canonical:
            whole = rules.denied_whole(policy, request.module)
            return (rules.denial(whole, request.named) if whole else None), True
        rule = rules.by_name(policy, request.module, request.version)
        if not rule.allows:
            return self._but_retracted(request, rules.denial(rule, request.named)), True
        known = self.vulnerabilities.refusal(policy, request.module, request.version)
        if known is not None:
            return self._but_retracted(request, known), known.status == FORBIDDEN
        wanted = rules.age_wanted(policy, request.module, request.version)
        if not wanted.seconds:
            return None, True
        made = self._times.get((request.module, request.version))
        if made is None:
            return UNKNOWN, False
        if made <= 0:
            return self._but_retracted(request, rules.timeless(wanted, request.named)), True
        young = rules.youth(wanted, request.named, self.clock() - made)
        return (self._but_retracted(request, young), False) if young else (None, True)

    def _but_retracted(self, request: ModuleRequest, refusal: Refusal) -> AtOnce:
        if request.kind != "info":
            return refusal
        retracting = self._retracting.get((request.module, request.version))
        return UNKNOWN if retracting is None else None if retracting else refusal

    async def _refusal(self, request: ModuleRequest, proxy: ModuleProxy) -> Refusal | None:
        found = self._of_version(request)
        if isinstance(found, Unknown) and self.refused_by_name(request.module, request.version) is None:
            trouble = await self.learn_time(request, proxy)
            if trouble is not None:
                return trouble
            found = self._of_version(request)
        if isinstance(found, Unknown):
            await self.retractions(request.module, request.version, proxy)
            found = self._of_version(request)
        if isinstance(found, Unknown):  # what was learnt is forgotten again, in a crowd
            return Refusal(UNAVAILABLE, f"{request.named}: the policy has no verdict yet", retry_after=1)
        return found

    def _of_licence(self, request: ModuleRequest) -> AtOnce:
        wanted = self.policy.licences
        if wanted is None or request.kind != "zip" or covers(wanted.excepted, request.module):
            return None
        found = self._licences.get(request.path)
        return UNKNOWN if found is None else policed_licences.refusal(wanted, request.module, request.version, found)

    async def _licence_refusal(self, request: ModuleRequest, proxy: ModuleProxy) -> Refusal | None:
        """Why its licences refuse a zip, which is fetched for that if it is not in the store."""
        found = self._of_licence(request)
        if not isinstance(found, Unknown):
            return found
        licences = await policed_answers.licences_of(proxy, request)
        if isinstance(licences, Refusal):
            return licences
        if len(self._licences) >= MOST_KNOWN:
            self._licences.clear()
        self._licences[request.path] = licences
        found = self._of_licence(request)
        return None if isinstance(found, Unknown) else found

    def refused_by_name(self, module: str, version: str) -> Refusal | None:
        """Why a full version is refused, however old it is; None if it is not."""
        policy = self.concerning(module)
        rule = rules.by_name(policy, module, version)
        if not rule.allows:
            return rules.denial(rule, f"{module}@{version}")
        return self.vulnerabilities.refusal(policy, module, version)

    async def learn_time(self, request: ModuleRequest, proxy: ModuleProxy) -> Refusal | None:
        """Find out when a version was made, by its .info. Returns why that cannot be known at the moment."""
        if (request.module, request.version) in self._times:
            return None
        content = await policed_answers.content_of(proxy, request_for("info", request.module, request.version))
        if isinstance(content, Refusal):
            return content
        self.note_time(request.module, request.version, policed_answers.stated_time(content))
        return None

    def note_time(self, module: str, version: str, made: float) -> None:
        """A version's time became known: seconds since the epoch, 0 for none."""
        if len(self._times) >= MOST_KNOWN:
            self._times.clear()
        self._times[module, version] = made

    async def retractions(
        self, module: str, version: str, proxy: ModuleProxy
    ) -> tuple[version_ranges.VersionRange, ...]:
        """What the go.mod of a version retracts; () where it cannot be had."""
        content = await policed_answers.content_of(proxy, request_for("mod", module, version))
        found = () if isinstance(content, Refusal) else version_ranges.retracted_by(content.decode("utf-8", "replace"))
        if len(self._retracting) >= MOST_KNOWN:
            self._retracting.clear()
        self._retracting[module, version] = version_ranges.hold(found, version)
        return found


def _state(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
