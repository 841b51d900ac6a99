"""The look-alikes that other tests install from are what the real servers are: the go command itself takes the toolchain of one."""

from __future__ import annotations

import os
import subprocess
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import StewardError
from gosteward.golang import dirhash
from gosteward.golang.platforms import Platform
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import OwnDirectory
from gosteward.snapshot import User
from gosteward.sumdb import keys
from gosteward.toolchains.origins.sources import Index, ModuleProxy
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.transparency import Log
from toolchains.godev_server import LIST, godev_server, toolchain_proxy
from toolchains.small_release import MODULE, small_release

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
RELEASE = small_release()
ARM = small_release(arch="arm")
LINUX = Platform("amd64")


def web() -> Web:
    return Web(LocalHost({}), User(uid=os.geteuid(), gid=os.getegid()))


def test_list_redirects_and_digests_are_those_of_go_dev(tmp_path: Path) -> None:
    with godev_server(RELEASE, ARM, sign=lambda _: b"signature") as dev:
        index = Index(web(), dev.url)
        offer, arm = (index.offer(RELEASE.version, platform) for platform in (LINUX, Platform("arm")))
        assert offer is not None
        assert arm is not None
        assert arm.url == f"{dev.url}/go1.26.90.linux-armv6l.tar.gz"
        found = web().download(offer.url, OwnDirectory(str(tmp_path / "cache")), "go", limit=1 << 20)
        assert found.sha256 == offer.sha256 == sha256(RELEASE.tar_gz()).hexdigest()
        assert web().ask(f"{offer.url}.sha256").body == offer.sha256.encode()
        assert web().ask(f"{offer.url}.asc").body == b"signature"
        assert web().ask(f"{dev.url}/go9.tar.gz").body.startswith(b"<!DOCTYPE html>")
        assert dev.asked[-1] == "/dl/go9.tar.gz"


@pytest.mark.parametrize(("fault", "value"), [("cut", (100, 2)), ("lies", 7)])
def test_faults_of_a_transfer_are_of_one_file_only(tmp_path: Path, fault: str, value: object) -> None:
    with godev_server(RELEASE) as dev:
        getattr(dev, fault)[RELEASE.name] = value
        assert Index(web(), dev.url).versions(LINUX) == (RELEASE.version,)
        cache, url = OwnDirectory(str(tmp_path / "cache")), f"{dev.url}/{RELEASE.name}"
        assert web().download(url, cache, "go", limit=1 << 20).size == len(RELEASE.tar_gz())
        assert dev.asked.count(f"/dl/{RELEASE.name}") == (3 if fault == "cut" else 2)
        dev.statuses[LIST] = 503
        with pytest.raises(StewardError, match="503"):
            Index(web(), dev.url).versions(LINUX)


def test_proxy_and_its_database_prove_the_toolchain(tmp_path: Path) -> None:
    assert RELEASE.h1 == dirhash.of_zip(RELEASE.zip())
    assert RELEASE.zip() == small_release().zip()
    with toolchain_proxy(RELEASE, ARM, name="sum.example") as proxy:
        source = ModuleProxy(web(), proxy.url)
        assert source.versions(LINUX) == (RELEASE.version,)
        offer = source.offer(RELEASE.version, LINUX)
        assert offer is not None
        assert web().ask(offer.url).body == RELEASE.zip()
        log = Log(web(), [proxy.base], str(tmp_path / "s"), str(tmp_path / "c"), keys.parse(proxy.vkey))
        assert log.logged(MODULE, RELEASE.module_version).zip_h1 == RELEASE.h1


@pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
def test_the_go_command_switches_to_it(tmp_path: Path) -> None:
    with toolchain_proxy(RELEASE) as proxy:
        environment = {
            "HOME": str(tmp_path), "PATH": f"{GOROOT}/bin:/bin", "GOPATH": str(tmp_path), "GOPROXY": proxy.url, "GOSUMDB": proxy.vkey,
            "GOFLAGS": "-modcacherw", "GOENV": "off", "GOTOOLCHAIN": RELEASE.version,
        }  # fmt: skip
        ran = subprocess.run(
            ["go", "version"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (ran.stdout, ran.returncode) == ("go version go1.26.90 linux/amd64\n", 0), ran.stderr
        environment |= {"GOPATH": str(tmp_path / "other")}
        proxy.files[proxy.path(RELEASE, "zip")] = small_release(**{"bin/go": b"#!/bin/sh\necho evil\n"}).zip()
        ran = subprocess.run(
            ["go", "version"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "checksum mismatch" in ran.stderr
