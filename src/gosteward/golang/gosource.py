"""The head of a Go source file: package, imports, build constraint and cgo preamble. Pure.

Only what stands before the first declaration is read. Source: the Go language specification, "Source file organization";
`go help buildconstraint`; cmd/cgo documentation ("#cgo" lines).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Tags = Callable[[str], bool]

# What is not closed goes on to the end, so that nothing is looked at twice.
_TOKEN = re.compile(
    r"[ \t\r\n\ufeff]+|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|\"(?:[^\"\\\n]|\\[^\n])*\"?|`[^`]*`?|[^\W\d]\w*|[();.]|(?s:.)"
)
_CONSTRAINT = re.compile(r"^//go:build[ \t]+([^\n]{1,500})$", re.MULTILINE)
_OLD_CONSTRAINT = re.compile(r"^//[ \t]*\+build[ \t]+([^\n]{1,500})$", re.MULTILINE)
_TERM = re.compile(r"[ \t\r]*(\|\||&&|[!()]|[\w.]+)")
_INCLUDE = re.compile(r"^[ \t]*(?://[ \t]*)?#[ \t]*include[ \t]*<([^>\n]{1,200})>", re.MULTILINE)
_CFLAGS = re.compile(r"#cgo[ \t][^:\n]{0,500}(?:CFLAGS|CPPFLAGS|CXXFLAGS|pkg-config)[ \t]*:")
_MAX_NESTING = 40
_SYSTEMS_TEXT = """
    aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows
    zos
"""
_SYSTEMS = frozenset(_SYSTEMS_TEXT.split())
_CPUS_TEXT = """
    386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64
    ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm
"""
_CPUS = frozenset(_CPUS_TEXT.split())


class Header(NamedTuple):
    """What stands in front of the declarations.

    Attributes:
        imports: (path, line number) in order.   cgo_line: line of `import "C"`, 0 without one.   preamble: its comment.
        constraint: expression of `//go:build`, "" without one.
    """

    package: str = ""
    imports: tuple[tuple[str, int], ...] = ()
    cgo_line: int = 0
    preamble: str = ""
    constraint: str = ""


class _Reading:
    """State of reading a header: what is expected next, and what was found."""

    def __init__(self) -> None:
        self.package = ""
        self.start = 0
        self.imports: list[tuple[str, int]] = []
        self.preambles: list[str] = []
        self.cgo_line = 0
        self.comments: list[str] = []
        self.expecting = "package"
        self.group = False
        self.line, self.counted = 1, 0

    def take(self, word: str, place: int, text: str) -> bool:
        """Take the next word that is no space and no comment; False when the header is over."""
        if self.expecting == "package":
            self.expecting = "name"
            return word == "package"
        if self.expecting == "name":
            self.package, self.start, self.expecting = word, place, "import"
        elif self.expecting == "import":
            if word == "import":
                self.expecting = "path"
            return word in ("import", ";")
        elif word in "()":
            self.group = word == "("
            self.expecting = "path" if self.group else "import"
        elif word[0] in '"`':
            # Lines are counted on from the import before, so that no part of the text is counted twice.
            self.line += text.count("\n", self.counted, place)
            self.counted = place
            self._imported(word[1:-1])
        return True

    def _imported(self, path: str) -> None:
        self.imports.append((path, self.line))
        if path == "C":
            self.cgo_line = self.line
            self.preambles += self.comments
        self.comments = []
        self.expecting = "path" if self.group else "import"


def header(text: str) -> Header:
    """Read the start of a file (64 KiB are enough for every file that people write). Linear in the length of the text."""
    reading = _Reading()
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] in " \t\r\n\ufeff":
            if token.count("\n") > 1:
                reading.comments = []  # a blank line cuts a comment off from the import that follows
        elif token.startswith(("//", "/*")):
            reading.comments.append(token)
        elif not reading.take(token, match.start(), text):
            break
    return Header(
        package=reading.package,
        imports=tuple(reading.imports),
        cgo_line=reading.cgo_line,
        preamble="\n".join(reading.preambles),
        constraint=_constraint(text[: reading.start]) if reading.start else "",
    )


def pkg_config_names(preamble: str, tags: Tags) -> tuple[str, ...]:
    """Packages that `#cgo pkg-config:` lines ask for on a machine with these tags; options and version tests are left out."""
    names: list[str] = []
    for line in preamble.split("\n"):
        text = line.strip().removeprefix("//").lstrip()
        left, colon, right = text.removeprefix("#cgo").partition(":")
        words = left.split()
        if not colon or not text.startswith("#cgo") or words[-1:] != ["pkg-config"]:
            continue
        if words[:-1] and not holds(_old_expression(" ".join(words[:-1])[:500]), tags):
            continue
        names += (word for word in _packages(right.split()) if word not in names)
    return tuple(names)


def _packages(words: list[str]) -> list[str]:
    """Without options and versions: "greet >= 1.0" and "greet>=1.0" ask for a version of greet."""
    found: list[str] = []
    behind_operator = False
    for word in words[:100]:
        name = re.split(r"[<>=!]", word, maxsplit=1)[0]
        if name and not behind_operator and not name.startswith("-"):
            found.append(name)
        behind_operator = word[-1] in "<>=!"
    return found


def included_headers(preamble: str) -> tuple[str, ...]:
    """Names in `#include <...>` lines, each once."""
    return tuple(dict.fromkeys(_INCLUDE.findall(preamble)))


def brings_flags(preamble: str) -> bool:
    """Whether `#cgo` lines bring flags for the C compiler, or ask pkg-config for some."""
    return any(_CFLAGS.match(line.strip().removeprefix("//").lstrip()) for line in preamble.split("\n"))


def needed_headers(preamble: str) -> tuple[str, ...]:
    """Names in `#include <...>` lines that no `#if` surrounds; () where `#cgo` lines bring flags, which may say where headers are."""
    if brings_flags(preamble):
        return ()
    found: dict[str, None] = {}
    depth = 0
    for line in preamble.split("\n"):
        text = line.strip().removeprefix("//").removeprefix("/*").lstrip()
        directive = text[1:].lstrip() if text.startswith("#") else ""
        if directive.startswith("if"):
            depth += 1
        elif directive.startswith("endif"):
            depth -= 1
        included = _INCLUDE.match(text) if depth == 0 else None
        if included is not None:
            found[included[1]] = None
    return tuple(found)


def name_fits(name: str, tags: Callable[[str], bool]) -> bool:
    """Whether a file's name lets it be built: `_windows.go`, `_linux_arm64.go`; tests are never part of a program."""
    if not name.endswith(".go") or name.endswith("_test.go") or name[0] in "._":
        return False
    parts = name.partition(".")[0].split("_")[1:]
    if len(parts) >= 2 and parts[-2] in _SYSTEMS and parts[-1] in _CPUS:
        return tags(parts[-2]) and tags(parts[-1])
    if parts and (parts[-1] in _SYSTEMS or parts[-1] in _CPUS):
        return tags(parts[-1])
    return True


