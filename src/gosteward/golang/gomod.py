"""go.mod and go.work, read as Go reads them, with line numbers. Pure.

The parser is tolerant: a line that no Go accepts is kept as an error and the rest is read. Directives that only newer Go releases
know (`toolchain`, `godebug`, `tool`, `ignore`) are no errors here; whether a certain Go knows them is a rule's question.

Source: go.dev/ref/mod, "go.mod files" and "Workspaces"; golang.org/x/mod/modfile, rule.go (`add`, `parseReplace`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import modfile_lines

if TYPE_CHECKING:
    from gosteward.golang.modfile_lines import Line

# Each with whether it may have a block of lines in parentheses.
MOD_DIRECTIVES = {
    "module": True,
    "go": False,
    "toolchain": False,
    "godebug": True,
    "require": True,
    "exclude": True,
    "replace": True,
    "retract": True,
    "tool": True,
    "ignore": True,
}
WORK_DIRECTIVES = {"go": False, "toolchain": False, "godebug": True, "use": True, "replace": True}
# Release from which go.mod may have them; older ones stop at them.
SINCE = {"retract": "1.16", "toolchain": "1.21", "godebug": "1.23", "tool": "1.24", "ignore": "1.25"}

_GO_VERSION = re.compile(r"[1-9][0-9]*\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:[a-z]+[0-9]+)?")
_TOOLCHAIN = re.compile(r"default|go1(?:\..*)?")
_SEMVER = re.compile(
    r"v(?P<major>0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+(?P<build>[0-9A-Za-z.-]+))?",
    re.ASCII,
)
_PATH_MAJOR = re.compile(r"/v([0-9]+)$")
_DRIVE = re.compile(r"[A-Za-z]:")


class Require(NamedTuple):
    """A module with the version that is asked for."""

    path: str
    version: str
    line: Line
    indirect: bool = False


class Replace(NamedTuple):
    """A replacement.  version: "" for all versions.  target_version: "" for a directory."""

    path: str
    version: str
    target: str
    target_version: str
    line: Line


class ModFile(NamedTuple):
    """A go.mod or go.work.

    Attributes:
        module, go, toolchain: values, "" without such a line; the lines themselves are `go_line`, `toolchain_line`.
        requires, replaces, uses: in order.   errors: lines that no Go accepts, with the reason.
        directives: first line of each directive, in order of appearance.
    """

    module: str = ""
    go: str = ""
    go_line: Line | None = None
    toolchain: str = ""
    toolchain_line: Line | None = None
    requires: tuple[Require, ...] = ()
    replaces: tuple[Replace, ...] = ()
    uses: tuple[Line, ...] = ()
    errors: tuple[tuple[Line, str], ...] = ()
    directives: tuple[Line, ...] = ()


def parse(text: str, directives: dict[str, bool] = MOD_DIRECTIVES) -> ModFile:
    """Read a go.mod, or a go.work when `directives` is WORK_DIRECTIVES."""
    taken = modfile_lines.read(text)
    reading = _Reading()
    reading.errors += taken.errors
    refused = set()
    for block in taken.blocks:
        if block.words or not directives.get(block.verb, False):
            refused.add(block.verb)
            reading.errors.append((block, "no directive that has a block"))
    for line in taken.lines:
        if line.block and line.verb in refused:
            continue  # said at the first line of its block
        if line.verb not in directives:
            reading.errors.append((line, "unknown directive"))
            continue
        reading.seen.setdefault(line.verb, line)
        problem = _READERS[line.verb](reading, line)
        if problem:
            reading.errors.append((line, problem))
    return reading.file()


def is_directory(path: str) -> bool:
    """Whether the target of a replacement names a directory, in the syntax of any system."""
    return path in (".", "..") or path.startswith(("./", "../", "/", ".\\", "..\\", "\\")) or bool(_DRIVE.match(path))


def is_version(text: str) -> bool:
    """Whether it is a full semantic version as modules have them: "v1.2.3", "v2.0.0+incompatible"."""
    return bool(_SEMVER.fullmatch(text))


def escape(text: str) -> str:
    """Module path or version as file names of the module cache and of proxies have it: "!" before each capital, then lower case."""
    return "".join(f"!{c.lower()}" if "A" <= c <= "Z" else c for c in text)


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.requires: list[Require] = []
        self.replaces: list[Replace] = []
        self.uses: list[Line] = []
        self.errors: list[tuple[Line, str]] = []
        self.seen: dict[str, Line] = {}

    def single(self, verb: str) -> str:
        line = self.lines.get(verb)
        return line.words[0] if line and line.words else ""

    def file(self) -> ModFile:
        return ModFile(
            module=self.single("module"),
            go=self.single("go"),
            go_line=self.lines.get("go"),
            toolchain=self.single("toolchain"),
            toolchain_line=self.lines.get("toolchain"),
            requires=tuple(self.requires),
            replaces=tuple(self.replaces),
            uses=tuple(self.uses),
            errors=tuple(sorted(self.errors, key=lambda error: error[0].number)),
            directives=tuple(self.seen.values()),
        )


def _read_module(reading: _Reading, line: Line) -> str:
    return _read_once(reading, line) or _quoting(line)


def _read_go(reading: _Reading, line: Line) -> str:
    problem = _read_once(reading, line)
    if problem or _GO_VERSION.fullmatch(line.raw[0]):
        return problem
    del reading.lines["go"]
    return "not a Go version"


def _read_toolchain(reading: _Reading, line: Line) -> str:
    problem = _read_once(reading, line)
    return problem or ("" if _TOOLCHAIN.fullmatch(line.raw[0]) else "not a toolchain name")


def _read_once(reading: _Reading, line: Line) -> str:
    if line.verb in reading.lines:
        return "the directive is repeated"
    if len(line.words) != 1:
        return "one value is expected"
    reading.lines[line.verb] = line
    return ""


def _read_require(reading: _Reading, line: Line) -> str:
    if len(line.words) != 2:
        return "a module path and a version are expected"
    path, version = line.words
    if line.verb == "require":
        comment = line.comment.split()
        indirect = comment == ["indirect"] or (len(comment) > 1 and comment[0] == "indirect;")
        reading.requires.append(Require(path, version, line, indirect))
    return _quoting(line) or _major_problem(path, version)


def _major_problem(path: str, version: str) -> str:
    suffix = _PATH_MAJOR.search(path)
    if path.startswith("gopkg.in/"):
        return ""
    if suffix and (suffix[1].startswith("0") or suffix[1] == "1"):
        return "no module path ends so"
    match = _SEMVER.fullmatch(version)
    if match is None:
        return ""  # Go asks which version a branch or a short form stands for
    if suffix:
        return "" if match["major"] == suffix[1] else "the version does not fit the major version in the module path"
    if match["major"] not in ("0", "1") and match["build"] != "incompatible":
        return "the version does not fit the module path, which has no major version suffix"
    return ""


def _read_replace(reading: _Reading, line: Line) -> str:
    words = line.words
    arrow = 1 if words[1:2] == ("=>",) else 2
    if not arrow + 2 <= len(words) <= arrow + 3 or words[arrow] != "=>":
        return "`path [version] => target [version]` is expected"
    target = words[arrow + 1]
    target_version = words[arrow + 2] if len(words) == arrow + 3 else ""
    version = words[1] if arrow == 2 else ""
    reading.replaces.append(Replace(words[0], version, target, target_version, line))
    if not target_version and not is_directory(target):
        return "a replacement without a version must be a directory that starts with . or /"
    if not target_version and "\\" in target:
        return "a path of another system"
    if target_version and is_directory(target):
        return "a directory cannot have a version"
    return _quoting(line) or (_major_problem(words[0], version) if version else "")


def _read_retract(reading: _Reading, line: Line) -> str:
    del reading
    words = line.raw
    if len(words) == 1 and words[0] not in ("[", "("):
        return _quoting(line)
    interval = len(words) == 5 and (words[0], words[2], words[4]) == ("[", ",", "]")
    return _quoting(line) if interval else "a version or `[low, high]` is expected"


def _read_use(reading: _Reading, line: Line) -> str:
    if len(line.words) != 1:
        return "one directory is expected"
    reading.uses.append(line)
    return _quoting(line)


def _read_value(reading: _Reading, line: Line) -> str:
    del reading
    return _quoting(line) if len(line.words) == 1 else "one value is expected"


def _read_godebug(reading: _Reading, line: Line) -> str:
    del reading
    sound = len(line.raw) == 1 and "=" in line.raw[0] and not any(c in line.raw[0] for c in "\"`',")
    return "" if sound else "`key=value` is expected"


def _quoting(line: Line) -> str:
    """Go keeps quotes inside of words, single quotes and back quotes for later."""
    odd = any(not word.startswith('"') and any(c in word for c in "\"'`") for word in line.raw)
    return "quotes other than double ones around a whole word" if odd else ""


_READERS = {
    "module": _read_module,
    "go": _read_go,
    "toolchain": _read_toolchain,
    "require": _read_require,
    "exclude": _read_require,
    "replace": _read_replace,
    "retract": _read_retract,
    "use": _read_use,
    "tool": _read_value,
    "ignore": _read_value,
    "godebug": _read_godebug,
}
