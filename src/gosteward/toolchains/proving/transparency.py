"""The public checksum database as this process asks it: through module proxies or directly, with what it saw before kept on disk.

state directory   log/head-NAME+HASH     the newest tree head that was ever proved: what makes a fork of the log visible
state directory   log/met-NAME+HASH      heads that came with bundles since then: the next contact with the log proves that they are of it, too
state directory   log/proof-SHA256       proofs of what was asked before (c2sp.org/tlog-proof), by key, module and version
cache directory   tiles/SHA256           authenticated tiles, by the digest of their path
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.errors import StewardError, UsageError
from gosteward.host.own_directory import OwnDirectory
from gosteward.sumdb import client, keys, lookup, proof
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from gosteward.toolchains.origins import log_files
from gosteward.toolchains.origins.web import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.sumdb.keys import Key
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.origins.log_files import Folder
    from gosteward.toolchains.origins.settings import Database
    from gosteward.toolchains.origins.web import Web

HEAD_LIMIT = PROOF_LIMIT = 1 << 16
MOST_MET = 16


class Log:
    """A checksum database.

    Args:
        bases: URLs under which it answers, the best first: `PROXY/sumdb/NAME`, then `https://NAME`.
        state, cache: directories of this user, as from `own_directory`.   folders: files of it on this host, looked at before anybody is asked.
    """

    def __init__(
        self,
        web: Web,
        bases: Sequence[str],
        state: str,
        cache: str,
        key: Key | None = None,
        folders: Sequence[Folder] = (),
    ) -> None:
        self.web = web
        self.folders = tuple(folders)
        self.bases = tuple(base.rstrip("/") for base in bases)
        self.key = key or keys.parse(keys.PUBLIC_DATABASE)
        self.state = OwnDirectory(f"{state}/log")
        self.tiles = OwnDirectory(f"{cache}/tiles")

    def logged(self, module: str, version: str) -> LoggedHashes:
        """The proved hashes of a module version; its head is remembered.

        Raises:
            ForgeryError: somebody lies.   UnjudgedError, UnreachableError: nobody could be asked, or none of them knows it.
        """
        at_hand = self.at_hand(module, version)
        if at_hand is not None:
            return at_hand
        failure: StewardError | None = None
        with self.state.growing("lock"):  # a head that another process proves meanwhile is not to be forgotten
            remembered, met = self._remembered(), self._met()
            for base in self.bases:
                found = self._asked(base, module, version, remembered, met)
                if not isinstance(found, StewardError):
                    if found.head != remembered:
                        self.state.put(self._head_name, found.head.encode(), sync=True)
                    if met:  # the head above continues all of them, and is on the disk
                        self.state.remove(self._met_name)
                    self.state.put(self._proof_name(module, version), found.proof.encode())
                    return found
                failure = failure or found
        raise failure or UnreachableError("there is no checksum database to ask")

    def at_hand(self, module: str, version: str, *, keep: bool = True) -> LoggedHashes | None:
        """The proved hashes by what is on this host: an earlier proof, else files of the database (`accept` says what becomes of their head).

        Args:
            keep: a proof made of files is kept in any case; without it only the one that shows a head for the first time is.
        Raises:
            ForgeryError: two heads exclude each other.
        """
        kept = self._kept(module, version)
        if kept is not None:
            return kept
        remembered = self._remembered()
        found = log_files.stored(self.folders, module, version, self.key, remembered, self.tile_cache())
        if found is not None and (keep or found.head not in (remembered, *self._met())):
            return self.accept(module, version, found.proof)
        return found

    def accept(self, module: str, version: str, text: str, head: str = "") -> LoggedHashes:
        """The hashes of a module version by a proof that came with an archive; it is kept, so that nobody has to be asked later.

        Its head cannot be compared with the remembered one without the log. So it never replaces that one; both are remembered, and the
        next answer of the log has to continue both. Where no head is remembered yet, it becomes the one.

        Args:
            head: another signed head that came with it, "" for none.
        Raises:
            ForgeryError: the proof is not by the key, or proves nothing; or it contradicts what is known here, and `heads` shows it.
        """
        found = self._believed(text, module, version, head)
        with self.state.growing("lock"):
            kept = self._kept(module, version)
            if kept is not None and kept.zip_h1 != found.zip_h1:
                raise _two_hashes(kept, found)
            for one in filter(None, (head, found.head)):
                self._meet(one)
            if kept is None:
                self.state.put(self._proof_name(module, version), text.encode(), sync=True)
        return found

    def refuse_contradiction(self, *heads: str) -> None:
        """Compare signed heads with each other, and with all that are remembered here. Raises ForgeryError: two exclude each other."""
        for place, head in enumerate(heads):
            client.refuse_contradiction(head, (*heads[:place], self._remembered(), *self._met()), (self.key,))

    def _believed(self, text: str, module: str, version: str, head: str) -> LoggedHashes:
        if max(len(text), len(head)) > PROOF_LIMIT // 4:  # characters, each of which may be four bytes
            raise ForgeryError("the proof that came with it is too long", reason="proof", subject=f"{module}@{version}")
        try:
            if head:
                client.refuse_contradiction(head, (), (self.key,))
            return proof.verified(text, module, version, (self.key,))
        except UnjudgedError as error:  # nobody else is there to be asked for it
            what = f"the proof that came with it proves nothing ({error})"
            raise ForgeryError(what, reason="proof", subject=f"{module}@{version}") from None

    def _meet(self, head: str) -> None:
        """Remember a head that nobody compared with the log yet. Raises ForgeryError: it excludes one that is remembered."""
        remembered, met = self._remembered(), self._met()
        client.refuse_contradiction(head, (remembered, *met), (self.key,))
        if not remembered:
            self.state.put(self._head_name, head.encode(), sync=True)
        elif head not in (remembered, *met):
            self.state.put(self._met_name, json.dumps([*met, head][-MOST_MET:]).encode(), sync=True)

    def newest_head(self) -> str:
        """Signed note of the newest head that was ever proved, "" if there is none."""
        return self._remembered()

    def _remembered(self) -> str:
        return (self.state.read(self._head_name, HEAD_LIMIT) or b"").decode("utf-8", "replace")

    def _met(self) -> tuple[str, ...]:
        content = self.state.read(self._met_name)
        try:
            return tuple(map(str, json.loads(content))) if content is not None else ()
        except (ValueError, TypeError, RecursionError):
            return ("damaged",)  # no signed note, which is told as for a remembered head

    def _asked(
        self, base: str, module: str, version: str, remembered: str, met: Sequence[str]
    ) -> LoggedHashes | StewardError:
        server, tiles = self._server(base), self.tile_cache()
        try:
            return client.logged(module, version, server, (self.key,), remembered, tiles, met)
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

    @property
    def _met_name(self) -> str:
        return f"met-{self._head_name[len('head-') :]}"

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

    def tile_cache(self) -> client.TileCache:
        """The tiles that were authenticated before."""

        def name(path: str) -> str:
            return sha256(f"{self.key.shown}/{path}".encode()).hexdigest()

        return client.TileCache(
            get=lambda path: self.tiles.read(name(path)), put=lambda path, content: self.tiles.put(name(path), content)
        )


def log_of(named: Database, web: Web, state: str, cache: str) -> Log:
    """The log of a database that settings name."""
    return Log(web, named.bases, state, cache, named.key, named.folders)


def _two_hashes(kept: LoggedHashes, found: LoggedHashes) -> ForgeryError:
    return ForgeryError(
        f"the log names two hashes for one release: {kept.zip_h1} (record {kept.record}) was proved here before, and {found.zip_h1} "
        f"(record {found.record}) by the proof that came with it",
        reason="fork",
        subject=f"{found.module}@{found.version}",
        hint="keep both proofs: together they show it to everybody; use nothing from this database until it is explained",
        heads=(kept.head, found.head),
    )
