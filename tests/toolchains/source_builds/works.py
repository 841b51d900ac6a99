"""Where builds are tried: a proxy and a log that know a release whose sources can really be built, and places for what is built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gosteward.toolchains import install
from gosteward.toolchains.build import Builder, Order, Result
from gosteward.toolchains.obtaining.acquiring import Keeping
from toolchains.godev_server import publish
from toolchains.source_release import BUILDER, write_files

if TYPE_CHECKING:
    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy
    from toolchains.small_release import SmallRelease
VERSION = "go1.26.90"
PATCH = Path(__file__).parents[1].joinpath("data").joinpath("source_release.patch").read_text()


class Works(NamedTuple):
    """Where builds are tried.  place: of the release's make.bash."""

    site: Site
    proxy: ToolchainProxy
    release: SmallRelease
    place: Path
    said: list[str]

    def build(self, spec: str = "1.26.90", **more: object) -> Result:
        site = self.site
        put = install.Order(spec, str(site.root), links=str(site.bin), usual_place=str(site.usual_place))
        own = {name: more.pop(name) for name in ("bootstrap", "patches", "suffix") if name in more}
        order = Order(put._replace(**more), bootstrap=str(BUILDER))._replace(**own)
        return Builder(site.changing("build"), self.keeping, lambda text: self.said.append(str(text))).build(order)

    @property
    def keeping(self) -> Keeping:
        return Keeping(str(self.site.top / "cache"), str(self.site.top / "state/gosteward"))

    def left(self) -> list[str]:
        """What builds left, but their logs."""
        builds = self.site.top / "cache/builds"
        return sorted(os.listdir(builds)) if builds.is_dir() else []

    def logs(self) -> list[Path]:
        return sorted((self.site.top / "state/gosteward/builds").glob("*.log"))

    def publish(self, release: SmallRelease) -> SmallRelease:
        """Serve and log another release."""
        publish(self.proxy.log, release)
        self.proxy.log.grow(0)
        return release

    def patch(self, text: str = PATCH) -> tuple[str, ...]:
        path = self.site.top / "ours.patch"
        path.write_text(text)
        return (str(path),)


def fake_go(top: Path, said: str) -> str:
    write_files(top, {"bin/go": f"#!/bin/sh\n{said}\n".encode()})
    return str(top)
