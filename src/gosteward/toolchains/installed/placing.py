"""Links through which every session finds a toolchain: `current` in its root, and the commands in a directory that is on every PATH.

    /usr/local/bin/go -> ROOT/current/bin/go    current -> go1.26.8
    /etc/profile.d/golang.sh                    each user's own directory of programs, which no link can lead to (`profile_dropins`)

A switch is one rename of `current`. go finds GOROOT by its real path, so none has to be exported. Source: facts of path_resolution(7), and
cmd/go/internal/cfg (`findGOROOT`), which resolves the program's own path.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import LAST, EditLines, LineEdit, MoveAside, RemoveLink, ReplaceLink, WriteFile
from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang.installed_trees import CURRENT
from gosteward.host.running import processes_below
from gosteward.toolchains.installed import profile_dropins

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.host.local import LocalHost

COMMANDS = ("go", "gofmt")
LOCAL_BIN = "/.local/bin"
USUAL_PLACE = "/usr/local/go"
PROGRAMS_OF_THE_SYSTEM = ("usr/bin", "bin")


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
        """Let `current` lead to a version, whatever it leads to now. Raises OSError: that cannot be told. UsageError: it is no link."""
        self.refuse_occupied()
        path = f"{self.root}/{CURRENT}"
        return ReplaceLink(path, version, target_of(path) or None)

    def refuse_occupied(self) -> None:
        """Raises UsageError: something that is no link is where `current` belongs, which nobody but its owner can judge. OSError."""
        path = f"{self.root}/{CURRENT}"
        if is_there(path) and not target_of(path):
            hint = "move it away: gosteward puts a link there, which leads to the release in use"
            raise UsageError("it is no link", subject=path, hint=hint)

    def in_use(self) -> str:
        """The version that `current` leads to, "" for none. Raises OSError: what cannot be read is not nothing, or a release in use would be switched from."""
        return target_of(f"{self.root}/{CURRENT}")

    def for_release(self, version: str, *, use: bool) -> Places:
        """The links of a new release: it comes into use if it is wanted so, or if nothing else is. Raises OSError."""
        used = self.in_use()
        return Places((self.switched(version),) if not used or (use and used != version) else ()) + self.links()

    def links(self) -> Places:
        """The commands, the usual place, and what shells read (`drop_ins`)."""
        return self.command_links() + self.drop_ins()

    def command_links(self) -> Places:
        """The commands, and the usual place: none, for root, where somebody else could put another go behind them."""
        other = _others(self.root) if os.geteuid() == 0 and (self.directory or self.usual_place) else ""
        if other:
            text = Text("{path} can be changed by others than root: no command is linked to what is below", path=other)
            return Places((), (text,))
        found = Places()
        for name in COMMANDS if self.directory else ():
            found += self._link(f"{self.directory}/{name}", f"{self.root}/{CURRENT}/bin/{name}")
        if self.usual_place:
            found += self._link(self.usual_place, f"{self.root}/{CURRENT}")
        return found

    def drop_ins(self) -> Places:
        """Files of the system that shells read at their start, where its usual place is ours to link; else only what a user has to know."""
        if not self.usual_place.endswith(USUAL_PLACE):
            return Places((), self._not_found()) if self.directory else Places()
        # Where nobody reads such files, or nobody can write them (images that are read-only), links have to do.
        space = self.host.space(f"{self._system}/etc")
        if not self.host.is_directory(self._profile.rpartition("/")[0]) or space is None or space.read_only:
            return Places()
        found = Places()
        for path, text in self._files():
            found += self._file(path, text)
        ours = self._text(self._profile) == profile_dropins.POSIX_TEXT or self._profile in _made(found)
        return found + self._zsh_line() if ours else found

    def removed(self) -> tuple[Action, ...]:
        """All of it goes that is ours, as the last tree of a root does. Raises OSError: what is there cannot be told, and nobody would ask again."""
        links = [(f"{self.directory}/{name}", f"{self.root}/{CURRENT}/bin/{name}") for name in COMMANDS]
        links.append((self.usual_place, f"{self.root}/{CURRENT}"))
        ours = tuple(RemoveLink(path, to) for path, to in links if path[:1] == "/" and target_of(path) == to)
        current = self.in_use()
        switch = (RemoveLink(f"{self.root}/{CURRENT}", current),) if current else ()
        # Of several roots the one that commands lead to has the files of shells: they go first, so that after a kill it still has them.
        return (*(self._drop_ins_removed() if ours else ()), *ours, *switch)

    def _drop_ins_removed(self) -> tuple[Action, ...]:
        if not self.usual_place.endswith(USUAL_PLACE):
            return ()
        line = profile_dropins.zsh_line(self._profile)
        lines = (self._text(self._zprofile) or "").split("\n")
        edits = tuple(LineEdit(number, text) for number, text in enumerate(lines, 1) if text == line)
        files = tuple(MoveAside(path) for path, text in self._files() if self._text(path) == text)
        return (*files, EditLines(self._zprofile, edits)) if edits else files

    @property
    def _system(self) -> str:
        """Where the system begins that the usual place is part of: "" for /."""
        return self.usual_place[: -len(USUAL_PLACE)]

    @property
    def _profile(self) -> str:
        return f"{self._system}/etc/{profile_dropins.PROFILE_D}"

    @property
    def _zprofile(self) -> str:
        return f"{self._system}/etc/{'zsh/' if is_there(f'{self._system}/etc/zsh') else ''}zprofile"

    def _files(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (f"{self._system}/etc/{name}", text)
            for name, text in profile_dropins.DROP_INS
            if name != profile_dropins.FISH_D or self._has("fish")
        )

    def _has(self, shell: str) -> bool:
        return any(self.host.exists(f"{self._system}/{place}/{shell}") for place in PROGRAMS_OF_THE_SYSTEM)

    def _text(self, path: str) -> str | None:
        """The content of a file; None for what is none that can be read. Raises OSError: the disk has an error."""
        try:
            return self.host.text(path)
        except OSError as error:
            if error.errno == errno.EIO:
                raise
            return None

    def _file(self, path: str, text: str) -> Places:
        if self.host.lstat(path) is None:
            return Places((WriteFile(path, text),))
        if self._text(path) == text:
            return Places()
        if not self.adopt:
            return Places((), (_left(path, ""),))
        return Places((MoveAside(path), WriteFile(path, text)))

    def _zsh_line(self) -> Places:
        """zsh has no directory for drop-ins, and Debian's reads nothing of /etc/profile: one line more in a file for the host's own settings."""
        text = self._text(self._zprofile)
        if not self._has("zsh") or profile_dropins.reads_profile(text or ""):
            return Places()
        if text is None and self.host.lstat(self._zprofile) is not None:
            return Places((), (_left(self._zprofile, ""),))
        edit = EditLines(self._zprofile, (LineEdit(LAST, after=(profile_dropins.zsh_line(self._profile),)),))
        note = Text(
            "{path} has a line more, by which login shells of zsh read {profile}",
            path=self._zprofile,
            profile=self._profile,
        )
        return Places((edit,), (note,))

    def _not_found(self) -> tuple[Text, ...]:
        """Directories of a user without which neither go nor what it installs is found by name in this session."""
        environ = self.host.environ
        present = {entry.rstrip("/") for entry in environ.get("PATH", "").split(":")}
        home = self.directory[: -len(LOCAL_BIN)] if self.directory.endswith(LOCAL_BIN) else ""
        gopath = environ.get("GOPATH", "").partition(":")[0] or (f"{home}/go" if home else "")
        programs = environ.get("GOBIN", "") or (f"{gopath.rstrip('/')}/bin" if gopath else "")
        wanted = dict.fromkeys((self.directory, programs)) if "PATH" in environ else {}
        return tuple(_not_on_path(path) for path in wanted if path and path not in present)

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


def is_there(path: str) -> bool:
    """Whether something is at a path. Raises OSError: it cannot be told."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def target_of(path: str) -> str:
    """Where a link leads, "" for what is none. Raises OSError: it cannot be told."""
    try:
        return os.readlink(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EINVAL):
            return ""
        raise


def _others(root: str) -> str:
    """The first directory on the way up from a root that is somebody else's, or everybody's; "" if there is none.

    A group that root lets write is trusted, as in /usr/local of Debian; and so is whoever / belongs to, which is not root where we are it in a
    user namespace only.
    """
    path, trusted = os.path.realpath(root), (0, os.stat("/").st_uid)
    while path != "/":
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(path)
            everybodys = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
            if everybodys or status.st_uid not in trusted:
                return path
        path = os.path.dirname(path)
    return ""


def _made(places: Places) -> tuple[str, ...]:
    return tuple(action.path for action in places.actions if isinstance(action, WriteFile))


def _left(path: str, target: str) -> Text:
    if target:
        return Text("{path} leads to {target}, and stays so; --adopt lets it lead here", path=path, target=target)
    return Text("{path} is there already, and stays so; --adopt moves it aside", path=path)


def _not_on_path(path: str) -> Text:
    return Text("{path} is not on the PATH of this session: add it in a file that your shell reads", path=path)
