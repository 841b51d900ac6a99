"""Whether go has run for a user before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import traces_of_go
from gosteward.snapshot import User

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("left", [".config/go/telemetry", ".cache/go-build"])
def test_what_go_leaves_in_a_home_tells_that_it_ran(left: str, tmp_path: Path) -> None:
    user = User(name="dev", uid=1000, gid=1000, home="/home/dev")
    (tmp_path / "home/dev/.config/go").mkdir(parents=True)
    assert not traces_of_go.collect(RootedHost(str(tmp_path)), user)
    (tmp_path / "home/dev" / left).mkdir(parents=True)
    assert traces_of_go.collect(RootedHost(str(tmp_path)), user)


def test_a_user_without_a_home_has_no_traces(tmp_path: Path) -> None:
    assert not traces_of_go.collect(RootedHost(str(tmp_path)), User(name="web", uid=33, home=""))
