"""Changes as they are done and undone: the whole state before and after. Each has an inverse, and a form for the journal.

An action says "line 28 becomes ..."; the change that it leads to says what the file was and what it will be. Undoing is the same work with
both sides exchanged.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from gosteward.actions import UnpackTree, Vendor
from gosteward.host.writing import Rights, State

if TYPE_CHECKING:
    from collections.abc import Callable


class Replace(NamedTuple):
    """A file, link or directory appears, changes or goes.  path: absolute, without links on the way."""

    path: str
    before: State
    after: State

    def inverse(self) -> Replace:
        """The change that takes this one back."""
        return Replace(self.path, self.after, self.before)

    def unchanged(self) -> bool:
        """Whether there is nothing to do."""
        return self.before.same(self.after)


class Move(NamedTuple):
    """A rename within one file system.

    Attributes:
        inode: of what is renamed, 0 for whatever a change before this one made there. The number of a device may be another one after
            a restart, so it is not asked for.
    """

    path: str
    to: str
    inode: int

    def inverse(self) -> Move:
        """The change that takes this one back."""
        return Move(self.to, self.path, self.inode)

    def unchanged(self) -> bool:
        """Whether there is nothing to do."""
        return self.path == self.to


class RightsOf(NamedTuple):
    """Rights of one name below a directory; "" is the directory (or the file) itself."""

    name: str
    before: Rights
    after: Rights


class SetRights(NamedTuple):
    """Modes, owners and ACLs of one path and maybe of many below it.

    Attributes:
        entries: parents before what is in them.
        own_hands: done with the rights of this process (only root gives files away), and through no link.
    """

    path: str
    entries: tuple[RightsOf, ...]
    own_hands: bool = False

    def inverse(self) -> SetRights:
        """The change that takes this one back: what lies deepest first, so that every directory is still open on the way."""
        entries = tuple(RightsOf(e.name, e.after, e.before) for e in reversed(self.entries))
        return SetRights(self.path, entries, self.own_hands)

    def unchanged(self) -> bool:
        """Whether there is nothing to do."""
        return all(e.before == e.after for e in self.entries)


class MakeTree(NamedTuple):
    """A new directory that a program writes, or that is unpacked; or, taken back, one that goes if it still is as it was written.

    Attributes:
        recipe: what writes it.   digest: of everything in it, "" for one that is not written yet.   removes: it goes.
        listing: the text whose SHA-256 the digest is, where it is worth keeping; kept beside the journal, not in it.
    """

    path: str
    recipe: Union[Vendor, UnpackTree]
    digest: str = ""
    removes: bool = False
    listing: bytes = b""

    def inverse(self) -> MakeTree:
        """The change that takes this one back. What goes can be written again."""
        return self._replace(removes=not self.removes)

    def unchanged(self) -> bool:
        """Whether there is nothing to do."""
        return False


Change = Union[Replace, Move, SetRights, MakeTree]


def encode(change: Change, keep: Callable[[bytes], str]) -> dict[str, Any]:
    """A change as JSON. `keep` stores bytes and returns the name under which they are found again."""
    path = written(change.path)
    if isinstance(change, Replace):
        before, after = encode_state(change.before, keep), encode_state(change.after, keep)
        return {"change": "replace", "path": path, "before": before, "after": after}
    if isinstance(change, Move):
        return {"change": "move", "path": path, "to": written(change.to), "inode": change.inode}
    if isinstance(change, MakeTree):
        return {
            "change": "make-tree",
            "path": path,
            "recipe": _encode_recipe(change.recipe),
            "digest": change.digest,
            "removes": change.removes,
        }
    rows = [[written(e.name), _encode_rights(e.before), _encode_rights(e.after)] for e in change.entries]
    entries = keep(json.dumps(rows).encode())
    return {"change": "set-rights", "path": path, "entries": entries, "own_hands": change.own_hands}


def decode(document: dict[str, Any], kept: Callable[[str], bytes]) -> Change:
    """The change that `encode` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    kind, path = document["change"], read(document["path"])
    if kind == "replace":
        return Replace(path, decode_state(document["before"], kept), decode_state(document["after"], kept))
    if kind == "move":
        return Move(path, read(document["to"]), int(document["inode"]))
    if kind == "make-tree":
        recipe = _decode_recipe(document["recipe"])
        return MakeTree(path, recipe, str(document["digest"]), bool(document["removes"]))
    if kind != "set-rights":
        raise ValueError(kind)
    rows = json.loads(kept(document["entries"]))
    entries = tuple(RightsOf(read(name), _decode_rights(before), _decode_rights(after)) for name, before, after in rows)
    return SetRights(path, entries, bool(document["own_hands"]))


def _encode_recipe(recipe: Vendor | UnpackTree) -> dict[str, Any]:
    if isinstance(recipe, Vendor):
        return {**recipe._asdict(), "path": written(recipe.path), "go": written(recipe.go)}
    paths = {"path": written(recipe.path), "archive": written(recipe.archive)}
    return {**recipe._asdict(), **paths, "shares": [written(path) for path in recipe.shares]}


def _decode_recipe(recipe: dict[str, Any]) -> Vendor | UnpackTree:
    if "archive" not in recipe:
        environment = tuple(map(str, recipe["environment"]))
        return Vendor(read(recipe["path"]), read(recipe["go"]), environment, bool(recipe["sums"]))
    words = {name: str(recipe[name]) for name in ("form", "version", "platform", "h1", "sha256")}
    gid = None if recipe["gid"] is None else int(recipe["gid"])
    shares = tuple(read(path) for path in recipe["shares"])
    return UnpackTree(path=read(recipe["path"]), archive=read(recipe["archive"]), gid=gid, shares=shares, **words)


def encode_state(state: State, keep: Callable[[bytes], str]) -> dict[str, Any]:
    """A state as JSON, with its content kept elsewhere."""
    if state.kind == "absent":
        return {"kind": "absent"}
    return {
        **state._asdict(),
        "content": keep(state.content) if state.kind == "file" else "",
        "target": written(state.target),
        "attributes": [[name, value.hex()] for name, value in state.attributes],
    }


def decode_state(document: dict[str, Any], kept: Callable[[str], bytes]) -> State:
    """The state that `encode_state` wrote. Raises as `decode`."""
    if document["kind"] == "absent":
        return State()
    times = (document["mtime"], document["atime"])
    mtime, atime = (None if time is None else int(time) for time in times)
    return State(
        kind=str(document["kind"]),
        content=kept(document["content"]) if document["content"] else b"",
        target=read(document["target"]),
        mode=int(document["mode"]),
        uid=int(document["uid"]),
        gid=int(document["gid"]),
        mtime=mtime,
        atime=atime,
        attributes=tuple((str(name), bytes.fromhex(value)) for name, value in document["attributes"]),
    )


def name_of(content: bytes) -> str:
    """The name under which bytes are kept: their SHA-256 in hexadecimal."""
    return sha256(content).hexdigest()


def written(path: str) -> str:
    """A path as the journal has it: the same for the same bytes, whatever the locale of the process that writes or reads it."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def read(text: Any) -> str:
    """The path that `written` wrote. Raises TypeError or ValueError for what is none."""
    if not isinstance(text, str):
        raise TypeError(text)
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def _encode_rights(rights: Rights) -> list[Any]:
    return [rights.mode, rights.uid, rights.gid, [[name, value.hex()] for name, value in rights.attributes]]


def _decode_rights(row: list[Any]) -> Rights:
    mode, uid, gid, attributes = row
    return Rights(int(mode), int(uid), int(gid), tuple((str(name), bytes.fromhex(value)) for name, value in attributes))
