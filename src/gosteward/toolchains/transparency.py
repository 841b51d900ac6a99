"""The public checksum database as this process asks it: through module proxies or directly, with what it saw before kept on disk.

state directory   log/head-NAME+HASH     the newest tree head that was ever proved: what makes a fork of the log visible
state directory   log/proof-SHA256       proofs of what was asked before (c2sp.org/tlog-proof), by key, module and version
cache directory   tiles/SHA256           authenticated tiles, by the digest of their path
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.errors import StewardError, UsageError
from gosteward.host.own_directory import OwnDirectory
from gosteward.sumdb import client, keys, lookup, proof
from gosteward.sumdb.refusals import RefusalError, UnjudgedError
from gosteward.toolchains.web import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.sumdb.keys import Key
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.settings import Database
    from gosteward.toolchains.web import Web

HEAD_LIMIT = PROOF_LIMIT = 1 << 16


class Log:
    """A checksum database.

    Args:
        bases: URLs under which it answers, the best first: `PROXY/sumdb/NAME`, then `https://NAME`.
        state, cache: directories of this user, as from `own_directory`.
    """

    def __init__(self, web: Web, bases: Sequence[str], state: str, cache: str, key: Key | None = None) -> None:
        self.web = web
        self.bases = tuple(base.rstrip("/") for base in bases)
        self.key = key or keys.parse(keys.PUBLIC_DATABASE)
        self.state = OwnDirectory(f"{state}/log")
        self.tiles = OwnDirectory(f"{cache}/tiles")

    def logged(self, module: str, version: str) -> LoggedHashes:
        """The proved hashes of a module version; its head is remembered.

        Raises:
            ForgeryError: somebody lies.   UnjudgedError, UnreachableError: nobody could be asked, or none of them knows it.
        """
        kept = self._kept(module, version)
        if kept is not None:
            return kept
        failure: StewardError | None = None
        with self.state.growing("lock"):  # a head that another process proves meanwhile is not to be forgotten
            remembered = (self.state.read(self._head_name, HEAD_LIMIT) or b"").decode("utf-8", "replace")
            for base in self.bases:
                found = self._asked(base, module, version, remembered)
                if not isinstance(found, StewardError):
                    if found.head != remembered:
                        self.state.put(self._head_name, found.head.encode(), sync=True)
                    self.state.put(self._proof_name(module, version), found.proof.encode())
                    return found
                failure = failure or found
        raise failure or UnreachableError("there is no checksum database to ask")

    def _asked(self, base: str, module: str, version: str, remembered: str) -> LoggedHashes | StewardError:
        server, tiles = self._server(base), self._tile_cache()
        try:
            return client.logged(module, version, server, (self.key,), remembered, tiles)
        except (UnjudgedError, UnreachableError) as error:
            return error

    def _kept(self, module: str, version: str) -> LoggedHashes | None:
        """What an earlier proof shows, without any server; None if there is none. The key signed it, and it never ceases to be true."""
        text = self.state.read(self._proof_name(module, version), PROOF_LIMIT)
        if text is None:
            return None
        try:
            return proof.verified(text.decode("utf-8", "replace"), module, version, (self.key,))
        except (RefusalError, UsageError):
            return None  # damaged: it is asked for again

    def _proof_name(self, module: str, version: str) -> str:
        return f"proof-{sha256(f'{self.key.shown}/{module}@{version}'.encode()).hexdigest()}"

    @property
    def _head_name(self) -> str:
        return f"head-{sha256(self.key.shown.encode()).hexdigest()[:16]}"

    def _server(self, base: str) -> client.Server:
        def get(path: str) -> client.Answer:
            answer = self.web.ask(f"{base}{path}", lookup.LARGEST)
            return client.Answer(answer.status, answer.body)

        def get_all(paths: list[str]) -> list[client.Answer]:
            found = []
            for answer in self.web.ask_all([f"{base}{path}" for path in paths], lookup.LARGEST):
                if isinstance(answer, StewardError):
                    raise answer
                found.append(client.Answer(answer.status, answer.body))
            return found

        return client.Server(get, get_all)

    def _tile_cache(self) -> client.TileCache:
        def name(path: str) -> str:
            return sha256(f"{self.key.shown}/{path}".encode()).hexdigest()

        return client.TileCache(
            get=lambda path: self.tiles.read(name(path)), put=lambda path, content: self.tiles.put(name(path), content)
        )


def log_of(named: Database, web: Web, state: str, cache: str) -> Log:
    """The log of a database that settings name."""
    return Log(web, named.bases, state, cache, named.key)
