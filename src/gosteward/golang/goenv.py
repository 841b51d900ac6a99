"""The files in which `go env -w` and Go's distributors keep settings, read as `go` reads them. Pure.

    GOPROXY=https://goproxy.corp.example,direct
    GOPRIVATE=git.corp.example

There is no quoting, no comment behind a value and no expansion: everything behind the first `=` is the value, a carriage return
and spaces included. Source: cmd/go/internal/cfg/cfg.go (`EnvFile`, `readEnvFile`); os.UserConfigDir.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_LINES = 10_000


class Entry(NamedTuple):
    """A line with a name.  ignored: go passes it over, because it has no `=` or does not start with a capital letter."""

    name: str
    value: str
    number: int
    text: str
    ignored: bool = False


def parse(text: str) -> tuple[Entry, ...]:
    """Lines that set something, and those that were meant to: empty lines and those that start with `#` are left out.

    Of several lines for one name the last one counts; all are given.
    """
    entries = []
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        name, equals, value = line.partition("=")
        if equals and "A" <= line[0] <= "Z":
            entries.append(Entry(name, value, number, line))
        elif line.strip() and not line.lstrip().startswith("#"):
            # The name stays as it is written: " GOPROXY" is not GOPROXY, to Go and to whoever looks for that.
            entries.append(Entry(name, value, number, line, ignored=True))
    return tuple(entries)


def in_force(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries without those that a later line of the same name replaces."""
    last = {entry.name: entry.number for entry in entries if not entry.ignored}
    return tuple(entry for entry in entries if entry.ignored or last[entry.name] == entry.number)


def file_named(goenv: str, config_home: str, home: str) -> str:
    """The file that `go` reads for a user; "" where there is none.

    Args:
        goenv, config_home, home: GOENV, XDG_CONFIG_HOME and HOME of the environment, "" if unset. A relative GOENV is
            returned as it is, and `go` takes it from the directory that it runs in.
    """
    if goenv:
        return "" if goenv == "off" else goenv
    if config_home:
        return f"{config_home.rstrip('/')}/go/env" if config_home.startswith("/") else ""
    return f"{home.rstrip('/')}/.config/go/env" if home else ""