def holds(expression: str, tags: Callable[[str], bool]) -> bool:
    """Whether a constraint lets a file be built; one that cannot be read does not, "" always does."""
    if not expression:
        return True
    terms = _terms(expression)
    if terms is None or terms.count("(") + terms.count("!") > _MAX_NESTING:
        return False
    value, rest = _either(terms, tags)
    return value and not rest


def machine_tags(goarch: str, newest_minor: int = 999, more: tuple[str, ...] = ()) -> Callable[[str], bool]:
    """Tags of a Linux machine with cgo, up to release 1.`newest_minor`, and `more` (those of -tags)."""

    def holds_here(tag: str) -> bool:
        if tag.startswith("go1."):
            return tag[4:].isdecimal() and len(tag) < 9 and int(tag[4:]) <= newest_minor
        return tag in ("linux", "unix", "cgo", "gc", goarch, *more)

    return holds_here


def _constraint(text: str) -> str:
    new = _CONSTRAINT.search(text)
    if new:
        return new[1].strip()
    return " && ".join(f"({_old_expression(line)})" for line in _OLD_CONSTRAINT.findall(text)[:8])


def _old_expression(line: str) -> str:
    return " || ".join("(" + " && ".join(word.split(",")) + ")" for word in line.split())


def _terms(expression: str) -> list[str] | None:
    terms, place = [], 0
    expression = expression.partition("//")[0].rstrip()
    while place < len(expression):
        match = _TERM.match(expression, place)
        if match is None:
            return None
        terms.append(match[1])
        place = match.end()
    return terms


def _either(terms: list[str], tags: Callable[[str], bool]) -> tuple[bool, list[str]]:
    value, rest = _both(terms, tags)
    while rest[:1] == ["||"]:
        other, rest = _both(rest[1:], tags)
        value = value or other
    return value, rest


def _both(terms: list[str], tags: Callable[[str], bool]) -> tuple[bool, list[str]]:
    value, rest = _single(terms, tags)
    while rest[:1] == ["&&"]:
        other, rest = _single(rest[1:], tags)
        value = value and other
    return value, rest


def _single(terms: list[str], tags: Callable[[str], bool]) -> tuple[bool, list[str]]:
    if not terms:
        return False, ["missing"]
    if terms[0] == "!":
        value, rest = _single(terms[1:], tags)
        return not value, rest
    if terms[0] == "(":
        value, rest = _either(terms[1:], tags)
        return value, rest[1:] if rest[:1] == [")"] else ["missing"]
    return tags(terms[0]), terms[1:]
