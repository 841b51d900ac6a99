"""A store as those see it who look after it: its files by version, and what their hashes have to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.golang.modulepaths import touches
from gosteward.modules.databases import databases, log_of
from gosteward.modules.expected_hashes import Expected, SeenHashes, UnknownHashError
from gosteward.modules.requests import ModuleRequest, file_at
from gosteward.modules.storage.disk import DiskStore
from gosteward.modules.storage.feed import Feed
from gosteward.modules.upstreams import upstreams
from gosteward.toolchains.module_cache.logged_modules import said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.modules.setting_up import Wanted
    from gosteward.toolchains.module_cache.logged_modules import Said
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving.transparency import Log

    Module = tuple[str, str]


class CaredStore(NamedTuple):
    """A store.

    Attributes:
        log: of the checksum database, None for none.   seen: hashes of what came first.   private: patterns of modules that no log is asked for.
    """

    store: DiskStore
    seen: SeenHashes
    log: Log | None = None
    private: str = ""

    def is_logged(self, module: str) -> bool:
        """Whether the log has to know a module."""
        return self.log is not None and not touches(self.private, module)


class Listed(NamedTuple):
    """What lies in a store.  files: of module versions, by path.   strays: paths of what is none."""

    files: tuple[ModuleRequest, ...]
    strays: tuple[str, ...]


class Known(NamedTuple):
    """What is known of a module version.

    Attributes:
        expected: its hashes.   proof: text of the log's, "" for none.   reason: why nothing is known; then the hashes are "".
    """

    expected: Expected = Expected()
    proof: str = ""
    reason: Text | None = None


class KnownHashes:
    """Hashes that were looked up before."""

    def __init__(self, known: dict[Module, Known]) -> None:
        self._known = known

    def expected(self, module: str, version: str) -> Expected:
        known = self._known.get((module, version), Known(reason=Text("nothing is known of it")))
        if known.reason is not None:
            raise UnknownHashError(str(known.reason), subject=f"{module}@{version}")
        return known.expected

    def record(self, module: str, version: str, kind: str, h1: str) -> str:  # noqa: ARG002 - as that of others
        """Nothing is recorded: who looks after a store believes no first one."""
        return h1

    def persist(self, module: str, version: str) -> None:
        """As of others: there is nothing to do."""


def cared(wanted: Wanted, web: Web) -> CaredStore:
    """The store that a user means; its directories are made.

    Raises:
        UsageError: an upstream is no URL, a key is none.   StorageError, PrivilegeError: the store cannot be used.
    """
    known = databases(wanted.sumdb, upstreams(wanted.upstream))
    store = DiskStore(wanted.store)
    store.prepare()
    store.came = Feed(wanted.store).came
    return CaredStore(store, SeenHashes(wanted.store), log_of(known, wanted.store, web), wanted.private)


def listed(store: DiskStore) -> Listed:
    """Look through a store."""
    files, strays = [], []
    for path in store.paths():
        found = file_at(path)
        if found is None:
            strays.append(path)
        else:
            files.append(found)
    return Listed(tuple(files), tuple(strays))


def hashed_versions(files: Iterable[ModuleRequest]) -> tuple[Module, ...]:
    """The versions that something is there of which has a hash."""
    return tuple(dict.fromkeys((file.module, file.version) for file in files if file.kind != "info"))


def known_of(looked_after: CaredStore, wanted: Iterable[Module], *, recorded: bool = False) -> dict[Module, Known]:
    """What the log proves of each version, by what it said before where that is kept; of private ones what was recorded when they came.

    Args:
        recorded: that will do for others, too, where the log does not say anything.
    """
    versions = tuple(wanted)
    log = looked_after.log
    asked = [one for one in versions if looked_after.is_logged(one[0])]
    answers = said(log, asked) if log is not None and asked else {}
    known = {one: _of_log(answer, looked_after, one, recorded) for one, answer in answers.items()}
    return {one: known[one] if one in known else _recorded(looked_after, one) for one in versions}


def _of_log(answer: Said, looked_after: CaredStore, one: Module, recorded: bool) -> Known:
    found, log = answer.hashes, looked_after.log
    if found is None or log is None:
        first = _recorded(looked_after, one)
        return first if recorded and not answer.forged and first.reason is None else Known(reason=answer.reason)
    return Known(Expected(found.zip_h1, found.mod_h1, log.key.name), found.proof)


def _recorded(looked_after: CaredStore, one: Module) -> Known:
    found = looked_after.seen.expected(*one)
    if found.zip_h1 or found.mod_h1:
        return Known(found)
    return Known(reason=Text("no hash of it was recorded, and no log is asked for it"))
