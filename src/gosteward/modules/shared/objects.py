"""A place for objects by name, whatever keeps them. Blocking.

    modules/github.com/!burnt!sushi/toml/@v/v1.4.0.info   .mod   .zip     as the protocol has them: a web server or a CDN can hand them out
    hashes/git.example.com/tool/@v/v1.0.0.zip                             "h1:...", what the first proxy saw of a private module's file
    proofs/golang.org/x/text/@v/v0.21.0                                   what a checksum database proves of a version

An object is there whole, or not at all, and "create" has one winner, however many try at once. What lies there was written by somebody else:
it is believed no more than an upstream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from gosteward.modules.origins.upstream import Coming
    from gosteward.modules.requests import ModuleRequest

MODULES, HASHES = "modules", "hashes"
TYPES = {"info": "application/json", "mod": "text/plain; charset=utf-8", "zip": "application/zip"}


class UnusableError(Exception):
    """The place cannot be asked, or does not do what it is asked for. Its text is for people."""


class Content(NamedTuple):
    """Bytes of a file.  descriptor: read by positions, from any thread.   size: of all of it.   kind: "info", "mod", "zip"."""

    descriptor: int
    size: int
    kind: str


class Objects(Protocol):
    """Objects by name, "modules/...": components without a dot in front, with slashes between them.

    Attributes:
        shown: the place, for people.
    """

    shown: str

    def opened(self, name: str) -> AbstractContextManager[Coming | None]:
        """An object while it comes; None if there is none.  Raises UnusableError; BrokenError while the body is taken."""
        ...

    def put(self, name: str, content: Content, *, replace: bool) -> bool:
        """Let there be an object.  replace: whatever is there.  Returns False: one was there, and stays.  Raises UnusableError."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Let there be a small object, if there is none: exactly one of all who try at once succeeds.  Raises UnusableError."""
        ...

    def names(self, directory: str) -> Iterator[str]:
        """Names of all objects below one, "modules/example.com/text/@v".  Raises UnusableError."""
        ...


def file_name(request: ModuleRequest) -> str:
    """Where a file of a module version lies."""
    return f"{MODULES}/{request.path}"


def hash_name(request: ModuleRequest) -> str:
    """Where the hash of a file lies."""
    return f"{HASHES}/{request.path}"


def small(objects: Objects, name: str, limit: int) -> bytes | None:
    """An object of at most `limit` bytes, what is longer is cut; None if there is none. Raises UnusableError, BrokenError."""
    with objects.opened(name) as coming:
        if coming is None:
            return None
        content = b""
        for piece in coming.body:
            content += piece
            if len(content) > limit:
                break
    return content[:limit]
