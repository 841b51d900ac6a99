"""What a user asks for, and the names that Go's releases have. Pure.

    "1.26.8", "go1.26.8"   this release            "1.26"     the newest patch of a line
    "1.27rc1"              this candidate          "latest"   the newest release that is no candidate
    go.mod, go.work        what cmd/go would switch to if it were older: the toolchain line, or the go line if that is newer

In go.mod "1.22" is a language version, and the least release that may build it is go1.22.0. The first release of a line is
go1.20 up to that one, and go1.21.0 from then on.

Source: cmd/go/internal/toolchain, select.go (`Select`); internal/gover (`Parse`, `IsLang`); go.dev/doc/toolchain;
golang/website, internal/dl, server.go (toolchain versions); the manuals of goenv and asdf for their files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import gomod, goversion, platforms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.golang.platforms import Platform

EXAMPLES = "1.26.8, 1.26, 1.27rc1, latest, or a go.mod, go.work, .go-version or .tool-versions"
TOOLCHAIN_MODULE = "golang.org/toolchain"

_NUMBER = "(?:0|[1-9][0-9]{0,3})"
_RELEASE = re.compile(rf"go1(?:\.{_NUMBER}(?:\.{_NUMBER}|(?:rc|beta)[1-9][0-9]{{0,3}})?)?", re.ASCII)
_LINE = re.compile(rf"1\.{_NUMBER}", re.ASCII)
_PATCH_ZERO = re.compile(r"go1\.(?P<minor>[0-9]+)\.0", re.ASCII)
_FIRST_WITH_PATCH_ZERO = 21
# Builds of others have names like go1.22.3-bigcorp (internal/gover, `FromToolchain`).
_SUFFIX = re.compile("[ \t-]")
_ARCHIVE = re.compile(r"(?P<version>go1[0-9a-z.]{0,30})\.(?P<platform>linux-[0-9a-z]{1,12})\.tar\.gz", re.ASCII)
_MODULE_VERSION = re.compile(r"v0\.0\.1-(?P<version>go1[0-9a-z.]{0,30})\.(?P<platform>linux-[0-9a-z]{1,12})", re.ASCII)
_LONGEST_FILE = 1 << 20
# Names of the plugin in .tool-versions: asdf's, and mise's short one.
_PLUGINS = ("golang", "go")


class Wanted(NamedTuple):
    """What is asked for.

    Attributes:
        kind: "release" (exactly `version`), "line" (newest patch of `version`), "latest".
        version: "go1.26.8" of a release, "1.26" of a line, "" for the latest.
        origin: who asks, for people: "go.mod:5: toolchain go1.26.8"; "" for the user.
    """

    kind: str
    version: str = ""
    origin: str = ""


class Named(NamedTuple):
    """What the name of an archive, or the version of a toolchain module, says.  version: "go1.26.8"."""

    version: str
    platform: Platform


def wanted(text: str, origin: str = "") -> Wanted:
    """Read what a user, or one word of a file, asks for.

    Raises:
        UsageError: it is none of the forms.
    """
    name = text.strip()
    if name == "latest":
        return Wanted("latest", "", origin)
    bare = name[2:] if name.startswith("go") else name
    if _LINE.fullmatch(bare):
        return Wanted("line", bare, origin)
    if bare != "1" and is_release(f"go{bare}"):
        return Wanted("release", _official(f"go{bare}"), origin)
    raise UsageError("not a version of Go", subject=origin or _printable(name), hint=f"ask for {EXAMPLES}")


def from_file(name: str, text: str) -> Wanted:
    """Read the file of a project that says which Go it wants.

    Args:
        name: its path; the last part tells the kind ("go.mod", "go.work", ".go-version", ".tool-versions", "other.mod").
        text: its content.

    Raises:
        UsageError: it is of another kind, names no version, or not one that Go's releases have.
    """
    base = name.rpartition("/")[2]
    if len(text) > _LONGEST_FILE:
        raise UsageError("the file is too long to say which Go is wanted", subject=_printable(name))
    if base.endswith((".mod", ".work")) or base in ("go.mod", "go.work"):
        directives = gomod.WORK_DIRECTIVES if base.endswith(".work") else gomod.MOD_DIRECTIVES
        return _of_modfile(name, gomod.parse(text, directives))
    if base == ".go-version":
        return _of_words(name, text, plugins=())
    if base == ".tool-versions":
        return _of_words(name, text, plugins=_PLUGINS)
    raise UsageError("not a file that says which Go is wanted", subject=_printable(name), hint=f"ask for {EXAMPLES}")


def chosen(asked: Wanted, available: Iterable[str]) -> str:
    """The release to take.

    Args:
        asked: a release is its own answer, listed or not: the lists of proxies are incomplete.
        available: names of releases, "go1.26.8"; others are passed over.

    Returns:
        "go1.26.8". A candidate only when it is asked for by name.

    Raises:
        UsageError: there is no such release among them.
    """
    if asked.kind == "release":
        return asked.version
    known = {name: parsed for name in available if is_release(name) and (parsed := goversion.parse(name)) is not None}
    of_line = {name: v for name, v in known.items() if asked.kind == "latest" or v.language == asked.version}
    stable = {name: v for name, v in of_line.items() if v.stage == 2}
    if stable:
        return max(stable, key=lambda name: stable[name])
    what = f"release of Go {asked.version}" if asked.kind == "line" else "release of Go"
    newest = max(of_line, key=lambda name: of_line[name], default="")
    hint = f"there is only a candidate; ask for it by its name: {newest[2:]}" if newest else "ask for a whole version"
    raise UsageError(f"there is no {what} in the list of releases", subject=asked.origin, hint=hint)


def is_release(name: str) -> bool:
    """Whether it has the form of a release's name, "go1.26.8", "go1.27rc1"; "go1.22" has it, although no such release exists."""
    return bool(_RELEASE.fullmatch(name))


