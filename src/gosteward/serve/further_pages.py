"""What a proxy serves besides modules and what shows how it does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.serve import index_page, vulnerability_page
from gosteward.serve.index_page import IndexPage
from gosteward.serve.vulnerability_page import VulnerabilityPage

if TYPE_CHECKING:
    from gosteward.modules.setting_up import Parts
    from gosteward.serve.module_server import Page


async def keep_up(made: Parts) -> None:
    """Let these pages know what comes, for ever."""
    with contextlib.suppress(OSError, StewardError):  # at the next start, then
        await asyncio.get_running_loop().run_in_executor(made.proxy.threads, made.feed.settle, made.proxy.store)
    if made.vulnerabilities is not None:
        await made.vulnerabilities.watch()


def pages_of(made: Parts) -> dict[str, Page]:
    """Pages by path, for `ModuleServer`."""
    pages: dict[str, Page] = {index_page.PATH: IndexPage(made.feed, made.proxy)}
    if made.vulnerabilities is not None:
        pages[vulnerability_page.TOP] = VulnerabilityPage(made.vulnerabilities)
    return pages
