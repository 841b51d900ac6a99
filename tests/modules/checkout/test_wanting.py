"""The word `checkout` where module proxies are named, and what it comes to without the rest that it needs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules import policy_file
from gosteward.modules.checkout.questions import Home, Rooms, Toolchains, environment, with_toolchains
from gosteward.modules.checkout.source import Wishes
from gosteward.modules.policing import Policing
from gosteward.modules.setting_up import Wanted, parts
from gosteward.modules.upstreams import upstreams
from gosteward.toolchains.origins.web import Web

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = 'private = ["git.corp.example"]\n\n[[route]]\nmodules = ["git.corp.example"]\nupstream = "checkout"\n'
MODULE = "git.corp.example/team/text"


def web(top: Path) -> Web:
    host = LocalHost({"HOME": str(top)})
    return Web(host, user_with_id(host, 0))


def test_it_is_an_entry_like_others() -> None:
    proxy, checkout, last = upstreams("https://proxy.example|checkout|http://last.example")
    assert (checkout.scheme, checkout.shown, checkout.falls_through) == ("checkout", "checkout", True)
    assert (proxy.scheme, last.scheme) == ("https", "http")
    with pytest.raises(UsageError):
        upstreams("check-out")


def test_private_modules_may_be_routed_there() -> None:
    (route,) = policy_file.parse(ROUTE, "policy.toml").routes
    assert [one.scheme for one in route.upstreams] == ["checkout"]


@pytest.mark.parametrize("way", ["list", "route"])
def test_a_proxy_that_cannot_check_out_does_not_begin(tmp_path: Path, way: str) -> None:
    (tmp_path / "policy.toml").write_text(ROUTE)
    policing = Policing(f"{tmp_path}/policy.toml", time.time) if way == "route" else None
    wishes = Wishes(lambda: (), problem="nobody said who does it")
    wanted = Wanted(f"{tmp_path}/store", "checkout" if way == "list" else "off", "off", checkout=wishes)
    with pytest.raises(UsageError, match="nobody said who does it"):
        parts(wanted, web(tmp_path), policy=policing)


def test_a_policy_that_wants_it_later_is_told_so(tmp_path: Path) -> None:
    made = parts(Wanted(f"{tmp_path}/store", "off", "off"), web(tmp_path))
    made.proxy.origin.upstreams = upstreams("checkout")
    with made.proxy.origin.opened(f"{MODULE}/@v/list") as found:
        assert found.status == 502  # type: ignore[union-attr]
    made.close()


def test_another_go_comes_from_proxies_and_the_module_does_not() -> None:
    plain = environment("/opt/go", Rooms("/run", "/run/cache"), Home(), {"GOPROXY": "off"}, MODULE, "")
    assert (plain["GOPROXY"], plain["GOTOOLCHAIN"], plain["GOSUMDB"], plain["GOINSECURE"]) == (
        "direct",
        "local",
        "off",
        "",
    )
    assert plain["GIT_ALLOW_PROTOCOL"] == "https"
    newer = with_toolchains(plain, MODULE, Toolchains("https://proxy.example", "sum.example+0+AA=="))
    assert (newer["GONOPROXY"], newer["GONOSUMDB"], newer["GOTOOLCHAIN"]) == (MODULE, MODULE, "auto")
