"""From an action to the changes that it takes: reads what is there, checks what the action presumes, and says what will be there.

Raises `Refused` with a reason that a user can act on wherever the host is not as the finding said.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING

from gosteward.actions import (
    FIRST,
    LAST,
    LINE_SHOWN,
    Action,
    EditLines,
    InstallRelease,
    MakeDirectory,
    MoveAside,
    RemoveLink,
    ReplaceLink,
    UnixLineEnds,
    UnpackTree,
    Vendor,
    WriteFile,
)
from gosteward.finding import Text
from gosteward.host import checking
from gosteward.host.acting import acting_as
from gosteward.host.places import Refused, place
from gosteward.host.writing import State, pinned
from gosteward.repair.changes import Change, MakeTree, Move, Replace
from gosteward.repair.made_trees import refuse_foreign
from gosteward.repair.rights import rights_changes

if TYPE_CHECKING:
    from gosteward.actions import LineEdit
    from gosteward.repair.world import Seen, World

BOM = b"\xef\xbb\xbf"
CR = "\r"
FREE_NAMES = 100


def prepare(action: Action, world: World) -> tuple[Change, ...]:
    """The changes of one action, in order; () where everything is as it should be already.

    Raises:
        Refused: the host is not as the action presumes, or the action may not be done.   OSError: the kernel says no.
    """
    changes = tuple(change for change in _changes(action, world) if not change.unchanged())
    for change in changes:
        world.expect(change)
    return changes


def _changes(action: Action, world: World) -> tuple[Change, ...]:
    if isinstance(action, EditLines):
        return _edit(action, world)
    if isinstance(action, UnixLineEnds):
        return _unix_line_ends(action, world)
    if isinstance(action, WriteFile):
        return _write(action, world)
    if isinstance(action, MakeDirectory):
        return _make_directory(action, world)
    if isinstance(action, ReplaceLink):
        return _replace_link(action, world)
    if isinstance(action, RemoveLink):
        return _remove_link(action, world)
    if isinstance(action, MoveAside):
        return (_move_aside(action, world),)
    if isinstance(action, Vendor):
        return _vendor(action, world)
    if isinstance(action, UnpackTree):
        return _unpack(action, world)
    if isinstance(action, InstallRelease):  # whoever plans it makes other actions of it
        raise Refused(Text("nothing says where a release of Go comes from"))
    return rights_changes(action, world.accounts)


def _file(seen: Seen, path: str) -> State:
    if seen.state.kind == "absent":
        raise Refused(Text("{path} is not there", path=path))
    if seen.state.kind != "file":
        raise Refused(Text("{path} is no file", path=path))
    _expect_own(seen, path)
    return seen.state


def _expect_own(seen: Seen, path: str) -> None:
    """Whoever acts for a user could not give the new file to somebody else again."""
    if seen.uid not in (0, seen.state.uid):
        raise Refused(
            Text(
                "{path} belongs to uid {owner}, in a directory of uid {uid}",
                path=path,
                owner=str(seen.state.uid),
                uid=str(seen.uid),
            )
        )


def _new_content(path: str, state: State, content: bytes) -> State:
    _check_syntax(path, content)
    return state._replace(content=content, mtime=None, atime=None)


def _check_syntax(path: str, content: bytes, syntax: str = "") -> None:
    """A sudoers file that sudo does not accept locks everybody out."""
    if syntax == "sudoers" or path == "/etc/sudoers" or path.startswith("/etc/sudoers.d/"):
        complaint = checking.sudoers_complaint(content)
        if complaint:
            raise Refused(Text("visudo does not accept {path}: {complaint}", path=path, complaint=complaint))


def _edit(action: EditLines, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path)
    for line in (line for edit in action.edits for line in edit.after):
        if "\n" in line:  # a name with a line end in it would be lines of its own, say of a crontab
            raise Refused(Text("{line} is more than one line", line=repr(line)))
    if seen.state.kind == "absent" and all(edit.line in (FIRST, LAST) for edit in action.edits):
        lines = [line for edit in action.edits for line in edit.after]
        content = _encoded("".join(f"{line}\n" for line in lines))
        _check_syntax(seen.path, content)
        return _new_file(seen, content, 0o644)
    state = _file(seen, action.path)
    if b"\0" in state.content:
        raise Refused(Text("{path} is no text file", path=action.path))
    content = _encoded(_edited(state.content.decode("utf-8", "surrogateescape"), action))
    return (Replace(seen.path, state, _new_content(seen.path, state, content)),)


def _encoded(text: str) -> bytes:
    if "\0" not in text:
        with contextlib.suppress(UnicodeEncodeError):
            return text.encode("utf-8", "surrogateescape")
    raise Refused(Text("{line} cannot be written to a file", line=repr(text[:LINE_SHOWN])))


def _edited(text: str, action: EditLines) -> str:
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    replaced = {edit.line: edit for edit in action.edits if edit.line not in (FIRST, LAST)}
    for edit in replaced.values():
        _check_line(lines, edit, action.path)
    body: list[str] = []
    for number, line in enumerate(lines, 1):
        own = replaced.get(number)
        body += [line] if own is None else _in_its_place(line, own.after, end)
    first = [f"{line.rstrip(CR)}{end}" for edit in action.edits if edit.line == FIRST for line in edit.after]
    last = [f"{line.rstrip(CR)}{end}" for edit in action.edits if edit.line == LAST for line in edit.after]
    if last and body and not body[-1].endswith("\n"):
        body[-1] += end
    if first and body and body[0].startswith("#!"):  # the kernel and the reader look for it in the first line
        return "".join((*_ended(body[:1], end), *first, *body[1:], *last))
    return "".join((*first, *body, *last))


def _in_its_place(line: str, after: tuple[str, ...], end: str) -> list[str]:
    """New lines; the last of them ends as the old one did, the last line of a file maybe not at all."""
    own_end = _line_end(line)
    ends = [own_end or end] * (len(after) - 1) + [own_end]
    return [f"{new.rstrip(CR)}{own}" for new, own in zip(after, ends)]


def _ended(lines: list[str], end: str) -> list[str]:
    return [line if line.endswith("\n") else line + end for line in lines]


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _check_line(lines: list[str], edit: LineEdit, path: str) -> None:
    present = lines[edit.line - 1].rstrip("\r\n") if 0 < edit.line <= len(lines) else None
    expected = edit.before.rstrip()
    if present is None or present[:LINE_SHOWN].rstrip() != expected:
        raise Refused(Text("{place} is not what it was when it was read", place=f"{path}:{edit.line}"))
    if len(present) > LINE_SHOWN and edit.after:
        raise Refused(Text("{place} is longer than was read", place=f"{path}:{edit.line}"))


def _unix_line_ends(action: UnixLineEnds, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path)
    state = _file(seen, action.path)
    content = state.content[len(BOM) :] if state.content.startswith(BOM) else state.content
    content = re.sub(rb"\r+(?=\n|\Z)", b"", content)
    return (Replace(seen.path, state, _new_content(seen.path, state, content)),)


def _write(action: WriteFile, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path)
    content = _encoded(action.content)
    if seen.state.kind == "file" and seen.state.content == content:
        return ()
    if seen.state.kind != "absent":
        raise Refused(Text("{path} is there already, with something else in it", path=action.path))
    _check_syntax(seen.path, content, action.syntax)
    return _new_file(seen, content, action.mode)


def _new_file(seen: Seen, content: bytes, mode: int) -> tuple[Change, ...]:
    new = State(kind="file", content=content, mode=mode, uid=seen.uid, gid=seen.gid)
    return (*_parents(seen), Replace(seen.path, State(), new))


def _parents(seen: Seen) -> tuple[Change, ...]:
    made = State(kind="directory", mode=0o755 if seen.uid == 0 else 0o700, uid=seen.uid, gid=seen.gid)
    return tuple(Replace(path, State(), made) for path in seen.missing)


def _make_directory(action: MakeDirectory, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path)
    if seen.state.kind == "directory":
        return ()
    if seen.state.kind != "absent":
        raise Refused(Text("{path} is there, and is no directory", path=action.path))
    made = State(kind="directory", mode=action.mode, uid=seen.uid, gid=seen.gid)
    if seen.uid == 0 and action.uid is not None and action.gid is not None:
        made = made._replace(uid=action.uid, gid=action.gid)
    return (*_parents(seen), Replace(seen.path, State(), made))


def _replace_link(action: ReplaceLink, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path, follow=False)
    state = seen.state
    if state.kind == "link" and state.target == action.target:
        return ()
    _expect_link(state, action.before, action.path)
    _encoded(action.target)
    new = State(kind="link", target=action.target, mode=0o777, uid=seen.uid, gid=seen.gid)
    if state.kind == "link":
        _expect_own(seen, action.path)
        new = new._replace(uid=state.uid, gid=state.gid)
    return (*_parents(seen), Replace(seen.path, state, new))


def _expect_link(state: State, before: str | None, path: str) -> None:
    if before is None and state.kind != "absent":
        raise Refused(Text("{path} is there already", path=path))
    if before is not None and (state.kind != "link" or state.target != before):
        raise Refused(Text("{path} is no link to {target} any more", path=path, target=before))


def _remove_link(action: RemoveLink, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path, follow=False)
    if seen.state.kind == "absent":
        return ()
    _expect_link(seen.state, action.before, action.path)
    return (Replace(seen.path, seen.state, State()),)


def _move_aside(action: MoveAside, world: World) -> Move:
    with place(action.path, world.accounts, follow=False) as where, acting_as(where.account):
        descriptor = pinned(where.directory, where.name)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            raise Refused(Text("{path} is neither file, directory nor link", path=action.path))
        directory = where.path.rpartition("/")[0]
        free = f"{directory}/{_free_name(where.directory, where.name)}"
        return Move(where.path, free, status.st_ino)


def _vendor(action: Vendor, world: World) -> tuple[Change, ...]:
    """A new directory beside the old one, which goes aside; the new one in its place."""
    present = world.see(f"{action.path}/vendor", follow=False)
    if present.state.kind not in ("absent", "directory"):
        raise Refused(Text("{path} is there, and is no directory", path=present.path))
    with place(present.path, world.accounts, follow=False) as where:
        refuse_foreign(action, where, world.accounts)
        with acting_as(where.account):
            new = f"{present.path.rpartition('/')[0]}/{_free_name(where.directory, where.name, 'new')}"
    aside = (_move_aside(MoveAside(present.path), world),) if present.state.kind == "directory" else ()
    return (MakeTree(new, action), *aside, Move(new, present.path, 0))


def _unpack(action: UnpackTree, world: World) -> tuple[Change, ...]:
    seen = world.see(action.path, follow=False)
    if seen.state.kind != "absent":
        raise Refused(Text("{path} is there already", path=action.path))
    return (*_parents(seen), MakeTree(seen.path, action._replace(path=seen.path)))


def _free_name(directory: int, name: str, word: str = "aside") -> str:
    """Hidden, so that nothing takes what was moved aside for a Go tree."""
    for number in range(1, FREE_NAMES):
        free = f".{name}.{word}" if number == 1 else f".{name}.{word}-{number}"
        try:
            os.lstat(free, dir_fd=directory)
        except FileNotFoundError:
            return free
    raise Refused(Text("{name} was moved aside too often already", name=name))