def archive_name(version: str, platform: Platform) -> str:
    """File name of a release's archive: "go1.26.8.linux-armv6l.tar.gz"."""
    return f"{version}.{platform.archive}.tar.gz"


def source_name(version: str) -> str:
    """File name of a release's sources: "go1.26.8.src.tar.gz"."""
    return f"{version}.src.tar.gz"


def module_version(version: str, platform: Platform) -> str:
    """Version of golang.org/toolchain that is a release: "v0.0.1-go1.26.8.linux-arm"."""
    return f"v0.0.1-{version}.{platform.module}"


def of_archive(name: str) -> Named | None:
    """Read the file name of an archive for Linux, without a folder in front; None for any other text."""
    match = _ARCHIVE.fullmatch(name)
    return _named(match, platforms.of_archive(match["platform"])) if match else None


def of_module_version(text: str) -> Named | None:
    """Read a version of golang.org/toolchain for Linux; None for any other text."""
    match = _MODULE_VERSION.fullmatch(text)
    return _named(match, platforms.of_module(match["platform"])) if match else None


def _named(match: re.Match[str], platform: Platform | None) -> Named | None:
    return Named(match["version"], platform) if platform is not None and is_release(match["version"]) else None


def _of_modfile(name: str, file: gomod.ModFile) -> Wanted:
    """As cmd/go's Select: the toolchain line counts unless the go line is newer; `toolchain default` leaves the go line alone."""
    for wrong, problem in file.errors:
        if wrong.verb in ("go", "toolchain"):
            raise UsageError(f"{_printable(name)}:{wrong.number}: {problem}", subject=_printable(wrong.text))
    toolchain = "" if file.toolchain == "default" else file.toolchain
    if toolchain and not is_release(_SUFFIX.split(toolchain, maxsplit=1)[0]):
        raise UsageError(f"{_printable(name)}: not a toolchain name", subject=_printable(toolchain))
    of_toolchain = bool(toolchain) and not goversion.older(toolchain, file.go)
    line = file.toolchain_line if of_toolchain else file.go_line
    if line is None:
        hint = "`go get go@latest` writes one"
        raise UsageError("the file has no line that says which Go is wanted", subject=_printable(name), hint=hint)
    origin = f"{_printable(name)}:{line.number}: {line.verb} {_printable(line.words[0])}"
    version = toolchain if of_toolchain else f"go{file.go}"
    return Wanted("release", _existing(version, of_toolchain, origin), origin)


def _existing(version: str, of_toolchain: bool, origin: str) -> str:
    """The release that a line means. "go 1.22" means go1.22.0; `toolchain go1.22` means nothing, and cmd/go fails as well."""
    if not is_release(version):
        hint = "only releases of the Go project can be installed"
        raise UsageError("there is no release of that name", subject=origin, hint=hint)
    if not _is_language(version):
        return _official(version)
    if of_toolchain:
        raise UsageError("there is no release of that name", subject=origin, hint=f"the first one is {version}.0")
    return f"{version}.0"


def _of_words(name: str, text: str, plugins: tuple[str, ...]) -> Wanted:
    """The first word of the first line that has one, behind the plugin's name where the file has those."""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words or (plugins and words[0] not in plugins):
            continue
        origin = f"{_printable(name)}:{number}: {_printable(' '.join(words[:3]))}"
        word = words[1] if plugins and len(words) > 1 else "" if plugins else words[0]
        return wanted(word, origin)
    raise UsageError(
        "the file has no line that says which Go is wanted", subject=_printable(name), hint=f"ask for {EXAMPLES}"
    )


def _is_language(version: str) -> bool:
    """Whether it is a language version only, "go1.22": no release has that name."""
    parsed = goversion.parse(version)
    return parsed is not None and parsed.stage == -1 and is_release(version)


def _official(version: str) -> str:
    """The name that the release has: go1.20.0 is called go1.20, and go1.0.0 is called go1."""
    match = _PATCH_ZERO.fullmatch(version)
    if match is None or int(match["minor"]) >= _FIRST_WITH_PATCH_ZERO:
        return version
    return f"go1.{match['minor']}" if match["minor"] != "0" else "go1"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:80])
