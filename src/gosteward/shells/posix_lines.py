"""Start-up files of sh, bash and zsh, read line by line: which PATH, variable, alias each sets. Pure, linear time.

Unlike `posix_run` this looks at every branch: a line counts whether or not it runs today. Functions count where they are called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells import known_output
from gosteward.shells.early_return import Unattended
from gosteward.shells.path_commands import (
    DECLARATIONS,
    appends_first,
    checks_path,
    looks_at_path,
    mentions_path,
    sets_path,
)
from gosteward.shells.posix_expansion import expand, pieces
from gosteward.shells.posix_tokens import array_words
from gosteward.shells.posix_tree import (
    Case,
    Chain,
    Function,
    Group,
    If,
    Loop,
    Simple,
    appends,
    name_of,
    parse,
    value_of,
)
from gosteward.shells.startup_facts import (
    INVISIBLE,
    LINES_LIMIT,
    OLD_PATH,
    SMART_QUOTES,
    FileFacts,
    PathParts,
    Sourced,
    literal_of,
    path_parts,
    wanted,
)
from gosteward.snapshot import Location, StartupLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.posix_tree import Node

PATH_FUNCTIONS = frozenset(
    ("pathmunge", "path_append", "path_prepend", "path_add", "add_path", "addpath", "add_to_path", "append_path", "prepend_path",
     "pathadd", "pathappend", "pathprepend", "path_push", "append_to_path", "prepend_to_path", "add_to_path_once")
)  # fmt: skip
_SEEN_AS_BLANK = {ord(mark): " " for mark in INVISIBLE}
# Options of ulimit; -v, -d, -s and -f count KiB in bash.
_LIMITS = {"v": "as", "d": "data", "s": "stack", "f": "fsize", "n": "nofile", "u": "nproc"}
_DOLLAR_NAME = re.compile(r"\$(?:PATH|\{PATH\})\+?=")
_WHOLE_PATH_LINE = re.compile(r"\s*(?:export\s+)?PATH=(\S.*)")
_OCTAL = re.compile(r"0{0,2}[0-7]{1,3}")
_FISH_FLAGS = re.compile(r"-[gUxalp]*[gUx][gUxalp]*|--export|--global|--universal")


def read(path: str, lines: list[str], *, home: str, zsh: bool = False, exported: bool = False) -> FileFacts:
    """Facts of a start-up file.

    Args:
        lines: of the file, without line feeds; carriage returns may be there.
        exported: everything that the file sets is exported (it is read under `set -a`).
    """
    text = "\n".join(line.removesuffix("\r") for line in lines)
    walk = _Walk(path, lines, home, zsh, exported)
    walk.top(parse(text, zsh=zsh))
    return FileFacts(walk.finished(), walk.early_return, tuple(dict.fromkeys(walk.sourced)))


class _Values:
    """Variables as far as the file itself sets them; what it does not set stays as written."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.known: dict[str, str] = {"HOME": home}
        self.old_path = OLD_PATH

    def value(self, name: str) -> str | None:
        if name in ("PATH", "path"):
            return self.old_path
        return self.known.get(name, f"${name}")

    def output(self, command: str) -> str:
        return f"$({command})"

    def home_of(self, user: str) -> str:
        return self.home if not user else ""


