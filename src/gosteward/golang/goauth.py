"""GOAUTH: by which methods go finds the passwords of module proxies. Pure.

    netrc (the default), off, `git DIR` (asks git's credential helpers), or a command of somebody's own; several with semicolons between them

Source: cmd/go/internal/auth/auth.go (`runGoAuth`); `go help goauth`.
"""

from __future__ import annotations

from typing import NamedTuple

DEFAULT = "netrc"


class Methods(NamedTuple):
    """netrc: the netrc file is asked.   programs: the first word of each method that starts one ("git", or that of the command)."""

    netrc: bool
    programs: tuple[str, ...] = ()


def methods(value: str) -> Methods:
    """Read a value, "" stands for the default. What go refuses altogether (`off` among others, an empty command) is read for what it certainly means."""
    words = [words[0] for words in map(str.split, (value or DEFAULT).split(";")) if words]
    if "off" in words:
        return Methods(netrc=False)
    return Methods("netrc" in words, tuple(dict.fromkeys(word for word in words if word != "netrc")))
