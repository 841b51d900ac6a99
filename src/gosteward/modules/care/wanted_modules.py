"""Which files of module versions somebody wants, by the lists that there are: go.sum, go.mod, `MODULE@VERSION` lines. Pure.

go.sum says all that a build reads: versions with their zips, and versions of which go.mod alone is read. go.mod names what is required only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import gomod, gosum
from gosteward.modules.requests import FILES, ModuleRequest, file_at, request_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    Module = tuple[str, str]

MOST = 200_000


class WantedFiles(NamedTuple):
    """What is wanted.

    Attributes:
        files: requests for files of canonical versions, each once.   pins: "h1:..." by module, version and kind, as go.sum has them.
    """

    files: tuple[ModuleRequest, ...] = ()
    pins: tuple[tuple[tuple[str, str, str], str], ...] = ()

    @property
    def versions(self) -> frozenset[Module]:
        """All module versions that are named."""
        return frozenset((file.module, file.version) for file in self.files)


def of_text(name: str, text: str) -> WantedFiles:
    """What a file wants: a go.sum (*.sum), a go.mod (*.mod), else a list.

    Raises:
        UsageError: a line is none of such a file.
    """
    if name.endswith(".sum"):
        return of_go_sum(text, name)
    return of_go_mod(text, name) if name.endswith(".mod") else of_list(text, name)


def together(all_wanted: Iterable[WantedFiles]) -> WantedFiles:
    """What several want."""
    files: dict[str, ModuleRequest] = {}
    pins: dict[tuple[str, str, str], str] = {}
    for wanted in all_wanted:
        files.update((file.path, file) for file in wanted.files)
        pins.update(wanted.pins)
    return WantedFiles(tuple(files.values()), tuple(pins.items()))


def of_go_sum(text: str, name: str = "go.sum") -> WantedFiles:
    """Zips with their .info and .mod, and the .mod alone where there is no line for the zip."""
    found = gosum.parse(text)
    if found.malformed:
        raise UsageError("this is no line of a go.sum", subject=f"{name}:{found.malformed[0][0]}")
    files: list[ModuleRequest] = []
    pins: dict[tuple[str, str, str], str] = {}
    for (module, version), sums in found.sums.items():
        plain, slash, _ = version.partition("/go.mod")
        files += [request(module, plain, kind, name) for kind in (("mod",) if slash else FILES)]
        for one in sums:
            if one.digest.startswith("h1:"):
                pins[module, plain, "mod" if slash else "zip"] = one.digest
    return WantedFiles(tuple(files), tuple(pins.items()))


def of_go_mod(text: str, name: str = "go.mod") -> WantedFiles:
    """Everything of what is required, or of what replaces it."""
    found = gomod.parse(text)
    if found.errors:
        line, reason = found.errors[0]
        raise UsageError(reason, subject=f"{name}:{line.number}")
    replaced = {(one.path, one.version): (one.target, one.target_version) for one in found.replaces}
    files = []
    for required in found.requires:
        module = (required.path, required.version)
        meant = replaced.get(module) or replaced.get((required.path, "")) or module
        if meant[1]:
            files += _all_of(*meant, name)
    return WantedFiles(tuple(files))


def of_list(text: str, name: str) -> WantedFiles:
    """Everything of the versions in a list, `MODULE@VERSION` a line; "#" begins a comment."""
    files: list[ModuleRequest] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].strip()
        module, at, version = words.rpartition("@")
        if words and not at:
            raise UsageError("this is no line such as golang.org/x/text@v0.3.0", subject=f"{name}:{number}")
        files += _all_of(module, version, f"{name}:{number}") if words else ()
    return WantedFiles(tuple(files))


def request(module: str, version: str, kind: str, where: str) -> ModuleRequest:
    """The request for a file. Raises UsageError: there can be no such file.  where: it is named, for people."""
    found = file_at(request_for(kind, module, version).path)
    if found is not None:
        return found
    raise UsageError("this is no version of a module", subject=f"{module[:100]}@{version[:100]} in {where}")


def _all_of(module: str, version: str, where: str) -> list[ModuleRequest]:
    return [request(module, version, kind, where) for kind in FILES]
