"""Links through which every session finds a toolchain: `current` in its root, and the commands in a directory that is on every PATH.

    /usr/local/bin/go -> ROOT/current/bin/go    current -> go1.26.8

A switch is one rename of `current`. go finds GOROOT by its real path, so none has to be exported. Source: facts of path_resolution(7), and
cmd/go/internal/cfg (`findGOROOT`), which resolves the program's own path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import MoveAside, ReplaceLink
from gosteward.finding import Text
from gosteward.golang.installed_trees import CURRENT
from gosteward.host.running import processes_below

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.host.local import LocalHost

COMMANDS = ("go", "gofmt")


class Places(NamedTuple):
    """Links to make.  notes: what was left as it is, and why."""

    actions: tuple[Action, ...] = ()
    notes: tuple[Text, ...] = ()

    def __add__(self, other: object) -> Places:
        if not isinstance(other, Places):
            return NotImplemented
        return Places((*self.actions, *other.actions), (*self.notes, *other.notes))


class Placing(NamedTuple):
    """How links are made.

    Attributes:
        root: where trees are, as in the targets of links.   directory: where commands are linked, "" for nowhere.
        usual_place: path that also leads to the one in use, "/usr/local/go", "" for none.   adopt: what is in the way is moved aside.
    """

    host: LocalHost
    root: str
    directory: str
    usual_place: str = ""
    adopt: bool = False

    def switched(self, version: str) -> ReplaceLink:
        """Let `current` lead to a version, whatever it leads to now."""
        path = f"{self.root}/{CURRENT}"
        return ReplaceLink(path, version, self.host.readlink(path) or None)

    def links(self) -> Places:
        """The commands, and the usual place."""
        found = Places()
        for name in COMMANDS if self.directory else ():
            found += self._link(f"{self.directory}/{name}", f"{self.root}/{CURRENT}/bin/{name}")
        if self.usual_place:
            found += self._link(self.usual_place, f"{self.root}/{CURRENT}")
        return found

    def _link(self, path: str, target: str) -> Places:
        present = self.host.readlink(path)
        if present == target:
            return Places()
        if not present and self.host.lstat(path) is None:
            return Places((ReplaceLink(path, target, None),))
        if not self.adopt:
            return Places((), (_left(path, present),))
        if present:
            return Places((ReplaceLink(path, target, present),))
        for process in processes_below(self.host.realpath(path) or path):
            text = Text(
                "{path} is used by process {pid} ({name}): it stays", path=path, pid=str(process.pid), name=process.name
            )
            return Places((), (text,))
        return Places((MoveAside(path), ReplaceLink(path, target, None)))


def _left(path: str, target: str) -> Text:
    if target:
        return Text("{path} leads to {target}, and stays so; --adopt lets it lead here", path=path, target=target)
    return Text("{path} is there already, and stays so; --adopt moves it aside", path=path)
