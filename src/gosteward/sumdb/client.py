"""Asks a checksum database for the hashes of a module version, and believes only what is proved. Pure: who asks comes in as a function.

Source: golang.org/x/mod/sumdb/client.go (`Client.Lookup`, `mergeLatest`, `checkTrees`); go.dev/design/25530-sumdb. Other than there, every tile is
authenticated before anything is made of it, and before it is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from gosteward.sumdb import lookup, note, proof, tiles, tlog
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from gosteward.sumdb.tlog import TreeHead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gosteward.sumdb.keys import Key
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.sumdb.tiles import Tile

_GONE = (404, 410)


class Answer(NamedTuple):
    """What a server said.  status: of HTTP."""

    status: int
    body: bytes


class Server(NamedTuple):
    """How a database is asked, directly or through a module proxy.

    Attributes:
        get: asks for a path such as "/lookup/..." or "/tile/8/...", to be put behind the URL of the database; any status is an answer, and
            where there is none it raises an error of its own, which is let through. It should read no more than `lookup.LARGEST` bytes.
        get_all: asks for several at once, answers in the same order; None to ask one after the other.
    """

    get: Callable[[str], Answer]
    get_all: Optional[Callable[[list[str]], list[Answer]]] = None

    def answers(self, paths: Sequence[str]) -> list[Answer]:
        """The answers to all paths, in order."""
        if self.get_all is not None:
            return self.get_all(list(paths))
        return [self.get(path) for path in paths]


class TileCache(NamedTuple):
    """Where tiles are kept; only tiles that are proved come in, and what comes out is proved again.

    Attributes:
        get: content by path ("tile/8/0/000.p/7"); None where there is none.   put: keeps a content.
    """

    get: Callable[[str], Optional[bytes]]
    put: Callable[[str, bytes], None]


class _Signed(NamedTuple):
    """A head with the note that it was signed in."""

    head: TreeHead
    note: str


NO_CACHE = TileCache(get=lambda _: None, put=lambda _path, _content: None)
_NOTHING = _Signed(TreeHead(0, tlog.EMPTY_ROOT), "")


def logged(
    module: str,
    version: str,
    server: Server,
    known: Sequence[Key],
    remembered: str = "",
    cache: TileCache = NO_CACHE,
    met: Sequence[str] = (),
) -> LoggedHashes:
    """The hashes of a module version, proved to be in the log that was seen before.

    Args:
        known: the keys of the database.
        remembered: signed note of the newest head that was ever proved, the `head` of the last answer; "" the first time.
        met: signed notes of heads that came without this log, as with a bundle: whether they belong together was never shown.
    Returns:
        The hashes, with a proof to keep; its `head` is the newest one of the served, the remembered and the met heads, and continues all of
        them: remember it, and forget those.
    Raises:
        ForgeryError: somebody lies; `reason` says how.
        UnjudgedError: nothing is known: no answer, or none of a checksum database.
        UsageError: no module path, or no version.
        what `server.get` raises.
    """
    # 1. The answer has the form of an answer; a login page has not.
    path = lookup.path(module, version)
    record = lookup.parse(_body(path, server.get(path)))
    # 2. Its record has the two lines of this module version, and no other.
    lookup.hashes(record.text, module, version)
    # 3. Its head is signed by the key, and so are those that were seen before. Which one is newer is left open: answers come out of caches.
    served = _opened(record.head, known)
    *older, newest = _by_size(*(_remembered(text, known) for text in (remembered, *met)), served)
    if record.number >= newest.head.size:
        raise ForgeryError(f"record {record.number} is behind the end of the tree", reason="uncovered", subject=path)
    # 4. The tiles are those of the newest tree.
    try:
        tree = _proved_tree(server, cache, older, newest, record.number)
    except RefusalError as error:
        raise _compared(error, older[-1] if older else _NOTHING, newest, served) from None
    # 5. The newest tree begins with each of the older ones.
    for one in older:
        _check_history(tree, one, newest)
    # 6. The record is in the newest tree: shown by the proof that is kept, verified as its readers will.
    inclusion = tuple(tree.inclusion(record.number))
    text = proof.written(proof.LogProof(record.text, record.number, inclusion, newest.note))
    return proof.verified(text, module, version, known)


def refuse_contradiction(head: str, others: Iterable[str], known: Sequence[Key]) -> None:
    """Compare a head with others, as far as that can be done without a log: two trees of one size are one tree.

    Args:
        head, others: signed notes.
    Raises:
        ForgeryError: "fork", with both of them.   UnjudgedError, ForgeryError: one of them is not signed by the key.
    """
    _by_size(*(_remembered(text, known) for text in others), _opened(head, known))


def _by_size(*heads: _Signed) -> list[_Signed]:
    """Heads of different trees, the smallest first. Raises ForgeryError: two trees of one size differ."""
    found: list[_Signed] = []
    for signed in sorted(heads, key=lambda signed: signed.head.size):
        if not found or found[-1].head.size != signed.head.size:
            found.append(signed)
        elif found[-1].head != signed.head:
            raise _fork(found[-1], signed)
    return found


def _body(path: str, answer: Answer) -> bytes:
    if answer.status == 200:
        return answer.body
    said = re.sub(r"[^ -~]+", " ", answer.body[:200].decode("latin-1")).strip()
    said = "a web page" if said.startswith("<") else said
    what = f"the checksum database answered {answer.status}" + (f" ({said})" if said else "")
    if answer.status in _GONE:
        # Nobody signs a refusal: a proxy that cannot reach the database says the same.
        hint = "this does not tell that the log lacks it; ask without the proxy, or through another one"
        raise UnjudgedError(what, reason="not-found", subject=path, status=answer.status, hint=hint)
    raise UnjudgedError(what, reason="status", subject=path, status=answer.status)


def _opened(text: str, known: Sequence[Key]) -> _Signed:
    return _Signed(tlog.parse_head(note.opened(text, known)), text)


def _remembered(text: str, known: Sequence[Key]) -> _Signed:
    if not text:
        return _NOTHING
    try:
        return _opened(text, known)
    except RefusalError as error:
        what = f"the remembered tree head cannot be used: {error}"
        hint = "was the key changed, or the file damaged? without it, a fork of the log is not noticed"
        raise UnjudgedError(what, reason="remembered", hint=hint) from None


def _proved_tree(
    server: Server, cache: TileCache, older: Iterable[_Signed], newer: _Signed, index: int
) -> tiles.TileTree:
    size = newer.head.size
    needed = tiles.for_inclusion(size, index)
    for one in older:
        needed |= tiles.for_consistency(one.head.size, size)
    kept = _kept(cache, needed)
    try:
        contents = _authentic(server, newer.head, needed, kept)
    except ForgeryError:
        if not kept:
            raise
        # A damaged cache is no crime of the server.
        kept = {}
        contents = _authentic(server, newer.head, needed, kept)
    for tile in contents.keys() - kept.keys():
        cache.put(tile.path, contents[tile])
    return tiles.TileTree(size, contents)


def _kept(cache: TileCache, needed: Iterable[Tile]) -> dict[Tile, bytes]:
    found: dict[Tile, bytes] = {}
    for tile in needed:
        for form in dict.fromkeys((tile, tile.full)):
            content = cache.get(form.path)
            if content is not None and len(content) == form.length:
                found[tile] = content[: tile.length]
                break
    return found


def _authentic(server: Server, head: TreeHead, needed: set[Tile], kept: dict[Tile, bytes]) -> dict[Tile, bytes]:
    """The contents of tiles of a tree, by whoever they come from."""
    contents = {**kept, **_served(server, sorted(needed - kept.keys()))}
    tiles.authenticate(head, contents)
    return contents


def _served(server: Server, wanted: list[Tile]) -> dict[Tile, bytes]:
    answers = dict(zip(wanted, server.answers([f"/{tile.path}" for tile in wanted])))
    # A partial tile may be gone once the tree has filled it.
    grown = [tile for tile in wanted if tile.width < tiles.FULL and answers[tile].status in _GONE]
    full = dict(zip(grown, server.answers([f"/{tile.full.path}" for tile in grown])))
    contents = {}
    for tile in wanted:
        form, answer = (tile.full, full[tile]) if tile in full and full[tile].status == 200 else (tile, answers[tile])
        content = _body(f"/{form.path}", answer)
        if len(content) != form.length:
            what = f"{len(content)} bytes instead of {form.length}"
            raise ForgeryError(what, reason="tile", subject=f"/{form.path}")
        contents[tile] = content[: tile.length]
    return contents


def _check_history(tree: tiles.TileTree, older: _Signed, newer: _Signed) -> None:
    hashes = tree.consistency(older.head.size)
    root = tree.root(older.head.size)
    if root != older.head.root:
        raise _fork(older, newer, (root, *hashes))
    tlog.check_consistency(older.head, newer.head, hashes)


def _fork(older: _Signed, newer: _Signed, evidence: tuple[bytes, ...] = ()) -> ForgeryError:
    return ForgeryError(
        f"the log was rewritten: its first {older.head.size} records are not those that it signed before",
        reason="fork",
        hint="keep both signed heads: together they prove it to everybody; use nothing from this database until it is explained",
        heads=(older.note, newer.note),
        evidence=evidence,
    )


def _compared(error: RefusalError, older: _Signed, newer: _Signed, served: _Signed) -> RefusalError:
    """What went wrong with tiles, told with what was compared."""
    if isinstance(error, ForgeryError):
        error.heads = (older.note, newer.note) if older.note else ()
    elif error.reason == "not-found" and served.head != newer.head:
        what = f"the server has {served.head.size} records, {newer.head.size} were seen before"
        hint = "an older mirror, or a log that was set back: ask a server that is not behind"
        return UnjudgedError(what, reason="behind", subject=error.subject, hint=hint)
    return error
