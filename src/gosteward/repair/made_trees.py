"""Directories that are made whole: a vendor directory by its owner's go, a Go tree from its archive. Beside their place, then renamed to it.

A vendor directory is written only if go.mod stays as it is: go gets copies of go.mod and go.sum. Source: `go help modules`, `-modfile`; cmd/go/internal/modcmd/vendor.go, `-o`.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.actions import UnpackTree, Vendor
from gosteward.finding import Text
from gosteward.host import checking, writing
from gosteward.host.acting import acting_as
from gosteward.host.places import Refused
from gosteward.host.running import processes_below
from gosteward.repair import unpacked_trees
from gosteward.repair.descent import everything

if TYPE_CHECKING:
    from gosteward.host.places import Accounts, Place
    from gosteward.repair.changes import MakeTree

SECONDS = 300.0
COPY = "copy"
VENDOR = "vendor"
OURS = {"GOWORK": "off", "GIT_TERMINAL_PROMPT": "0"}
SHOWN = 300


def refuse_foreign(recipe: Vendor, where: Place, accounts: Accounts) -> None:
    """Raise Refused if the program would run with other rights than those of the user whose program and environment it is."""
    runner = where.account.uid if where.account is not None else os.geteuid()
    if runner != accounts.examined:
        raise Refused(
            Text(
                "{go} runs only for the user whose it is, and {path} belongs to uid {uid}",
                go=recipe.go,
                path=recipe.path,
                uid=str(runner),
            )
        )


def _refuse_running(path: str) -> None:
    """A build that runs programs of a tree would break without it."""
    for process in processes_below(path):
        raise Refused(
            Text("process {pid} ({name}) runs {path}", pid=str(process.pid), name=process.name, path=process.program)
        )


def perform(change: MakeTree, where: Place, accounts: Accounts, temporary: str) -> MakeTree:
    """Write the directory, or remove it. Raises Refused and OSError; nothing is left then."""
    if change.removes:
        if side_of(change, where) != "before":
            raise Refused(Text("{path} was changed by somebody else", path=change.path))
        if isinstance(change.recipe, UnpackTree):
            _refuse_running(change.path)
        with acting_as(where.account):
            writing.move(where.directory, where.name, where.directory, temporary)
            writing.remove_tree(where.directory, temporary)
        return change
    recipe = change.recipe
    if isinstance(recipe, Vendor):
        refuse_foreign(recipe, where, accounts)
    with acting_as(where.account):
        room = writing.make_room(where.directory, temporary)
    try:
        if isinstance(recipe, Vendor):
            _write(recipe, where, room, temporary)
        else:
            with acting_as(where.account):
                change = unpacked_trees.write(change, recipe, room)
        with acting_as(where.account):
            writing.sync_file_system(where.directory)
            writing.move(
                room, VENDOR if isinstance(recipe, Vendor) else unpacked_trees.ROOM, where.directory, where.name
            )
    finally:
        os.close(room)
        with acting_as(where.account):
            writing.remove_tree(where.directory, temporary)
    return change if change.digest else as_found(change, where)


def _write(recipe: Vendor, where: Place, room: int, temporary: str) -> None:
    with acting_as(where.account):
        module = writing.state(where.directory, "go.mod").content
        sums = writing.state(where.directory, "go.sum").content
        writing.write_new(room, f"{COPY}.mod", module)
        writing.write_new(room, f"{COPY}.sum", sums)
    flag = f"-modfile={temporary}/{COPY}.mod"
    if recipe.sums:
        _run(recipe, where, temporary, ("list", "-mod=mod", flag, "all"))
    _run(recipe, where, temporary, ("mod", "vendor", flag, "-o", f"{temporary}/{VENDOR}"))
    with acting_as(where.account):
        if writing.state(room, f"{COPY}.mod").content != module:
            raise Refused(
                Text("{path} needs other requirements: run `go mod tidy` there", path=f"{recipe.path}/go.mod")
            )
        if writing.state(room, VENDOR).kind != "directory":
            raise Refused(Text("{path} has nothing to vendor", path=recipe.path))


def _run(recipe: Vendor, where: Place, temporary: str, words: tuple[str, ...]) -> None:
    given = dict(line.partition("=")[::2] for line in recipe.environment)
    # What go keeps of its work goes with the room: nothing that `undo` would have to find again.
    room = f"{where.path.rpartition('/')[0]}/{temporary}"
    caches = {"GOPATH": f"{room}/gopath", "GOMODCACHE": f"{room}/gopath/pkg/mod", "GOCACHE": f"{room}/cache"}
    environment = {**OURS, **given, **caches}
    code, output = checking.run_as(where.account, (recipe.go, *words), environment, where.directory, SECONDS)
    if code:
        last = " ".join(output.split())[-SHOWN:]
        raise Refused(Text("`{command}` failed: {output}", command=f"go {' '.join(words[:2])}", output=last))


def side_of(change: MakeTree, where: Place) -> str:
    """As `executor.side_of`."""
    with acting_as(where.account):
        try:
            status = os.lstat(where.name, dir_fd=where.directory)
        except FileNotFoundError:
            return "after" if change.removes else "before"
    whole = stat.S_ISDIR(status.st_mode) and (not change.digest or as_found(change, where).digest == change.digest)
    return "elsewhere" if not whole else "before" if change.removes else "after"


def as_found(change: MakeTree, where: Place) -> MakeTree:
    """The change with the digest of what is there. Raises Refused and OSError."""
    if isinstance(change.recipe, UnpackTree):
        with acting_as(where.account):
            return unpacked_trees.listed(change, unpacked_trees.listing_at(where))
    return change._replace(digest=_digest(where))


def _digest(where: Place) -> str:
    """SHA-256 of all names, modes, links and contents of a tree, in hexadecimal."""
    total = sha256()
    with acting_as(where.account):
        for met in everything(where):
            content = b""
            if met.name and not stat.S_ISDIR(met.status.st_mode):
                content = _content(where, met.name, stat.S_ISLNK(met.status.st_mode))
            line = (os.fsencode(met.name), b"%o" % met.status.st_mode, sha256(content).digest())
            total.update(b"\0".join(line) + b"\n")
    return total.hexdigest()


def _content(where: Place, name: str, is_link: bool) -> bytes:
    path = f"{where.name}/{name}"
    if is_link:
        return os.fsencode(os.readlink(path, dir_fd=where.directory))
    with open(os.open(path, writing.READING, dir_fd=where.directory), "rb") as file:
        return file.read()
