"""What several proxies have in common: files in one place, and that one of them at a time fetches a file for all. Blocking.

Each proxy has its own store on disk nevertheless: that is what clients are served from. What is common only spares asking upstreams; where it
fails, everything is slower, and nothing is wrong.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gosteward.modules.origins.upstream import Coming
    from gosteward.modules.requests import ModuleRequest


class SharedFiles(Protocol):
    """Files that other proxies may have fetched: believed no more than an upstream. Where the place fails, that is no error of a request."""

    def opened(self, request: ModuleRequest) -> AbstractContextManager[Coming | None]:
        """A file; None if it is not there, or nobody can say.  Raises BrokenError: while the body is taken."""
        ...

    def publish(self, request: ModuleRequest, descriptor: int, size: int) -> None:
        """Let others have a file that was proved. What is there already stays, unless it is distrusted."""
        ...

    def distrust(self, request: ModuleRequest) -> None:
        """The file there is wrong: ask for it no more, and let the next proved one replace it."""
        ...


class Turns(Protocol):
    """Who of several proxies may fetch a file."""

    def turn(self, request: ModuleRequest) -> AbstractContextManager[bool]:
        """Wait for a turn, which is over at the end of the context; where nobody can say whose turn it is, go on.

        Returns:
            whether another proxy had one meanwhile: then the file may be there by now.
        """
        ...


class Sharing(NamedTuple):
    """What is shared.  published: waits until others can have a file that `publish` was called for, where that takes time."""

    files: SharedFiles
    turns: Turns
    published: Callable[[ModuleRequest], None] = lambda _: None


class Nothing:
    """For a proxy that is alone."""

    def opened(self, request: ModuleRequest) -> AbstractContextManager[Coming | None]:  # noqa: ARG002 - as others do
        return contextlib.nullcontext()

    def turn(self, request: ModuleRequest) -> AbstractContextManager[bool]:  # noqa: ARG002
        return contextlib.nullcontext(enter_result=False)

    def publish(self, request: ModuleRequest, descriptor: int, size: int) -> None:
        pass

    def distrust(self, request: ModuleRequest) -> None:
        pass


ALONE = Sharing(Nothing(), Nothing())
