"""Verify a module cache (GOMODCACHE): every toolchain and every module version in it against the public log.

1. What is there: `listing`.
2. Which of it nobody is asked about: what GONOSUMDB or GOPRIVATE call private, for this user and for the owner of the cache.
3. What the log names for the rest: `logged_modules`, by what go itself and we kept of the log first.
4. Each version, read and compared: `judging`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED, UsageError
from gosteward.finding import Text
from gosteward.golang.modulepaths import covers
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import accounts
from gosteward.host.writing import READING
from gosteward.toolchains.module_cache import logged_modules
from gosteward.toolchains.module_cache.judging import PRIVATE, Cache, Judged, judged_all
from gosteward.toolchains.module_cache.listing import listed
from gosteward.toolchains.module_cache.logged_modules import Said
from gosteward.toolchains.origins import log_files, settings
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.verifying.checks import FAILED, NOTE, OK, UNJUDGED
from gosteward.toolchains.verifying.manifests import trusted_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.module_cache.listing import Cached, Odd
    from gosteward.toolchains.proving.transparency import Log

    Progress = Callable[[str, int, int], None]

USUAL_END = "/pkg/mod"
PATTERNS = ("GONOSUMDB", "GOPRIVATE")


class Wanted(NamedTuple):
    """What to verify.

    Attributes:
        directory: GOMODCACHE, "" for that of the user of this process.   offline: ask no server.
        log: whom to ask, None for that of the settings.   progress: called with "log" or "files", how many are done, and of how many.
    """

    directory: str = ""
    offline: bool = False
    log: Log | None = None
    progress: Progress = lambda *_: None


class VerifiedCache(NamedTuple):
    """A whole cache.

    Attributes:
        path: without links.   database: name of the log.   versions: by module and version.   odd: what belongs to none; paths are absolute.
        cut: there is more than was looked through.
    """

    path: str
    database: str
    versions: tuple[Judged, ...]
    odd: tuple[Odd, ...] = ()
    cut: bool = False

    def of(self, status: str) -> tuple[Judged, ...]:
        """The versions with a status."""
        return tuple(one for one in self.versions if one.status == status)

    def odd_of(self, status: str) -> tuple[Odd, ...]:
        """What belongs to no version: what is neither file nor directory is "failed", what could not be read is "not-judged", the rest is "note"."""
        return tuple(one for one in self.odd if _status_of(one) == status)

    @property
    def exit_code(self) -> int:
        """1: something is not what the log names.  3: something could not be judged, or nothing was compared with the log.  0: neither."""
        if self.of(FAILED) or self.odd_of(FAILED):
            return FINDINGS
        blind = self.of(PRIVATE) and not self.of(OK)
        return NOT_JUDGED if blind or self.of(UNJUDGED) or self.odd_of(UNJUDGED) or self.cut else HEALTHY


def _status_of(odd: Odd) -> str:
    return {"link": FAILED, "special": FAILED, "unreadable": UNJUDGED, "other file system": UNJUDGED}.get(
        odd.what, NOTE
    )


class _Unasked(NamedTuple):
    """What no log is asked about.  private: patterns.   off: GOSUMDB=off."""

    private: str
    off: bool


def verify(wanted: Wanted, host: LocalHost) -> VerifiedCache:
    """Verify a cache.

    Raises:
        UsageError: there is no such directory.   OSError: it cannot be read.
    """
    user = accounts.user_with_id(host, os.geteuid())
    named = wanted.directory or settings.module_cache(host, user)
    path = os.path.realpath(named) if named else ""
    if not path or not os.path.isdir(path):
        raise UsageError(
            "there is no module cache", subject=named, hint="name one: `go env GOMODCACHE` says where it is"
        )
    top = os.open(path, READING | os.O_DIRECTORY)
    try:
        log = wanted.log or trusted_log(host, user, Web(host, user, offline=wanted.offline))
        log.folders = (_of_cache(path, log.key.name), *log.folders)
        unasked = _Unasked(_private_patterns(host, user, os.fstat(top).st_uid), settings.is_off(host, user))
        return _verified(Cache(top, path), log, unasked, wanted.progress)
    finally:
        os.close(top)


def _verified(cache: Cache, log: Log, unasked: _Unasked, progress: Progress) -> VerifiedCache:
    found = listed(cache.top)
    said = _said(found.versions, log, unasked, progress)
    pairs = ((cached, said[cached.module, cached.version]) for cached in found.versions)
    count = len(found.versions)
    versions = tuple(judged_all(cache, pairs, lambda done: progress("files", done, count)))
    odd = tuple(one._replace(path=f"{cache.path}/{one.path}") for one in found.odd)
    return VerifiedCache(cache.path, log.key.name, versions, odd, found.cut)


def _said(versions: Sequence[Cached], log: Log, unasked: _Unasked, progress: Progress) -> dict[tuple[str, str], Said]:
    results: dict[tuple[str, str], Said] = {}
    asked = []
    for cached in versions:
        module = (cached.module, cached.version)
        if not cached.has_content:
            results[module] = Said()
        elif cached.module == TOOLCHAIN_MODULE:  # public, whatever the settings say; so go sees it, too
            asked.append(module)
        elif covers(unasked.private, cached.module):
            results[module] = Said(private=True)
        elif unasked.off:
            results[module] = Said(reason=Text("GOSUMDB is off: no log is asked about modules"))
        else:
            asked.append(module)
    results.update(logged_modules.said(log, asked, lambda done, count: progress("log", done, count)))
    return results


def _of_cache(path: str, database: str) -> log_files.Folder:
    """What go keeps of the log in this cache, whosever it is. Where its GOPATH is follows from the usual layout only."""
    go_path = path[: -len(USUAL_END)] if path.endswith(USUAL_END) else ""
    return log_files.of_go(path, go_path, database)


def _private_patterns(host: LocalHost, user: User, owner: int) -> str:
    """Patterns of private modules, of this user and of the owner of the cache: one of them alone may not let the other's names go out."""
    patterns = [settings.private_modules(host, user)]
    if owner not in (user.uid, 0):
        other = accounts.user_with_id(host, owner)
        patterns.append(settings.private_modules(host, other))
        patterns += _in_shells_of(other)
    return ",".join(filter(None, patterns))


def _in_shells_of(user: User) -> list[str]:
    """What the start-up files of a user set; sudo has taken it out of our environment."""
    from gosteward.examination import Request, snapshot_of

    if not user.known:
        return []
    snapshot, _ = snapshot_of(Request(user=user.name, offline=True))
    return [setting.value for setting in snapshot.go_settings if setting.name in PATTERNS]
