"""A tree of a release beside a log that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sumdb.log_server import Log, serving
from toolchains import goroot_copies
from toolchains.verifying.logged_tree import Case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    tree, log = goroot_copies.copy_of_parts(tmp_path / "root"), Log(3)
    goroot_copies.log_it(log, tree)
    with serving(log) as url:
        yield Case(tree, log, url, tmp_path)
