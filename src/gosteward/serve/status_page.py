"""`/-/`: how a proxy does, and what it holds, for people: pages without scripts and without anything from elsewhere.

/-/                    hits, upstreams, the store, what went wrong lately
/-/modules/            the first elements of module paths in the store
/-/modules/PATH/       what goes on below it, and the versions of the module, if it is one

In the language that ?lang= names (en, zh), else in that of the reader's browser.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from gosteward import __version__
from gosteward.catalogs import LANGUAGES, catalog_for
from gosteward.serve import status_html as html
from gosteward.serve.browsing_html import browsing
from gosteward.serve.metrics import free_bytes, resident_bytes
from gosteward.serve.page_layout import Shown
from gosteward.serve.pages import ABSENT, HTML_FIELDS, Body, absent, answer
from gosteward.serve.store_view import shelf

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gosteward.modules.proxy import ModuleProxy
    from gosteward.serve.connections import Asked, Reply, Writer
    from gosteward.serve.open_connections import Traffic
    from gosteward.serve.own_certificate import OwnCertificate
    from gosteward.serve.store_view import StoreSize

TOP, BROWSING = "/-/", "/-/modules/"
_HTML = "text/html; charset=utf-8"
_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?")


class StatusPage:
    """The pages.

    Args:
        threads: where the store is looked into.   clock: seconds since the epoch.   certificate: as of `Observation`.
    """

    def __init__(
        self,
        proxy: ModuleProxy,
        traffic: Traffic,
        size: StoreSize,
        threads: Executor,
        clock: Callable[[], float] = time.time,
        certificate: Callable[[], OwnCertificate | None] = lambda: None,
    ) -> None:
        self._proxy, self._traffic, self._size, self._certificate = proxy, traffic, size, certificate
        self._threads, self._clock = threads, clock
        self._catalogs = {language: catalog_for(language) for language in LANGUAGES}

    def __call__(self, asked: Asked) -> Reply:
        target, _, query = asked.target.decode("latin-1").partition("?")
        path = unquote(target)
        shown = self._shown(asked, query)
        if path == TOP:
            return answer(asked, Body(_HTML, html.status(self._state(), shown), fields=HTML_FIELDS))
        if path.startswith(BROWSING):
            return lambda to: self._browse(asked, path[len(BROWSING) :].rstrip("/"), _page_of(query), shown, to)
        return absent(asked)

    async def _browse(self, asked: Asked, path: str, page: int, shown: Shown, to: Writer) -> None:
        found = await asyncio.get_running_loop().run_in_executor(self._threads, shelf, self._proxy.store.top, path)
        body = Body(_HTML, browsing(found, page, shown), fields=HTML_FIELDS) if found is not None else ABSENT
        to.write(answer(asked, body))

    def _shown(self, asked: Asked, query: str) -> Shown:
        wanted = _word(query, "lang")
        if wanted in self._catalogs:
            return Shown(self._catalogs[wanted], chosen=True)
        return Shown(self._catalogs[language_of(asked.language.decode("latin-1"))])

    def _state(self) -> html.State:
        tally, size = self._proxy.tally, self._size.latest()
        now, certificate = self._clock(), self._certificate()
        return html.State(
            version=__version__,
            now=now,
            began=tally.began,
            held=tally.held,
            stored=tally.stored,
            missed=tally.missed,
            refused=tally.refused,
            unverified=tally.unverified,
            under_way=self._proxy.under_way,
            connections=self._traffic.connections,
            sent=self._traffic.sent,
            memory=resident_bytes(),
            store=self._proxy.store.top,
            size=(size.files, size.bytes) if size is not None else None,
            free=free_bytes(self._proxy.store.top),
            health=tuple(sorted(tally.health.items())),
            troubles=tally.recent(),
            metadata=tally.metadata_up if tally.metadata else None,
            shared=tally.shared_up() if tally.shared else None,
            reports=tally.reports(),
            concerns=certificate.concerns(now) if certificate is not None else (),
        )


def _page_of(query: str) -> int:
    """The number of a page, from 1."""
    word = _word(query, "page")
    return max(1, int(word)) if word.isascii() and word.isdecimal() and len(word) < 7 else 1


def _word(query: str, name: str) -> str:
    return parse_qs(query[:200]).get(name, [""])[0]


def language_of(accepted: str) -> str:
    """The language among ours that a browser likes best, the first of equals; English if it names none. Source: RFC 9110, 12.5.4."""
    best, found = 0.0, "en"
    for one in accepted[:200].lower().split(","):
        name, _, weight = one.strip().partition(";q=")
        language = name.partition("-")[0].strip()
        liking = float(weight) if _WEIGHT.fullmatch(weight) else 1.0 if not weight else 0.0
        if language in LANGUAGES and liking > best:
            best, found = liking, language
    return found
