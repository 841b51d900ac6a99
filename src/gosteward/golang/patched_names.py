r"""Which files a patch changes: unified diffs as `diff -u` and `git diff` write them, and nothing that patch(1) might take for something else. Pure.

    diff --git a/src/fmt/print.go b/src/fmt/print.go
    --- a/src/fmt/print.go
    +++ b/src/fmt/print.go
    @@ -1,3 +1,4 @@

Lines are counted by the heads of hunks, so that a removed line "-- x" is no head of a file. The first part of a name is taken off, as by `patch -p1`.
Refused: names that are absolute, lead out of the tree or are quoted; renames, copies, changes of modes, binary patches; ed scripts, context diffs and
`Prereq:`, which patch(1) knows as well.

Source: GNU diffutils, "Detailed Unified"; GNU patch 2.7, pch.c (`intuit_diff_type`, `best_name`); git-diff(1), "extended header lines".
"""

from __future__ import annotations

import re

from gosteward.errors import UsageError

SIZE_LIMIT = 4 << 20
MOST_FILES = 2_000
NOWHERE = "/dev/null"
_HUNK = re.compile(r"@@ -\d{1,8}(?:,(\d{1,8}))? \+\d{1,8}(?:,(\d{1,8}))? @@.*", re.ASCII | re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_+@%=~,.-]+(?:/[A-Za-z0-9_+@%=~,.-]+)*", re.ASCII)
_REFUSED = (
    "rename ", "copy ", "old mode ", "new mode ", "similarity index ", "GIT binary patch", "Binary files ", "Index:", "Prereq:", "*** ",
)  # fmt: skip
# patch(1) takes heads and ed scripts also where they are indented, or behind an X.
_ED = re.compile(r"\d+(?:,\d+)?[acds]")
_MODE = re.compile(r"(?:new|deleted) file mode (\d+)")


def names(text: str) -> tuple[str, ...]:
    """Files that a patch changes, makes or removes, relative to the tree, in order.

    Raises:
        UsageError: it changes none, or is something else than described above; with the number of the line.
    """
    if len(text) > SIZE_LIMIT:
        raise UsageError(f"a patch of more than {SIZE_LIMIT} bytes")
    lines = text.split("\n")
    found: dict[str, None] = {}
    at = 0
    while at < len(lines):
        if lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            found[_named(lines, at)] = None
            at = _behind_hunks(lines, at + 2)
        elif lines[at].startswith("diff --git "):
            found[_of_git(lines[at], at + 1)] = None  # also of an empty file, which has no hunk
            at += 1
        else:
            _refuse_foreign(lines[at], at + 1)
            at += 1
    if not found or len(found) > MOST_FILES:
        raise UsageError(
            f"a patch changes 1 to {MOST_FILES} files, and this one {len(found)}", hint="`diff -u` writes patches"
        )
    return tuple(found)


def _named(lines: list[str], at: int) -> str:
    old, new = (_of_head(lines[at + more], at + more + 1) for more in (0, 1))
    if old != new and "" not in (old, new):
        raise _wrong(at + 1, f"two names: {old} and {new}")
    if not (old or new):
        raise _wrong(at + 1, "no name")
    return old or new


def _of_git(line: str, number: int) -> str:
    words = line.rstrip("\r").split(" ")[2:]
    old, new = (_bare(word, number) for word in words) if len(words) == 2 else ("", "")
    if not old or old != new:
        raise _wrong(number, "not the same name twice")
    return old


def _of_head(line: str, number: int) -> str:
    """The name in a head without its first part; "" for /dev/null."""
    name = line[4:].partition("\t")[0].rstrip("\r")
    return "" if name == NOWHERE else _bare(name, number)


def _bare(name: str, number: int) -> str:
    first, _, rest = name.partition("/")
    whole = bool(_NAME.fullmatch(name)) and bool(rest)
    if not whole or {first, *rest.split("/")} & {"..", "."}:
        raise _wrong(
            number, "a name that is none of a file of Go's sources, with one directory in front of it (a/src/...)"
        )
    return rest


def _behind_hunks(lines: list[str], at: int) -> int:
    """The line behind the hunks of a file, of which there is one at least."""
    first = at
    while at < len(lines) and (match := _HUNK.fullmatch(lines[at])):
        old, new = (int(count) if count is not None else 1 for count in match.groups())
        at += 1
        while old > 0 or new > 0 or (at < len(lines) and lines[at].startswith("\\ ")):
            if at >= len(lines):
                raise _wrong(at, "the end, in the midst of a hunk")
            kind = lines[at][:1]
            if kind not in ("", " ", "+", "-", "\\") or (kind == "" and at == len(lines) - 1):
                raise _wrong(at + 1, "a line that is no part of a hunk, in the midst of one")
            old -= kind in ("", " ", "-")
            new -= kind in ("", " ", "+")
            at += 1
        if old or new:
            raise _wrong(at, "a hunk that is longer than its head says")
    if at == first:
        raise _wrong(at, "no hunk behind the names of a file")
    return at


def _refuse_foreign(line: str, number: int) -> None:
    bare = line.lstrip(" \tX")
    mode = _MODE.fullmatch(line.rstrip("\r"))
    if mode is not None and mode[1] not in ("100644", "100755"):
        raise _wrong(number, "no regular file")
    if bare.startswith(_REFUSED) or _ED.fullmatch(bare.rstrip("\r")):
        raise _wrong(number, "renames, modes, binary files, or a form other than `diff -u`")
    if bare.startswith(("--- ", "+++ ", "@@ ")):
        raise _wrong(number, "a head without its other half")


def _wrong(number: int, what: str) -> UsageError:
    return UsageError(f"the patch cannot be used, line {number}: {what}")
