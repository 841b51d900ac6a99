"""A release with sources, and where it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.toolchains.source_builds import bootstrapping
from toolchains.godev_server import toolchain_proxy
from toolchains.source_builds.works import VERSION, Works
from toolchains.source_release import source_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolchains.conftest import Site
    from toolchains.small_release import SmallRelease


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="session")
def release(place: Path) -> SmallRelease:
    return source_release(VERSION, place)


@pytest.fixture
def works(site: Site, release: SmallRelease, place: Path) -> Iterator[Works]:
    with toolchain_proxy(release) as serving:
        site.environ.update(
            GOPROXY=serving.url, GOSUMDB=serving.vkey, GOFLAGS="-mod=vendor", GOROOT="/nonexistent", CGO_ENABLED="1"
        )
        yield Works(site, serving, release, place, [])


@pytest.fixture
def bare(works: Works, monkeypatch: pytest.MonkeyPatch) -> Works:
    """No Go is on this machine."""
    for name in ("PLACES", "BESIDE", "OF_HOME"):
        monkeypatch.setattr(bootstrapping, name, ())
    return works
