"""The real command, killed at any moment, and on a disk that is full: what is in the store is whole and right, or not there."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serve.serving import Fault, Upstream, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

GOSTEWARD = Path(sys.executable).with_name("gosteward")
VERSION = "v1.0.0"
MODULES = [f"example.com/m{number}" for number in range(24)]
KILLS = 12


@pytest.fixture(scope="module")
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        for number, module in enumerate(MODULES):
            served.add(module, VERSION, {"data.bin": os.urandom(1 << (10 + number % 12))})
        yield served


class Command:
    """`gosteward proxy serve` with a store below a directory, in a process of its own."""

    def __init__(self, store: Path, behind: str, prefix: tuple[str, ...] = ()) -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.port = listening.getsockname()[1]
        words = [
            GOSTEWARD,
            "proxy",
            "serve",
            "--listen",
            f"127.0.0.1:{self.port}",
            "--store",
            store,
            "--upstream",
            behind,
            "--sumdb",
            "off",
        ]
        self.process = subprocess.Popen([*prefix, *words], stderr=subprocess.PIPE)
        assert self.process.stderr is not None
        assert b"listening" in self.process.stderr.readline()

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 where there is no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def is_right(store: Path, behind: Upstream) -> bool:
    """Whether every file of the store is what the upstream has."""
    top = store / "modules"
    return all(
        path.read_bytes() == behind.files[f"/{path.relative_to(top)}"] for path in top.rglob("*") if path.is_file()
    )


def test_killed_at_any_moment_it_goes_on_with_a_store_that_is_right(tmp_path: Path, behind: Upstream) -> None:
    store, chance = tmp_path / "store", random.Random(6)
    paths = [f"/{module}/@v/{VERSION}.{kind}" for module in MODULES for kind in ("info", "mod", "zip")]
    with ThreadPoolExecutor(32) as clients:
        for _ in range(KILLS):
            served = Command(store, behind.url)
            chance.shuffle(paths)
            answers = [clients.submit(served.get, path) for path in paths]
            time.sleep(chance.uniform(0, 0.4))
            served.end(signal.SIGKILL)
            for path, answer in zip(paths, answers):
                status, body = answer.result()
                assert status == 0 or (status, body) == (200, behind.files[path])
            assert is_right(store, behind)
    served = Command(store, behind.url)
    try:
        assert all(served.get(path) == (200, behind.files[path]) for path in paths)
        assert list((store / "incoming").iterdir()) == []
    finally:
        assert served.end() == 0
    assert is_right(store, behind)


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path, behind: Upstream) -> None:
    large = [module for number, module in enumerate(MODULES) if number % 12 >= 10]
    store = tmp_path / "small"
    store.mkdir()
    script = f'mount -t tmpfs -o size=4m,mode=700 tmpfs {store} && exec "$@"'
    served = Command(store, behind.url, ("unshare", "--mount", "sh", "-c", script, "sh"))
    inside = Path(f"/proc/{served.process.pid}/root{store}")
    try:
        found = [served.get(f"/{module}/@v/{VERSION}.zip") for module in large]
        assert {status for status, _ in found} == {200, 507}
        assert all(
            body == behind.files[f"/{module}/@v/{VERSION}.zip"]
            for module, (status, body) in zip(large, found)
            if status == 200
        )
        assert is_right(inside, behind)
        assert list((inside / "incoming").iterdir()) == []
        assert served.get(f"/{MODULES[0]}/@v/{VERSION}.mod")[0] == 200
    finally:
        served.end()


def test_two_processes_share_a_store(tmp_path: Path, behind: Upstream) -> None:
    paths = [f"/{module}/@v/{VERSION}.zip" for module in MODULES]
    behind.faults.update((path, Fault(pause=0.05)) for path in paths)
    both = [Command(tmp_path / "store", behind.url) for _ in range(2)]
    try:
        with ThreadPoolExecutor(16) as clients:
            answers = list(
                clients.map(lambda asked: asked[0].get(asked[1]), [(one, path) for path in paths for one in both])
            )
        assert [body for _, body in answers] == [behind.files[path] for path in paths for _ in both]
    finally:
        behind.faults.clear()
        for one in both:
            one.end()
    assert is_right(tmp_path / "store", behind)
