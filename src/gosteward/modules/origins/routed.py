"""Module proxies by module: each module comes from where the policy says, and from nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.modules.origins.upstream import UpstreamOrigin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gosteward.modules.origins.upstream import Source
    from gosteward.modules.tally import Tally
    from gosteward.modules.upstreams import Upstream
    from gosteward.toolchains.origins.web import Web

    Routes = Callable[[str, tuple[Upstream, ...]], tuple[Upstream, ...]]


class RoutedOrigin(UpstreamOrigin):
    """Lists of module proxies.

    Args:
        upstreams: who is asked for what no route fits.   routes: who is asked for a path of the protocol; called from any thread.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        web: Web,
        routes: Routes,
        tally: Tally | None,
        sources: Mapping[str, Source],
    ) -> None:
        super().__init__(upstreams, web, tally, sources)
        self._routes = routes

    def asked_for(self, path: str) -> tuple[Upstream, ...]:
        return self._routes(path, self.upstreams)
