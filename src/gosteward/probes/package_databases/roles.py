"""What a package is to Go, by its name in the distributions. Pure."""

from __future__ import annotations

import re

# In this order: the first that matches wins. Cross compilers, documentation and libraries written in Go have no role.
_ROLES = (
    ("go-src", re.compile(r"golang(?:-\d+(?:\.\d+)*)?-src|go\d?[.\d]*-src")),
    ("gccgo", re.compile(r"gccgo(?:-\d+|-go)?|gcc(?:-?\d+)?-go(?:-\d+)?")),
    (
        "go",
        re.compile(r"(?:golang|go)(?:-?\d+(?:\.\d+)*)?(?:-go|-bin)?|golang-any|(?:msft|microsoft)-golang"),
    ),
    (
        "c-compiler",
        re.compile(r"(?:gcc|clang)(?:-?\d+(?:\.\d+)?)?|build-essential|build-base|base-devel|tcc"),
    ),
    ("libc-headers", re.compile(r"libc6?(?:\.1)?-dev|glibc-devel|glibc-headers(?:-\w+)?|musl-dev(?:el)?")),
    ("pkg-config", re.compile(r"pkg-?config|pkgconf(?:-bin|-pkg-config)?")),
)
_KEPT = frozenset({"git", "binutils", "ca-certificates", "ca-certificates-utils", "snapd"})


def role_of(name: str) -> str:
    """Role as in `Package`; "other" for a package that matters without one, "" for one that does not matter."""
    for role, names in _ROLES:
        if names.fullmatch(name):
            return role
    return "other" if name in _KEPT else ""


def likely_owner(name: str) -> bool:
    """Whether a package of this name may hold a Go tree or a program named go: these are searched first."""
    return name.startswith(("go", "gcc-go", "gccgo")) or "golang" in name or role_of(name) == "gccgo"
