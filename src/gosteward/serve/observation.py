"""All that shows what a proxy does, put together: counts, log and pages."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from gosteward.serve.access_log import AccessLog, with_hits
from gosteward.serve.exchanges import Exchanges
from gosteward.serve.health import Readiness, healthz
from gosteward.serve.metrics import Metrics
from gosteward.serve.open_connections import Traffic
from gosteward.serve.open_files import SHORT
from gosteward.serve.pages import FAVICON, ROOT, absent, redirect
from gosteward.serve.status_page import TOP, StatusPage
from gosteward.serve.store_view import StoreSize

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.proxy import ModuleProxy
    from gosteward.serve.connections import Asked, Reply
    from gosteward.serve.module_server import ModuleServer, Page
    from gosteward.serve.own_certificate import OwnCertificate

_THREADS = 3  # one for each: measuring the store, looking whether it can be written to, browsing it


class Observation:
    """What looks at one proxy.

    Args:
        log: None for none.   certificate: the one that is shown to clients now, None without TLS.

    Attributes:
        exchanges, pages: for `ModuleServer`.   traffic: for `Connections`.
    """

    def __init__(
        self,
        proxy: ModuleProxy,
        log: AccessLog | None = None,
        certificate: Callable[[], OwnCertificate | None] = lambda: None,
    ) -> None:
        self._proxy, self._log = proxy, log if log is not None else AccessLog(None, "off")
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="looking")
        proxy.tally.told = self._log.trouble
        self.traffic = Traffic()
        self.exchanges = Exchanges(proxy.tally, self._log.exchange)
        size = StoreSize(proxy.store.top, self._threads)
        self.pages: dict[str, Page] = {
            "/healthz": healthz,
            "/readyz": Readiness(
                proxy.store, self._threads, otherwise=lambda: proxy.policy.unready() if proxy.policy else ""
            ),
            "/metrics": Metrics(proxy, self.traffic, size, certificate),
            TOP: StatusPage(proxy, self.traffic, size, self._threads, certificate=certificate),
            ROOT: partial(redirect, to=TOP),
            FAVICON: absent,
        }

    def application(self, server: ModuleServer, *, hits: bool = False) -> Callable[[Asked], Reply]:
        """What answers connections.  hits: answers from memory are written to the log, too."""
        return with_hits(server, server.holds, self._log.exchange) if hits else server

    def failed(self) -> None:
        """An answer, or the wait for connections, raised something: called where that is handled."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and error.errno in SHORT:
            self._proxy.tally.trouble("server", f"the system gives no more files or memory: {error.strerror}")
            return
        self._proxy.tally.trouble("server", f"an answer failed: {type(error).__name__}: {error}")

    def refused(self, client: str, reason: str) -> None:
        """TLS was not spoken with a client, because of its certificate: for `Tls`."""
        self._proxy.tally.trouble("server", f"the certificate of {client} is not accepted: {reason}")

    def close(self) -> None:
        """Write the rest of the log."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._log.close()
