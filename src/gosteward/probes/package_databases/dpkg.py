"""dpkg: Debian, Ubuntu, and images made from their packages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.package_databases.roles import likely_owner, role_of
from gosteward.snapshot import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gosteward.host.reading import Host

STATUS = "/var/lib/dpkg/status"
STATUS_DIRECTORY = "/var/lib/dpkg/status.d"
LISTS = "/var/lib/dpkg/info"
DIVERSIONS = "/var/lib/dpkg/diversions"
STATUS_LIMIT = 64 << 20
LIST_LIMIT = 16 << 20
LISTS_KEPT = 8 << 20
MOST_LISTS = 200_000
_NAME = re.compile(rb"^Package:[ \t]*([^\s]+)", re.MULTILINE)
_FIELD = {name: re.compile(rb"^" + name + rb":[ \t]*([^\n]*)", re.MULTILINE) for name in (b"Status", b"Version")}
_HALF = ("half-installed", "unpacked", "half-configured")
_GONE = ("config-files", "not-installed")


class Stanza(NamedTuple):
    """A package as the status file has it.  state: as in `Package.status`."""

    name: str
    version: str
    state: str


class Diversion(NamedTuple):
    """A file moved aside.  package: whose file stays at `original`; ":" for a diversion by hand, which leaves none there."""

    original: str
    moved: str
    package: str


class Dpkg:
    """The database, read once; lists of files are read when somebody asks for an owner."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._stanzas = _split(_content(host, STATUS, STATUS_LIMIT))
        # Images without a package manager keep one stanza per file, and no states.
        self._files = [n for n in host.listdir(STATUS_DIRECTORY) if not n.endswith(".md5sums") and n[:1] != "."]
        self._stanzas += [_content(host, f"{STATUS_DIRECTORY}/{name}", 1 << 16) for name in self._files]
        self._names: list[str] | None = None
        self._likely: list[str] = []
        self._diversions: tuple[Diversion, ...] | None = None
        self._lists: dict[str, bytes] = {}
        self._room = LISTS_KEPT

    def packages(self) -> Iterator[Package]:
        """Packages that matter to Go."""
        for stanza in self._stanzas:
            found = _NAME.search(stanza)
            name = _text(found[1]) if found is not None else ""
            role = role_of(name)
            if role:
                _, version, state = parse(stanza)
                yield Package(manager="dpkg", name=name, version=version, role=role, status=state)

    def owner(self, paths: Sequence[str], *, everywhere: bool) -> str:
        """Name and version of the package that owns one of the paths (spellings of the same file); "" if none does.

        Args:
            everywhere: look into all lists, not only those of packages with Go in their names.
        """
        if not self._stanzas:
            return ""
        wanted, excepted = self._before_diversion(paths)
        lines = [b"\n" + path.encode("utf-8", "surrogateescape") + b"\n" for path in wanted]
        for name in self._candidates(everywhere=everywhere):
            if self.host.reading_time.is_up("packages"):
                return ""
            if name.partition(":")[0] in excepted:
                continue
            content = self._list(name)
            if any(line in content for line in lines):
                return self._named(name.partition(":")[0])
        return self._owner_by_checksums(wanted) if self._files else ""

    def _list(self, name: str) -> bytes:
        """Paths of a package, each between line feeds; kept for the next question while there is room."""
        content = self._lists.get(name)
        if content is None:
            content = b"\n" + _content(self.host, f"{LISTS}/{name}.list", LIST_LIMIT) + b"\n"
            self._room -= len(content)
            if self._room > 0:
                self._lists[name] = content
        return content

    def _before_diversion(self, paths: Sequence[str]) -> tuple[Sequence[str], tuple[str, ...]]:
        """Names under which the lists have the paths, and packages whose file of that name lies elsewhere."""
        if self._diversions is None:
            self._diversions = diversions(self.host.lines(DIVERSIONS))
        for diversion in self._diversions:
            if diversion.moved in paths:
                return (diversion.original,), (diversion.package,)
        for diversion in self._diversions:
            if diversion.original in paths:
                names = {name.partition(":")[0] for name in self._candidates(everywhere=True)}
                return paths, tuple(names - {diversion.package})
        return paths, ()

    def _candidates(self, *, everywhere: bool) -> list[str]:
        """Names of lists ("libc6:amd64"), those of Go first."""
        if self._names is None:
            files = self.host.listdir(LISTS, MOST_LISTS)
            names = [name[: -len(".list")] for name in files if name.endswith(".list")]
            self._likely = sorted(name for name in names if likely_owner(name))
            self._names = [*self._likely, *sorted({*names}.difference(self._likely))]
        return self._names if everywhere else self._likely

    def _named(self, name: str) -> str:
        marks = (f"Package: {name}\n".encode("utf-8", "surrogateescape"), f"Package: {name}".encode())
        for stanza in self._stanzas:
            if stanza.startswith(marks[0]) or stanza == marks[1]:
                version = parse(stanza).version
                return f"{name} {version}" if version else name
        return name

    def _owner_by_checksums(self, paths: Sequence[str]) -> str:
        ends = tuple(f" {path.lstrip('/')}" for path in paths)
        for name in self._files:
            for line in self.host.lines(f"{STATUS_DIRECTORY}/{name}.md5sums"):
                if line.endswith(ends):
                    return self._named(parse(_content(self.host, f"{STATUS_DIRECTORY}/{name}", 1 << 16)).name)
        return ""


def parse(stanza: bytes) -> Stanza:
    """Take apart a stanza of a status file.

    Source:
        deb-control(5), dpkg(1) "Package states"; a third word such as "triggers-pending" is still an installed package.
    """
    found = _NAME.search(stanza)
    version, status = (field.search(stanza) for field in (_FIELD[b"Version"], _FIELD[b"Status"]))
    words = _text(status[1]).split() if status is not None else ["install", "ok", "installed"]
    state = words[2] if len(words) > 2 else ""
    if state in _GONE:
        state = "removed"
    elif state in _HALF or (len(words) > 1 and words[1] == "reinstreq"):
        state = "half-installed"
    else:
        state = "installed"
    return Stanza(
        name=_text(found[1]) if found is not None else "",
        version=_text(version[1]).strip() if version is not None else "",
        state=state,
    )


def diversions(lines: Iterable[str]) -> tuple[Diversion, ...]:
    """The diversions file: three lines for each."""
    items = list(lines)
    return tuple(
        Diversion(original=items[at], moved=items[at + 1], package=items[at + 2]) for at in range(0, len(items) - 2, 3)
    )


def _split(content: bytes) -> list[bytes]:
    return [stanza.lstrip(b"\n") for stanza in content.split(b"\n\n") if stanza.strip()]


def _content(host: Host, path: str, limit: int) -> bytes:
    try:
        return host.read(path, limit)
    except OSError:
        return b""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
