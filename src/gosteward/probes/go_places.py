"""Where Go trees and installed programs may lie: the places of archives, distributions, version managers, and what contexts name."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gosteward.shells.user_files import as_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.host.reading import Host
    from gosteward.probes.binaries import Examiner
    from gosteward.snapshot import Context, User

SYSTEM_TREES = (
    "/usr/local/go*",
    "/usr/local/lib/go*",
    "/usr/local/share/go*",
    "/opt/go*",
    "/opt/go*/[0-9v]*",
    "/opt/hostedtoolcache/go/*/x64",
    "/usr/local/go*/[0-9v]*",
    "/usr/lib/go*",
    "/usr/lib64/go*",
    "/usr/libexec/go*",
    "/usr/share/go*",
    "/snap/go/*",
    "/var/lib/snapd/snap/go/*",
    "/home/linuxbrew/.linuxbrew/Cellar/go/*/libexec",
    "/home/linuxbrew/.linuxbrew/Cellar/go@*/*/libexec",
    "/srv/go*",
    "/data/go*",
    "/go*",
)
HOME_TREES = (
    "go*",
    ".go*",
    "sdk/*",
    "opt/go*",
    "tools/go*",
    "apps/go*",
    ".local/go*",
    ".local/lib/go*",
    ".local/opt/go*",
    ".local/share/go*",
    ".local/share/go/*",
    ".local/share/mise/installs/go/*",
    ".local/share/rtx/installs/go/*",
    ".asdf/installs/golang/*/go",
    ".goenv/versions/*",
    ".gvm/gos/*",
    ".g/versions/*",
    ".g/go",
    ".go/versions/*",
    ".gobrew/versions/*",
    ".version-fox/cache/golang/*/golang-*",
    ".linuxbrew/Cellar/go/*/libexec",
)
TOOLCHAIN_MODULES = "golang.org/toolchain@*"
OTHER_PROGRAM_DIRECTORIES = (
    "/usr/local/bin",
    "/usr/bin",
    "/usr/local/sbin",
    "/snap/bin",
    "/home/linuxbrew/.linuxbrew/bin",
)
HOME_PROGRAM_DIRECTORIES = ("bin", ".local/bin", "go/bin")

_NEEDED = ("GOROOT", "GOPATH", "GOBIN", "GOMODCACHE")
_MOST_NAMES = 2_000
_MOST_FOUND = 200
_SETTINGS_LIMIT = 1 << 16


def tree_candidates(host: Host, user: User, contexts: Iterable[Context], settings: dict[str, str]) -> Iterator[str]:
    """Absolute directories that may be Go trees, the likely ones first; some do not exist."""
    yield from _on_search_paths(contexts)
    yield from _written_on_search_paths(contexts, _home(user))
    yield from _values(contexts, "GOROOT")
    if settings.get("GOROOT", "").startswith("/"):
        yield settings["GOROOT"].rstrip("/")
    for pattern in SYSTEM_TREES:
        yield from matches(host, pattern)
    home = _home(user)
    if home:
        with as_user(host, user):  # never while somebody else goes on: all of them before the first
            found = [path for pattern in HOME_TREES for path in matches(host, f"{home}/{pattern}")]
        yield from found


def module_caches(user: User, contexts: Iterable[Context], settings: dict[str, str]) -> tuple[str, ...]:
    """Module caches of all contexts: GOMODCACHE, GOPATH/pkg/mod, and the default below the home."""
    paths = [f"{path}/pkg/mod" for path in _go_paths(user, contexts, settings)]
    named = [*_values(contexts, "GOMODCACHE"), settings.get("GOMODCACHE", "")]
    return tuple(dict.fromkeys(path.rstrip("/") for path in (*named, *paths) if path.startswith("/")))


def program_directories(user: User, contexts: Iterable[Context], settings: dict[str, str]) -> tuple[str, ...]:
    """Where `go install` puts programs: GOBIN and GOPATH/bin of all contexts, and the default below the home."""
    named = [*_values(contexts, "GOBIN"), settings.get("GOBIN", "")]
    paths = [f"{path}/bin" for path in _go_paths(user, contexts, settings)]
    return tuple(dict.fromkeys(path.rstrip("/") for path in (*named, *paths) if path.startswith("/")))


def written_settings(examiner: Examiner, user: User) -> dict[str, str]:
    """What `go env -w` wrote: NAME=VALUE lines, unquoted, the last one wins. Only what this probe needs to find places."""
    home = _home(user)
    text = examiner.text(f"{home}/.config/go/env", _SETTINGS_LIMIT) if home else ""
    pairs = (line.strip().partition("=") for line in text.split("\n"))
    return {name: value for name, _, value in pairs if name in _NEEDED}


def matches(host: Host, pattern: str) -> list[str]:
    """Paths that fit an absolute pattern with wildcards in any component, at most 200, sorted; links are not resolved."""
    found = [""]
    for part in pattern.strip("/").split("/"):
        if "*" not in part and "[" not in part:
            found = [f"{path}/{part}" for path in found]
            continue
        found = [
            f"{path}/{name}"
            for path in found
            for name in host.listdir(path or "/", _MOST_NAMES)
            if fnmatchcase(name, part)
        ][:_MOST_FOUND]
    return found


def _on_search_paths(contexts: Iterable[Context]) -> Iterator[str]:
    for context in contexts:
        for entry in context.search_path:
            for program in (entry.go, entry.gofmt):
                if program is None:
                    continue
                for path in (program.path, program.real_path, *(link.target for link in program.links)):
                    top, _, name = path.rpartition("/bin/")
                    if top.startswith("/") and name in ("go", "gofmt"):
                        yield top


def _written_on_search_paths(contexts: Iterable[Context], home: str) -> Iterator[str]:
    """Trees that entries would lead to, were they written well: `~/sdk/bin` in quotes, a carriage return or a blank at an end."""
    entries = (entry for context in contexts for entry in context.search_path if entry.kind != "directory")
    for text in dict.fromkeys(entry.directory.strip(" \t\r\"'\u201c\u201d\u2018\u2019") for entry in entries):
        path = f"{home}{text[1:]}" if text.startswith("~/") else text.replace("$HOME/", f"{home}/")
        if path.startswith("/") and path.rstrip("/").endswith("/bin"):
            yield path.rstrip("/")[: -len("/bin")] or "/"


def _go_paths(user: User, contexts: Iterable[Context], settings: dict[str, str]) -> list[str]:
    home = _home(user)
    values = [part for value in _values(contexts, "GOPATH") for part in value.split(":")]
    written = settings.get("GOPATH", "").split(":")
    return [path for path in (*values, *written, f"{home}/go" if home else "") if path.strip("/")]


def _values(contexts: Iterable[Context], name: str) -> list[str]:
    """Absolute values of an exported variable, each once."""
    values = (
        variable.value
        for context in contexts
        for variable in context.variables
        if variable.name == name and variable.exported and variable.value.startswith("/")
    )
    return [value.rstrip("/") or "/" for value in dict.fromkeys(values)]


def _home(user: User) -> str:
    return user.home.rstrip("/") if user.home.startswith("/") else ""
