"""Lines by which a project says which Go it wants, each with its place, so that it can be shown and changed. Pure.

    go.work, go.mod      `toolchain go1.26.8` (default: none), and `go 1.25.0`, the least release
    .go-version          `1.26.8`           goenv and others; go itself does not read it
    .tool-versions       `golang 1.26.8`    asdf, mise; go itself does not read it

Source: cmd/go/internal/toolchain, select.go (`modGoToolchain`); the manuals of goenv and asdf.
"""

from __future__ import annotations

from typing import NamedTuple

from gosteward.golang import gomod, goversion

OF_MANAGERS = (".go-version", ".tool-versions")
# Of a file that go reads up to here; what is longer is no such line.
LONGEST_LINE = 300
_PLUGINS = ("golang", "go")


class WishLine(NamedTuple):
    """A line that asks for a release.

    Attributes:
        path: of the file.   line, text: where, and the whole line.   word: what it asks for, as it is written: "go1.26.8", "1.25", "default".
        kind: "toolchain" and "go" of a go.mod or go.work, "manager" of the other files.
    """

    path: str
    line: int
    text: str
    word: str
    kind: str

    @property
    def version(self) -> str:
        """What is asked for as go names it: "go1.26.8", "go1.26" for a line of releases, "" for a word that is no version."""
        bare = self.word[2:] if self.word.startswith("go") else self.word
        return f"go{bare}" if bare[:1].isdigit() and goversion.parse(bare) is not None else ""

    def agrees(self, version: str) -> bool:
        """Whether a release ("go1.26.8") is what the line asks for, or one of the line of releases that it names."""
        wanted, found = goversion.parse(self.version), goversion.parse(version)
        if wanted is None or found is None:
            return False
        is_line = self.version.count(".") == 1 and self.version[2:] == wanted.language
        return wanted.language == found.language if is_line else wanted == found

    def asking_for(self, version: str) -> str:
        """The line with another release in it; the word keeps its `go` in front, or its lack of one."""
        head, found, rest = self.text.partition(self.word)
        if self.kind == "manager" and not self.word.startswith("go"):
            version = version[2:]
        return f"{head}{version}{rest}" if found else self.text


def wish_lines(path: str, text: str) -> tuple[WishLine, ...]:
    """The lines of a file, the one that counts most first; () for a file without one.

    Args:
        path: its last part tells the kind: ".go-version", ".tool-versions", "go.work", and go.mod for all others.
    """
    name = path.rpartition("/")[2]
    if name in OF_MANAGERS:
        return _of_manager(path, text, _PLUGINS if name == ".tool-versions" else ())
    file = gomod.parse(text, gomod.WORK_DIRECTIVES if name.endswith(".work") else gomod.MOD_DIRECTIVES)
    found = []
    for line in (file.toolchain_line, file.go_line):
        if line is not None and line.words and line.raw:
            found.append(WishLine(path, line.number, line.text, line.words[0], line.verb))
    # The go line counts where it is the newer one. `toolchain default` lets neither of them count, and stays the first.
    if len(found) == 2 and goversion.older(found[0].version, found[1].version):
        found.reverse()
    return tuple(found)


def _of_manager(path: str, text: str, plugins: tuple[str, ...]) -> tuple[WishLine, ...]:
    """The first line that has a word; behind the plugin's name in a file that has those. Further versions are for other plugins' needs."""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words or (plugins and (words[0] not in plugins or len(words) < 2)):
            continue
        if len(line) > LONGEST_LINE:
            return ()
        word = words[1] if plugins else words[0]
        return (WishLine(path, number, line.rstrip("\r"), word, "manager"),)
    return ()