class _Walk:
    def __init__(self, path: str, lines: list[str], home: str, zsh: bool, exported: bool) -> None:
        self.path = path
        self.lines = lines
        self.zsh = zsh
        self.values = _Values(home)
        self.unattended = Unattended(self.values.known, home, zsh)
        self.found: list[StartupLine] = []
        self.sourced: list[Sourced] = []
        self.early_return = 0
        self.export_all = exported
        self.exported_names: set[str] = set()
        self.unique = False
        self.alone = False
        self.functions: dict[str, tuple[Node, ...]] = {}
        self.loops: dict[str, list[str]] = {}

    def finished(self) -> tuple[StartupLine, ...]:
        """Lines with what only the whole file tells: `export NAME` below the assignment, `typeset -U path`."""
        return tuple(
            line._replace(
                exported=line.exported or line.name in self.exported_names or line.kind in ("path", "alias", "source"),
                guarded=line.guarded or (self.unique and line.kind == "path"),
            )
            for line in self.found[:LINES_LIMIT]
        )

    def top(self, nodes: tuple[Node, ...]) -> None:
        crowded = {a.line for a, b in zip(nodes, nodes[1:]) if a.line == b.line}
        for node in nodes:
            self.alone = isinstance(node, Simple) and node.line not in crowded and self.fills_line(node)
            self.node(node, guarded=False)
            if not self.early_return:
                self.early_return = self.unattended.stop_of(node)

    def fills_line(self, node: Simple) -> bool:
        first = (*node.assignments, *node.words, "")[0]
        text = self.lines[node.line - 1].lstrip() if 0 < node.line <= len(self.lines) else ""
        return bool(first) and text.startswith(first) and node.last_line == node.line

    def add(self, line: int, **facts: object) -> None:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        place = Location(path=self.path, line=line, text=text.rstrip("\r")[:300])
        base = StartupLine(
            kind="", name="", location=place, reached=not self.early_return, carriage_return=text.endswith("\r"),
            alone=self.alone,
        )  # fmt: skip
        self.found.append(base._replace(**facts))  # type: ignore[arg-type]

    # Structure.

    def body(self, nodes: Iterable[Node], guarded: bool) -> None:
        for node in nodes:
            self.node(node, guarded)

    def node(self, node: Node, guarded: bool) -> None:
        if len(self.found) > LINES_LIMIT:
            return
        if isinstance(node, Simple):
            self.simple(node, guarded)
        elif isinstance(node, Chain):
            for _, part in node.parts:
                self.node(part, guarded)
                guarded = guarded or looks_at_path(part)
        elif isinstance(node, If):
            for test, body in node.arms:
                self.body(test, guarded)
                guarded = guarded or any(looks_at_path(part) for part in test)
                self.body(body, guarded)
            self.body(node.otherwise, guarded)
        elif isinstance(node, Case):
            guarded = guarded or mentions_path(node.subject)
            for _, body in node.arms:
                self.body(body, guarded)
        elif isinstance(node, Loop):
            self.loop(node, guarded)
        elif isinstance(node, Function):
            self.function(node)
        elif isinstance(node, Group) and not node.subshell:
            self.body(node.body, guarded)

    def loop(self, node: Loop, guarded: bool) -> None:
        if node.kind == "for" and node.name:
            self.loops[node.name] = [text for word in node.words[:50] for text in expand(word, self.values).split()]
        self.body(node.body, guarded or any(looks_at_path(part) for part in node.test))
        self.loops.pop(node.name, None)

    def function(self, node: Function) -> None:
        self.functions[node.name] = node.body
        if node.name in ("go", "gofmt"):
            self.add(node.line, kind="alias", name=node.name, value="function")

    # Commands.

    def simple(self, node: Simple, guarded: bool) -> None:
        if any("\n" in word for word in (*node.assignments, *node.words)):
            self.swallowed(node)
        if not node.words:
            for raw in node.assignments:
                self.assignment(raw, node.line, guarded, exported=self.export_all)
            return
        name = node.words[0]
        if name in DECLARATIONS:
            self.declaration(node, guarded)
        elif name in (".", "source"):
            self.source(node)
        elif name == "alias":
            self.alias(node)
        elif name == "set" and node.words[1:2] in (("-a",), ("+a",)):
            self.export_all = node.words[1] == "-a"
        elif name == "set" and node.words[1:3] in (("-o", "allexport"), ("+o", "allexport")):
            self.export_all = node.words[1] == "-o"
        elif name in self.functions or name in PATH_FUNCTIONS:
            self.path_function(node, guarded)
        elif name == "ulimit":
            self.limit(node)
        elif name == "umask" and len(node.words) == 2 and _OCTAL.fullmatch(node.words[1]):
            self.add(node.line, kind="umask", name="umask", value=node.words[1])
        elif name == "unset" and "PATH" in node.words[1:] and "-f" not in node.words:
            self.path_fact(node.line, "", PathParts((), keeps=False, at_end=False), guarded, "", "")
        elif name == "emulate" and "-c" in node.words[:-1]:
            self.emulated(node)
        else:
            self.misspelt(node)

    def swallowed(self, node: Simple) -> None:
        """A quote that is never closed: what stands behind it are lines to whoever wrote them."""
        last = (*node.assignments, *node.words)[-1]
        opened = next((c for c in last if c in "\"'"), "")
        end = "\n".join(self.lines[node.line - 1 :]).rstrip()
        if not opened or last.count(opened) % 2 == 0 or not end.endswith(last.rstrip()):
            return
        for number, text in enumerate(self.lines[node.line :], node.line + 1):
            match = _WHOLE_PATH_LINE.fullmatch(text.rstrip("\r"))
            if match is not None:
                self.broken(number, "PATH", match[1], "open-quote")

    def declaration(self, node: Simple, guarded: bool) -> None:
        flags = "".join(word for word in node.words[1:] if word.startswith("-"))
        exports = node.words[0] == "export" or "x" in flags
        if "U" in flags and {"path", "PATH"} & {name_of(word) or word for word in node.words[1:]}:
            self.unique = True
        words = [word for word in node.words[1:] if not word.startswith(("-", "+"))]
        for index, word in enumerate(words):
            following = words[index + 1] if index + 1 < len(words) else ""
            name = name_of(word)
            if name and not value_of(word) and following[:1] in ("/", "$", '"', "'"):
                self.broken(node.line, name, " ".join(words[index:]), "spaces-around-equals")
            elif name:
                self.assignment(word, node.line, guarded, exported=exports or self.export_all)
            elif following.startswith("=") and wanted(word):
                self.broken(node.line, word, " ".join(words[index:]), "spaces-around-equals")
            elif _DOLLAR_NAME.match(word):
                self.broken(node.line, "PATH", value_of(_DOLLAR_NAME.sub("PATH=", word)), "dollar-name")
            elif word[:1] in ("$", "`", '"'):
                self.pairs_of(word)
            elif exports:
                self.exported_names.add(word)

    def pairs_of(self, raw: str) -> None:
        written = known_output.named_file(raw)
        path = self.file_name(written) if written else ""
        if path:
            self.sourced.append(Sourced(path, exported=True, pairs=True, quotes=known_output.keeps_quotes(raw)))

    def file_name(self, raw: str) -> str:
        """Absolute path of a file named by a word, "" if it cannot be known."""
        text = expand(raw, self.values)
        if any(char in text for char in "$*?[\n\x00\x01"):
            return ""
        return (
            text
            if text.startswith("/")
            else f"{self.values.home.rstrip('/')}/{text}"
            if "/" in text or text[:1] == "."
            else ""
        )

    def source(self, node: Simple) -> None:
        raw = node.words[1] if len(node.words) > 1 else ""
        path = self.file_name(raw)
        self.add(node.line, kind="source", name=path or expand(raw, self.values), value=raw)
        if path:
            self.sourced.append(Sourced(path, exported=self.export_all))
        for name, values in self.loops.items():
            for value in values if raw.strip('"') in (f"${name}", f"${{{name}}}") else ():
                if value.startswith("/") and not any(char in value for char in "$*?["):
                    self.sourced.append(Sourced(value, exported=self.export_all))

    def emulated(self, node: Simple) -> None:
        inner = expand(node.words[node.words.index("-c", 0, -1) + 1], self.values)
        for part in parse(inner[:2000]):
            if isinstance(part, Simple) and part.words[:1] in ((".",), ("source",)):
                self.source(part._replace(line=node.line))

    def alias(self, node: Simple) -> None:
        for word in node.words[1:]:
            name, is_set, value = word.partition("=")
            if is_set and name in ("go", "gofmt"):
                self.add(node.line, kind="alias", name=name, value=value)

    def assignment(self, raw: str, line: int, guarded: bool, exported: bool) -> None:
        name, value = name_of(raw), value_of(raw)
        if raw.partition("=")[0].rstrip("+").endswith("]"):
            return
        if name == "path" and self.zsh:
            self.path_array(line, value, appends(raw), guarded)
        elif name == "PATH":
            self.path_line(line, value, appends(raw), guarded)
        elif sorted(name.upper()) == sorted("PATH") and re.search(r"\$\{?PATH\b", value):
            self.broken(line, "PATH", value, "misspelt-name")
        else:
            text = expand(value, self.values, assignment=True)
            self.values.known[name] = text if not appends(raw) else self.values.known.get(name, f"${name}") + text
            if wanted(name):
                literal = literal_of(text, single_quoted_dollar=_literal_dollar(value))
                self.add(
                    line, kind="variable", name=name, value=value, exported=exported, guarded=guarded,
                    literal=literal, syntax=_smart(value),
                )  # fmt: skip

    def path_line(self, line: int, value: str, append: bool, guarded: bool) -> None:
        texts = [expand(value, self.values, assignment=True) for _ in self.each_loop_value(value)]
        parts = [path_parts((f"{OLD_PATH}{text}" if append else text).split(":")) for text in texts]
        adds = tuple(dict.fromkeys(entry for part in parts for entry in part.adds))
        literal = literal_of(":".join(adds), single_quoted_dollar=_literal_dollar(value), is_path=True)
        self.path_fact(line, value, PathParts(adds, parts[0].keeps, parts[0].at_end), guarded, literal, _smart(value))

    def each_loop_value(self, raw: str) -> Iterable[None]:
        """Give the variable of a loop that is mentioned each of its values in turn."""
        name = next((name for name in self.loops if re.search(rf"\$\{{?{re.escape(name)}\b", raw)), "")
        if not name or not self.loops[name]:
            yield None
            return
        before = self.values.known.get(name)
        for value in self.loops[name][:50]:
            self.values.known[name] = value
            yield None
        self.values.known.pop(name, None)
        if before is not None:
            self.values.known[name] = before

    def path_array(self, line: int, raw: str, append: bool, guarded: bool) -> None:
        words = array_words(raw, zsh=True) if raw.startswith("(") else (raw,)
        entries = [OLD_PATH] if append else []
        for word in words:
            bare = word.partition("(")[0] if word.endswith(")") and "$(" not in word else word
            entries += expand(bare, self.values).split(":")
        parts = path_parts(entries)
        self.path_fact(line, raw, parts, guarded, literal_of(":".join(parts.adds), is_path=True), _smart(raw))

    def path_fact(self, line: int, value: str, parts: PathParts, guarded: bool, literal: str, syntax: str) -> None:
        self.add(
            line, kind="path", name="PATH", value=value, adds=parts.adds, keeps=parts.keeps, at_end=parts.at_end,
            guarded=guarded, literal=literal, syntax=syntax,
        )  # fmt: skip

    def path_function(self, node: Simple, guarded: bool) -> None:
        """A call of a function that puts its arguments on PATH."""
        name, arguments = node.words[0], [expand(word, self.values) for word in node.words[1:]]
        body = self.functions.get(name)
        adds = [a.rstrip("/") or "/" for a in arguments if "/" in a and OLD_PATH not in a]
        if not adds or (body is not None and not any(sets_path(part) for part in body)):
            return
        at_end = "append" in name or "after" in arguments or "append" in arguments
        if body is not None and not at_end:
            at_end = appends_first(body)
        checked = body is None or any(checks_path(part) for part in body)
        parts = PathParts(tuple(adds), keeps=True, at_end=at_end)
        self.path_fact(node.line, " ".join(node.words[1:]), parts, guarded or checked, "", "")

    def broken(self, line: int, name: str, value: str, syntax: str) -> None:
        """An assignment that the file's shell does not take as one."""
        if wanted(name) or name == "path":
            kind = "path" if name in ("PATH", "path", "fish_user_paths") else "variable"
            adds: tuple[str, ...] = ()
            if kind == "path":
                text = value.partition("=")[2] if "=" in value else value
                entries = (
                    " ".join(expand(word, self.values, assignment=True) for word in text.split())
                    .replace("(", " ")
                    .replace(")", " ")
                )
                adds = path_parts([e for e in re.split(r"[:\s]+", entries) if e.startswith(("/", "~", OLD_PATH))]).adds
            self.add(
                line,
                kind=kind,
                name="PATH" if kind == "path" else name,
                value=value,
                adds=adds,
                syntax=syntax,
                exported=False,
            )

    def invisible(self, node: Simple) -> None:
        """`export PATH=...` with a no-break space: one word for the shell, and no command has that name."""
        text = " ".join(node.words).translate(_SEEN_AS_BLANK)
        words = text.split()
        words = words[1:] if words[:1] == ["export"] else words
        name = name_of(words[0]) if words else ""
        if name:
            self.broken(node.line, name, value_of(words[0]), "invisible-character")

    def limit(self, node: Simple) -> None:
        """`ulimit -v 200000`: the number as written, under the name that pam_limits has for it."""
        flags = "".join(word[1:] for word in node.words[1:] if word.startswith("-"))
        name = next((_LIMITS[flag] for flag in flags if flag in _LIMITS), "fsize" if not flags.strip("SH") else "")
        numbers = [word for word in node.words[1:] if word.isascii() and word.isdigit() and len(word) < 20]
        if name == "nofile" and "S" in flags and "H" not in flags:
            return  # go raises its own soft limit to the hard one
        if name and len(numbers) == 1:
            self.add(node.line, kind="limit", name=name, value=numbers[0])

    def misspelt(self, node: Simple) -> None:
        """Forms of other shells, and blanks around the equals sign."""
        words = node.words
        rest = " ".join(words[1:])
        if any(mark in words[0] for mark in INVISIBLE):
            self.invisible(node)
        elif _DOLLAR_NAME.match(words[0]):
            self.broken(node.line, "PATH", value_of(_DOLLAR_NAME.sub("PATH=", words[0])), "dollar-name")
        elif words[0] == "setenv" and len(words) > 1:
            self.broken(node.line, words[1], " ".join(words[2:]), "csh-in-posix")
        elif words[0] == "set" and words[1:3] == ("path", "="):
            self.broken(node.line, "path", " ".join(words[3:]), "csh-in-posix")
        elif words[0] == "set" and words[1:2] and words[1].startswith("path="):
            self.broken(node.line, "path", rest, "csh-in-posix")
        elif words[0] == "set" and len(words) > 2 and _FISH_FLAGS.fullmatch(words[1]):
            names = [word for word in words[2:] if not word.startswith("-")]
            if names:
                self.broken(node.line, names[0], " ".join(names[1:]), "fish-in-posix")
        elif words[0] == "fish_add_path":
            self.broken(node.line, "PATH", rest, "fish-in-posix")
        elif words[1:2] and words[1].startswith("=") and words[1] != "==":
            self.broken(node.line, words[0], rest, "spaces-around-equals")
        elif node.assignments and not value_of(node.assignments[-1]) and words[0][:1] in ("/", "$", '"', "~"):
            self.broken(
                node.line,
                name_of(node.assignments[-1]),
                (rest and f"{words[0]} {rest}") or words[0],
                "spaces-around-equals",
            )


def _smart(value: str) -> str:
    if any(mark in value for mark in INVISIBLE):
        return "invisible-character"
    return "smart-quotes" if any(mark in value for mark in SMART_QUOTES) else ""


def _literal_dollar(raw: str) -> bool:
    """Whether a `$NAME` stands where the shell does not expand it: in single quotes or behind a backslash."""
    found = pieces(raw)
    if any(piece.kind == "text" and piece.quote == "'" and re.search(r"\$\{?[A-Za-z_]", piece.text) for piece in found):
        return True
    return any(
        left.quote == "\\" and left.text == "$" and right.text[:1].isalpha() for left, right in zip(found, found[1:])
    )
