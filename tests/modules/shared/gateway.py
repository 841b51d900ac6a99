"""A real S3 server on the loopback: versitygw, built by a real go from the Go module proxy, once for each machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "v1.8.0"
PACKAGE = "github.com/versity/versitygw/cmd/versitygw"
CACHE = Path(os.environ.get("FAULTLAB_CACHE", "/var/cache/faultlab"))
GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
KEY, SECRET, BUCKET = "test-user", "test-secret", "modules-of-go"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


def binary() -> Path:
    """The server's program. The first time it is built, which takes minutes; other workers of the same run wait for that."""
    found = CACHE / f"versitygw-{VERSION}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / ".versitygw.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            _build(found)
    return found


def _build(target: Path) -> None:
    work = CACHE / "versitygw-build"
    shutil.rmtree(work, ignore_errors=True)
    places = {"HOME": work, "GOPATH": work / "path", "GOCACHE": work / "cache", "GOBIN": work / "bin", "GOTMPDIR": work}
    work.mkdir()
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    environment |= {"GOFLAGS": "-modcacherw -trimpath", "GOWORK": "off", "GOROOT": GOROOT}
    environment |= {name: _setting(name) for name in ("GOPROXY", "GOSUMDB")}
    subprocess.run([f"{GOROOT}/bin/go", "install", f"{PACKAGE}@{VERSION}"], check=True, cwd=work, env=environment)
    os.replace(work / "bin/versitygw", target)
    shutil.rmtree(work)


def _setting(name: str) -> str:
    """As the go of this user has it: with a home of its own it would not know."""
    go = shutil.which("go", path=f"{os.environ['PATH']}:{GOROOT}/bin") or f"{GOROOT}/bin/go"
    return subprocess.run([go, "env", name], check=True, capture_output=True, text=True).stdout.strip()


class Gateway:
    """An S3 server that runs.

    Attributes:
        objects: directory in which the objects of the bucket lie as files.   url: of the server.
    """

    def __init__(self, top: Path) -> None:
        self.objects = top / BUCKET
        self.objects.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        words = [str(binary()), "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", str(self.objects.parent)]
        environment = {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET, "PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while True:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < until
            assert self._process.poll() is None
            time.sleep(0.02)

    def end(self, number: int = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


@contextmanager
def gateway(top: Path) -> Iterator[Gateway]:
    """A server with an empty bucket; its files lie below `top`."""
    found = Gateway(top)
    try:
        yield found
    finally:
        found.end()
