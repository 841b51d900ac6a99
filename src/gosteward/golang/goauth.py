"""GOAUTH: by which methods go finds the passwords of module proxies. Pure.

    netrc (the default), off, `git DIR` (asks git's credential helpers), or a command of somebody's own; several with semicolons between them

A command of somebody's own answers in blocks: URLs, an empty line, header lines for what is at and below them, an empty line.

    https://athens.corp.example/
    https://goproxy.corp.example/go/

    Authorization: Bearer s3cret

Source: cmd/go/internal/auth/auth.go (`runGoAuth`, `loadCredential`) and userauth.go (`parseUserAuth`); `go help goauth`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.proxyurls import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT = "netrc"
MOST_LINES = 10_000
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}): *(?P<value>[!-~](?:[ -~]{0,8190}[!-~])?)")
# Where a request ends, to whom it goes, and how its answer comes, is said by who asks.
_NOT_TO_SET = (
    "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "range", "accept-encoding",
    "proxy-authorization", "keep-alive", "user-agent",
)  # fmt: skip


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


def credentials(output: str) -> dict[str, tuple[str, ...]]:
    """What a command of GOAUTH wrote: header lines by place, a URL without its scheme; () where a place is to have none any more.

    Raises:
        ValueError: it is not as go has it.
    """
    lines = output.split("\n")
    if len(lines) > MOST_LINES:
        raise ValueError(f"it has more than {MOST_LINES} lines")
    if lines.pop():
        raise ValueError("its last line has no end")
    found: dict[str, tuple[str, ...]] = {}
    rest = iter(lines)
    for first in rest:
        places = [_place(line) for line in (*([first] if first else []), *(_block(rest, "URLs") if first else ()))]
        headers = tuple(header(line) for line in _block(rest, "headers"))
        found.update(dict.fromkeys(places, headers))
    return found


def headers_for(place: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The header lines for a URL without its scheme: those of the longest place that leads to it, by whole elements."""
    while place and place not in known:
        place = place.rpartition("/")[0]
    return known.get(place, ())


def header(line: str) -> str:
    """A header line, "Name: value", that may be added to a request. Raises ValueError."""
    found = _HEADER.fullmatch(line.strip(" \t\r"))
    if found is None:
        raise ValueError("a line is no header of the form `Name: value`")
    if found["name"].lower() in _NOT_TO_SET:
        raise ValueError(f"the header {found['name']} cannot be set")
    return f"{found['name']}: {found['value']}"


def header_file(text: str) -> tuple[str, ...]:
    """The header lines of a file; empty lines, and those that begin with "#", say nothing. Raises ValueError."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not 0 < len(lines) <= 100:
        raise ValueError("it has no header line" if not lines else "it has more than 100 header lines")
    return tuple(header(line) for line in lines)


def place_of(url: str) -> str:
    """A URL as credentials are looked up for it: without its scheme and without a slash at its end."""
    return url.partition("://")[2].rstrip("/")


def _block(lines: Iterator[str], named: str) -> Iterator[str]:
    for line in lines:
        if not line:
            return
        yield line
    raise ValueError(f"there is no empty line behind its {named}")


def _place(line: str) -> str:
    url = parse(line)
    if url is None or url.scheme != "https" or not url.host or url.user:
        raise ValueError("a line is no https URL")
    port = f":{url.port}" if url.port else ""
    return f"{url.host}{port}{url.path}".rstrip("/")
