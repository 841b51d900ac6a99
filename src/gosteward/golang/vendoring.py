"""vendor/modules.txt, and where it and go.mod differ, as `go` finds "inconsistent vendoring". Pure.

    # example.com/greet v1.0.0 => ../greet
    ## explicit; go 1.21
    example.com/greet/words

Source: cmd/go/internal/modload/vendor.go (`readVendorList`, `checkVendorConsistency`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goversion
from gosteward.golang.gomod import is_version

if TYPE_CHECKING:
    from gosteward.golang.gomod import ModFile

MAX_LINES = 100_000
FIRST_CHECKED = "1.14"


class VendoredModule(NamedTuple):
    """A module as modules.txt has it.

    Attributes:
        explicit: marked as required by go.mod itself.   packages: some package of it is vendored.
        target, target_version: replacement, "" without one.
    """

    path: str
    version: str
    explicit: bool = False
    packages: bool = False
    target: str = ""
    target_version: str = ""


def parse(text: str) -> tuple[VendoredModule, ...]:
    """Read vendor/modules.txt; lines that are not understood are left out, as Go leaves them out."""
    modules: dict[tuple[str, str], VendoredModule] = {}
    current: tuple[str, str] | None = None
    for line in text.split("\n")[:MAX_LINES]:
        if line.startswith("# "):
            words = line.split()
            if len(words) < 3:
                continue
            module = _module(words)
            current = (module.path, module.version) if module else None
            if module:
                known = modules.get((module.path, module.version), module)
                # A replacement may be repeated at the end of the file; what was known stays.
                modules[module.path, module.version] = known._replace(
                    target=module.target or known.target, target_version=module.target_version or known.target_version
                )
        elif current is None:
            continue
        elif line.startswith("## "):
            if any(entry.strip() == "explicit" for entry in line[3:].split(";")):
                modules[current] = modules[current]._replace(explicit=True)
        elif len(line.split()) == 1:
            modules[current] = modules[current]._replace(packages=True)
    return tuple(modules.values())


def of_workspace(text: str) -> bool:
    """Whether `go work vendor` wrote it: then it counts for the workspace alone."""
    return any(entry.strip() == "workspace" for entry in text.partition("\n")[0].removeprefix("## ").split(";"))


def checked(go: str) -> bool:
    """Whether Go compares at all: from `go 1.14` on it builds from vendor/ on its own and looks whether that fits."""
    return bool(go) and not goversion.older(go, FIRST_CHECKED)


def differences(mod: ModFile, vendored: tuple[VendoredModule, ...]) -> tuple[tuple[str, str, str], ...]:
    """(module, what go.mod says, what modules.txt says) for each that Go refuses; "" where one side says nothing."""
    found: dict[tuple[str, str, str], None] = {}
    required = {(r.path, r.version) for r in mod.requires}
    explicit = {m.path: m.version for m in vendored if m.explicit}
    listed = {(m.path, m.version): m for m in vendored}
    for require in mod.requires:
        module = listed.get((require.path, require.version))
        if module is None or not module.explicit:
            found.setdefault((require.path, require.version, explicit.get(require.path, "")))
    replaced: dict[tuple[str, str], str] = {}
    for replace in mod.replaces:
        if replace.path != mod.module or replace.version:
            replaced.setdefault((replace.path, replace.version), _target(replace.target, replace.target_version))
    for key, target in replaced.items():
        module = listed.get(key)
        there = _target(module.target, module.target_version) if module else ""
        if there != target:
            found.setdefault((key[0], _arrow(key[1], target), _arrow(key[1], there)))
    requested = {path for path, _ in required}
    for module in vendored:
        if module.explicit and module.packages and module.path not in requested:
            found.setdefault((module.path, "", module.version))
        applies = (module.path, module.version) in replaced or (module.path, "") in replaced
        if module.target and not applies:
            there = _target(module.target, module.target_version)
            found.setdefault((module.path, "", _arrow(module.version, there)))
    return tuple(found)


def _module(words: list[str]) -> VendoredModule | None:
    if is_version(words[2]):
        path, version, rest = words[1], words[2], words[3:]
    elif words[2] == "=>":
        path, version, rest = words[1], "", words[2:]
    else:
        return None
    if rest[:1] == ["=>"] and len(rest) == 2:
        return VendoredModule(path, version, target=rest[1])
    if rest[:1] == ["=>"] and len(rest) == 3 and is_version(rest[2]):
        return VendoredModule(path, version, target=rest[1], target_version=rest[2])
    return VendoredModule(path, version)


def _target(path: str, version: str) -> str:
    return f"{path} {version}".strip()


def _arrow(version: str, target: str) -> str:
    return f"{version} => {target}".strip() if target else ""
