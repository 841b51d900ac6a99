"""What go keeps of the checksum database proves without a network what go once asked it, and nothing else."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from gosteward.host.local import LocalHost
from gosteward.sumdb import client, keys
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains.origins import log_files
from gosteward.toolchains.origins.settings import database
from gosteward.toolchains.origins.web import UnreachableError, Web
from gosteward.toolchains.proving.transparency import Log, log_of
from sumdb.log_server import Log as LogServer
from toolchains.cached_modules import GOROOT, PRIVATE, PUBLIC, VERSION, environment, filled_cache
from toolchains.conftest import ME
from toolchains.small_release import MODULE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.sumdb.proof import LoggedHashes
    from toolchains.cached_modules import FilledCache

pytestmark = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[FilledCache]:
    with filled_cache(tmp_path) as found:
        yield found


def log_without_network(filled: FilledCache, name: str = "mine", host: LocalHost | None = None) -> Log:
    host = host or filled.host
    web = Web(host, ME, offline=True)
    return log_of(database(host, ME), web, f"{filled.top}/{name}/state", f"{filled.top}/{name}/cache")


def by_files(filled: FilledCache, module: str, remembered: str = "") -> LoggedHashes | None:
    folders = database(filled.host, ME).folders
    key = keys.parse(filled.proxy.vkey)
    return log_files.stored(folders, module, filled.version(module), key, remembered, client.NO_CACHE)


def test_what_go_asked_for_is_proved_offline_and_then_kept(filled: FilledCache) -> None:
    log = log_without_network(filled)
    for module in (*PUBLIC, MODULE):
        by_go = filled.file(module, "ziphash").read_text()
        assert log.logged(module, filled.version(module)).zip_h1 == by_go
    assert filled.proxy.log.asked == []
    filled.forget_the_log()
    assert log.logged(MODULE, filled.release.module_version).zip_h1 == filled.release.h1
    with pytest.raises(UnreachableError, match="offline"):
        log.logged(PRIVATE, VERSION)
    with pytest.raises(UnreachableError, match="offline"):
        log_without_network(filled, "other").logged(MODULE, filled.release.module_version)


def test_heads_of_files_are_remembered_and_the_next_answer_of_the_log_continues_them(filled: FilledCache) -> None:
    log = log_without_network(filled)
    newest = (filled.top / f"go/pkg/sumdb/{log.key.name}/latest").read_text()
    log.logged(PUBLIC[0], VERSION)
    assert log.newest_head() == newest
    filled.proxy.log.grow(40, seed="other")
    log.web = Web(filled.host, ME)
    answered = log.logged("example.com/m3", "v1.0.0")
    assert answered.head == filled.proxy.log.head()
    assert log.newest_head() == answered.head


def test_a_head_that_files_cannot_connect_with_the_remembered_one_does_not_replace_it(filled: FilledCache) -> None:
    log = log_without_network(filled)
    filled.proxy.log.grow(70_000)
    log.web = Web(filled.host, ME)
    remembered = log.logged("example.com/m3", "v1.0.0").head
    shutil.rmtree(f"{filled.top}/mine/cache")
    log.web = Web(filled.host, ME, offline=True)
    found = log.logged(PUBLIC[0], VERSION)
    assert found.head != remembered
    assert log.newest_head() == remembered
    log.web = Web(filled.host, ME)
    filled.proxy.log.asked.clear()
    assert log.logged("example.com/m4", "v1.0.0").head == remembered


def test_two_signed_heads_that_exclude_each_other_are_told_and_not_passed_over(filled: FilledCache) -> None:
    size = int((filled.top / f"go/pkg/sumdb/{filled.proxy.log.signer.name}/latest").read_text().split("\n")[1])
    fork = LogServer(size, seed="fork").head()
    log = log_without_network(filled)
    log.state.put(log._head_name, fork.encode())
    with pytest.raises(ForgeryError) as caught:
        log.logged(PUBLIC[0], VERSION)
    assert caught.value.reason == "fork"
    with pytest.raises(ForgeryError) as caught:
        by_files(filled, PUBLIC[0], LogServer(512, seed="fork").head())
    assert caught.value.reason == "fork"


def test_where_the_exact_tile_is_gone_a_wider_one_begins_with_it(filled: FilledCache) -> None:
    lookups = sorted((filled.cache / "cache/download/sumdb").glob("*/lookup/**/*@*"))
    # Each lookup came with a head of its own; only the newest tiles are left, wherever one has several widths.
    assert len({path.read_text().split("go.sum database tree\n")[1] for path in lookups}) > 1
    shutil.rmtree(filled.top / "go/pkg/sumdb")
    for directory in (filled.cache / "cache/download/sumdb").glob("*/tile/**/*.p"):
        widths = sorted(map(int, os.listdir(directory)))
        for width in widths[:-1]:
            (directory / str(width)).unlink()
    assert by_files(filled, PUBLIC[0]) is not None


@pytest.mark.parametrize("fault", ["damaged", "cut", "link", "fifo", "directory", "empty", "gone", "login page"])
@pytest.mark.parametrize("kind", ["lookup", "tile"])
def test_damage_is_no_proof_and_no_accusation(filled: FilledCache, fault: str, kind: str) -> None:
    inside = f"{kind}/example.com/!real@v1.0.0" if kind == "lookup" else "tile/8"
    found = filled.cache / f"cache/download/sumdb/{filled.proxy.log.signer.name}/{inside}"
    for path in [found] if found.is_file() else [p for p in found.rglob("*") if p.is_file()]:
        content = path.read_bytes()
        path.unlink()
        if fault == "damaged":
            path.write_bytes(content[:40] + bytes((content[40] ^ 1,)) + content[41:])
        elif fault == "cut":
            path.write_bytes(content[:-40])
        elif fault == "link":
            (path.parent / "real").write_bytes(content)
            path.symlink_to("real")
        elif fault == "fifo":
            os.mkfifo(path)
        elif fault == "directory":
            path.mkdir()
        elif fault in ("empty", "login page"):
            path.write_bytes(b"<html>" if fault == "login page" else b"")
    assert by_files(filled, "example.com/Real") is None
    log = log_without_network(filled)
    log.web = Web(filled.host, ME)
    assert log.logged("example.com/Real", VERSION).zip_h1 == filled.file("example.com/Real", "ziphash").read_text()


def test_an_empty_record_in_a_cached_answer_proves_nothing(filled: FilledCache) -> None:
    """CVE-2026-42501, and a record of somebody else."""
    lookups = filled.cache / f"cache/download/sumdb/{filled.proxy.log.signer.name}/lookup/example.com"
    head = filled.proxy.log.head()
    (lookups / "!real@v1.0.0").write_text(f"3\n\n{head}")
    assert by_files(filled, "example.com/Real") is None
    shutil.copy(lookups / "other@v1.0.0", lookups / "!real@v1.0.0")
    assert by_files(filled, "example.com/Real") is None


def test_a_proxy_that_is_a_directory_proves_as_well(filled: FilledCache) -> None:
    mirror = filled.top / "mirror"
    mirror.mkdir()
    shutil.copytree(filled.cache / "cache/download/sumdb", mirror / "sumdb")
    settings = {**environment(filled.top, filled.proxy), "GOPROXY": f"file://{mirror}", "GOPATH": "/nonexistent"}
    log = log_without_network(filled, host=LocalHost(settings))
    assert log.logged(MODULE, filled.release.module_version).zip_h1 == filled.release.h1
