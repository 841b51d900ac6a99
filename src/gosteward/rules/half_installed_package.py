"""GS704: a package of Go, or of the C toolchain, was never installed to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo
from gosteward.reasoning.running_go import running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Package, Snapshot

RULE = Rule(
    id="GS704",
    slug="half-installed-package",
    title="a package is half installed",
    severity="error",
    needs=("packages", "contexts"),
    symptoms=(
        "dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem.",
        "Sub-process /usr/bin/dpkg returned an error code (1)",
    ),
)
OF_GO = ("go", "go-src", "gccgo")
OF_C = ("c-compiler", "libc-headers", "pkg-config")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    half = tuple(p for p in snapshot.packages if p.status == "half-installed" and p.role in (*OF_GO, *OF_C))
    managers = dict.fromkeys(p.manager for p in half)
    for manager in managers:
        packages = tuple(p for p in half if p.manager == manager)
        severity = _severity(snapshot, packages)
        if severity:
            yield _finding(manager, packages, severity)


def _severity(snapshot: Snapshot, packages: tuple[Package, ...]) -> str:
    """An error where the go that runs is of such a package, or none runs; a warning where something may need it."""
    if any(p.role in OF_C for p in packages) and cgo.needs(snapshot):
        return "error"
    if not any(p.role in OF_GO for p in packages):
        return ""
    running = running_gos(snapshot)
    names = {p.name for p in packages}
    met = not running or any(go.go.package.partition(" ")[0] in names for go in running if go.go.package)
    return "error" if met else "warning"


def _finding(manager: str, packages: tuple[Package, ...], severity: str) -> Finding:
    of_c = any(p.role in OF_C for p in packages)
    explained = ("GS401", "GS402", "GS702", "GS706", "GS306", "GS418", "GS101")
    return Finding(
        rule=RULE,
        subject=packages[0].name,
        message=Text(
            "{packages} was never installed to its end: files of it may be missing",
            packages=", ".join(f"{p.name} {p.version}".strip() for p in packages),
        ),
        evidence=tuple(_evidence(p) for p in packages[:5]),
        severity=severity,
        explains=tuple(Explains(rule) for rule in (*explained, *(("GS801", "GS802", "GS803") if of_c else ()))),
        commands=_commands(manager, packages),
        advice=Text(
            "An installation broke off, for want of space or power. Look for room on the file system first, then let the package manager finish."
        ),
    )


def _evidence(package: Package) -> str:
    return f"dpkg --status {package.name}" if package.manager == "dpkg" else f"{package.manager} {package.name}"


def _commands(manager: str, packages: tuple[Package, ...]) -> tuple[str, ...]:
    names = " ".join(p.name for p in packages)
    if manager == "dpkg":
        return ("dpkg --configure -a", "apt-get install --fix-broken", f"apt-get install --reinstall {names}")
    commands = {"pacman": f"pacman -S {names}", "apk": "apk fix", "rpm": f"dnf reinstall {names}"}
    return (commands[manager],) if manager in commands else ()
