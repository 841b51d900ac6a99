"""Changes of a host as data: what to do, and what must hold before it is done. Types only.

An action says what a rule knows from a Snapshot; the whole state before and after is read by `repair.changes` at the moment of the
change, so that every change can be undone. A path is named as the user names it: links on the way are followed with the rights of
whoever could have made them.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

# Texts of lines in a Snapshot are cut at this many characters.
LINE_SHOWN = 300
FIRST, LAST = 0, -1


class LineEdit(NamedTuple):
    """One place of a text file.

    Attributes:
        line: number of the line that is replaced, 1 is the first one; FIRST: in front of all lines, LAST: behind all lines.
        before: that line without its line end (of a long one the first LINE_SHOWN characters); "" for FIRST and LAST.
        after: lines that take its place; () deletes it.
    """

    line: int
    before: str = ""
    after: tuple[str, ...] = ()


class EditLines(NamedTuple):
    """Change single lines; the others, and how lines end, stay. A file that is missing is made if all edits are FIRST or LAST."""

    path: str
    edits: tuple[LineEdit, ...]


class UnixLineEnds(NamedTuple):
    """Take the carriage return from every line end, and the byte order mark from the head of the file."""

    path: str


class WriteFile(NamedTuple):
    """Make a file that is not there yet, with its directories.

    Attributes:
        mode: permission bits.   syntax: "sudoers" to have it checked by `visudo -c` first, "" for none.
    """

    path: str
    content: str
    mode: int = 0o644
    syntax: str = ""


class MakeDirectory(NamedTuple):
    """Make a directory that is not there yet, with its parents, which belong to whoever owns the place.

    Attributes:
        uid, gid: whose it becomes in a place of root's; None for the owner of the place. In a place of somebody else it is theirs.
    """

    path: str
    mode: int = 0o755
    uid: Optional[int] = None
    gid: Optional[int] = None


class ReplaceLink(NamedTuple):
    """Let a symbolic link name `target`, in one step.  before: what it names now, None if nothing is at `path`."""

    path: str
    target: str
    before: Optional[str] = None


class RemoveLink(NamedTuple):
    """Take a symbolic link away.  before: what it names."""

    path: str
    before: str


class MoveAside(NamedTuple):
    """Rename a file or directory within its directory, so that it can be moved back."""

    path: str


class SetMode(NamedTuple):
    """Give a file or directory another mode.  before, after: permission bits, 0 to 0o7777."""

    path: str
    before: int
    after: int


class OpenTree(NamedTuple):
    """Give everything in a Go tree the modes of the distribution, as far as bits are missing: nothing loses a right.

    Attributes:
        path: the tree.   others: whether group and others get what the owner has (else nobody but the owner does).
    """

    path: str
    others: bool = True


class CloseTree(NamedTuple):
    """Take the right to write from everybody but owner and group, in a whole tree."""

    path: str


class SetOwner(NamedTuple):
    """Give a file or directory to somebody.

    Attributes:
        before: uid that owns what is to be changed; what others own is left alone.   uid, gid: who gets it.
        tree: also everything below it on the same file system; links themselves, never what they lead to.
    """

    path: str
    before: int
    uid: int
    gid: int
    tree: bool = False


class WidenAcl(NamedTuple):
    """Add rights to an extended ACL.

    Attributes:
        rights: of "r", "w", "x".   uid: whose entry gets them (it is made if there is none), None for the mask alone, which always gets them.
    """

    path: str
    rights: str
    uid: Optional[int] = None


class Vendor(NamedTuple):
    """Let `go mod vendor` write a module's vendor directory anew: beside the old one, which it then replaces.

    go works on copies of go.mod and go.sum (`go mod vendor -modfile=COPY/go.mod -o NEW`), so that the two stay as they are; where it
    changes the copy of go.mod, the module needs more than a vendor directory, and the action fails.

    Attributes:
        path: the module's root.   go: the program.   environment: "NAME=value" lines, what the user's sessions set for it; GOPATH,
            GOMODCACHE and GOCACHE are for this once, and GOFLAGS has -modcacherw, so that they can be removed.
        sums: go.sum lacks checksums of modules that are imported: `go list -mod=mod -modfile=COPY/go.mod all` completes the copy first.
    """

    path: str
    go: str
    environment: tuple[str, ...] = ()
    sums: bool = False


class UnpackTree(NamedTuple):
    """Unpack a release of Go as a new directory, if the archive holds what is proved.

    Attributes:
        path: the new GOROOT.   archive: file, by its whole path.
        form: "module" (zip of golang.org/toolchain) or "archive" (tar.gz as on go.dev).
        version, platform: "go1.26.8", "linux-amd64", as the toolchain module names them.
        h1: of the module form of the tree, "" if nothing proves one.   sha256: of the archive, in hexadecimal, "" if it is not known.
        gid: group that may read and run the tree, and nobody else besides root; None for everybody.
        shares: other trees of ours; files that are the same there need no room.
    """

    path: str
    archive: str
    form: str
    version: str
    platform: str
    h1: str = ""
    sha256: str = ""
    gid: Optional[int] = None
    shares: tuple[str, ...] = ()


class InstallRelease(NamedTuple):
    """Have a sound release of Go where a tree is missing or no good. Where it comes from shows when it is done: `toolchains.supply` makes
    other actions of it.

    Attributes:
        path: what is to lead to it: a tree, its bin directory or a program; what is there is moved aside, or a link led elsewhere.
            "" for the links that `gosteward install` makes.
        version: "go1.26.8", "" for the newest that can be had.   part: what of a tree `path` stands for: "", "bin", "bin/go".
    """

    path: str
    version: str = ""
    part: str = ""


Action = Union[
    EditLines,
    UnixLineEnds,
    WriteFile,
    MakeDirectory,
    ReplaceLink,
    RemoveLink,
    MoveAside,
    SetMode,
    OpenTree,
    CloseTree,
    SetOwner,
    WidenAcl,
    Vendor,
    UnpackTree,
    InstallRelease,
]
KINDS: dict[str, type[Action]] = {
    "edit-lines": EditLines,
    "unix-line-ends": UnixLineEnds,
    "write-file": WriteFile,
    "make-directory": MakeDirectory,
    "replace-link": ReplaceLink,
    "remove-link": RemoveLink,
    "move-aside": MoveAside,
    "set-mode": SetMode,
    "open-tree": OpenTree,
    "close-tree": CloseTree,
    "set-owner": SetOwner,
    "widen-acl": WidenAcl,
    "vendor": Vendor,
    "unpack-tree": UnpackTree,
    "install-release": InstallRelease,
}
NAMES = {kind: name for name, kind in KINDS.items()}
