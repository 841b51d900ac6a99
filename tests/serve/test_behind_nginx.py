"""A real nginx in front, by the configuration that is printed: what is stored comes from nginx, all else from the proxy, as it is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.cli.proxy_actions.nginx import configuration
from serve.serving import Fault, Served, Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "v1.4.0"
BASE = f"/github.com/!burnt!sushi/toml/@v/{VERSION}"
TYPES = {".info": "application/json", ".mod": "text/plain; charset=utf-8", ".zip": "application/zip"}
AROUND = "pid {top}/pid; error_log {top}/error; daemon off; user root; worker_processes 1; events {{ }} http {{ access_log off; {inner} }}\n"


class Front(NamedTuple):
    """An nginx.  front: asks it.   proxy: asks the proxy behind it."""

    front: Served
    proxy: Served


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add("github.com/BurntSushi/toml", VERSION, {"toml.go": b"package toml\n"})
        for suffix in TYPES:
            served.files[BASE + suffix] = served.files[f"/github.com/BurntSushi/toml/@v/{VERSION}{suffix}"]
        served.files["/github.com/!burnt!sushi/toml/@v/list"] = b"v1.4.0\n"
        yield served


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture(params=[False, True], ids=["hits by nginx", "all by the proxy"])
def nginx(request: pytest.FixtureRequest, tmp_path: Path, behind: Upstream) -> Iterator[Front]:
    with proxy(tmp_path, behind.url) as served:
        port = free_port()
        inner = configuration(
            f"{tmp_path}/store", f"127.0.0.1:{served.port}", f"127.0.0.1:{port}", "_", ask_always=request.param
        )
        (tmp_path / "conf").write_text(AROUND.format(top=tmp_path, inner=inner))
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin") or "nginx"
        process = subprocess.Popen([program, "-c", f"{tmp_path}/conf", "-e", f"{tmp_path}/error"])
        try:
            until = time.time() + 10
            while time.time() < until:
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            front = copy(served)
            front.port = port
            yield Front(front, served)
        finally:
            process.terminate()
            process.wait(10)


def is_by_nginx(nginx: Front, path: str) -> bool:
    """Whether nginx answers without the proxy."""
    tally = nginx.proxy.made.proxy.tally
    before = tally.held + tally.stored + tally.missed
    assert nginx.front.get(path).status == 200
    return tally.held + tally.stored + tally.missed == before


@pytest.mark.parametrize("written", ["!", "%21"])
def test_what_is_stored_comes_from_nginx_and_what_is_not_from_the_proxy(
    nginx: Front, behind: Upstream, written: str, request: pytest.FixtureRequest
) -> None:
    for suffix, kind in TYPES.items():
        path = (BASE + suffix).replace("!", written)
        first, second = nginx.front.get(path), nginx.front.get(path)
        for answer in (first, second):
            assert (answer.status, answer.body) == (200, behind.files[BASE + suffix])
            assert answer.headers["content-type"] == kind
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert is_by_nginx(nginx, path) is ("all by the proxy" not in request.node.name)


def test_what_changes_comes_from_the_proxy(nginx: Front, behind: Upstream) -> None:
    for path in ("/github.com/!burnt!sushi/toml/@v/list", "/github.com/!burnt!sushi/toml/@v/list"):
        answer = nginx.front.get(path)
        assert (answer.status, answer.body) == (200, b"v1.4.0\n")
        assert "immutable" not in answer.headers["cache-control"]
    assert nginx.front.get("/readyz").body == b"ok\n"


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_errors_are_those_of_the_proxy(nginx: Front, behind: Upstream, status: int) -> None:
    for path in (f"{BASE}.zip", "/github.com/!burnt!sushi/toml/@v/list"):
        behind.faults[path] = Fault(status=status, body=b"for a reason")
        seen, own = nginx.front.get(path), nginx.proxy.get(path)
        assert (seen.status, seen.body) == (own.status, own.body)
        assert b"for a reason" in seen.body
        assert "immutable" not in seen.headers.get("cache-control", "")


def test_a_wrong_file_is_not_whole_here_either(nginx: Front, behind: Upstream, tmp_path: Path) -> None:
    behind.files[f"{BASE}.zip"] = b"no zip" * 100_000
    answer = nginx.front.get(f"{BASE}.zip")
    assert answer.status == 502 or not answer.whole
    assert not (tmp_path / f"store/modules{BASE}.zip").exists()


def test_the_top_leads_a_browser_to_the_page(nginx: Front) -> None:
    answer = nginx.front.get("/")
    assert (answer.status, answer.headers["location"]) == (303, "/-/")


@pytest.mark.parametrize(
    "path",
    [
        "/../incoming/x", "/..%2fincoming%2fx", "/incoming/x", "//github.com/x/@v/v1.0.0.mod", "/github.com//x/@v/v1.0.0.mod", "/x/@v/.mod.tmp",
        "/github.com/!burnt!sushi/toml/@v/", "/github.com/", "/github.com/BurntSushi/toml/@v/v1.4.0.mod", "/.gosteward",
    ],
)  # fmt: skip
def test_nothing_else_of_the_store_can_be_had(nginx: Front, tmp_path: Path, path: str) -> None:
    (tmp_path / "store/incoming/x").write_text("not proved")
    (tmp_path / "store/modules/x/@v").mkdir(parents=True)
    (tmp_path / "store/modules/x/@v/.mod.tmp").write_text("not proved")
    answer = nginx.front.get(path)
    assert answer.status in (400, 404)
    assert b"not proved" not in answer.body
