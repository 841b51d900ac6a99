"""A real Redis on this host, in a process of its own, which can be killed, restarted and emptied."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from gosteward.modules.storage.redis_link import RedisLink, SharedMetadata
from gosteward.modules.storage.redis_place import RedisPlace, parse
from gosteward.modules.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis


class RedisServer:
    """A server below a directory.

    Attributes:
        port: on the loopback, the same after a restart.   socket: path of its Unix socket.
    """

    def __init__(self, directory: Path, *settings: str) -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.port = listening.getsockname()[1]
        self.directory, self.settings = directory, settings
        self.socket = directory / "redis.sock"
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("redis-server") or "/usr/bin/redis-server"
        plain = "--tls-cert-file" not in self.settings
        port = ("--port", str(self.port)) if plain else ("--port", "0", "--tls-port", str(self.port))
        words = [program, *port, "--bind", "127.0.0.1", "--unixsocket", str(self.socket), "--save", "", *self.settings]
        self.process = subprocess.Popen(words, cwd=self.directory, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self._listens():
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise AssertionError("the server did not start")
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as trying, contextlib.suppress(OSError):
            trying.connect(("127.0.0.1", self.port))
            return True
        return False

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Let it answer nobody, with its connections open."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def client(self, database: int = 0, password: str | None = None) -> Iterator[Redis]:
        from redis import Redis

        found = Redis(port=self.port, db=database, password=password)
        try:
            yield found
        finally:
            found.close()


@contextlib.contextmanager
def redis_server(directory: Path, *settings: str) -> Iterator[RedisServer]:
    directory.mkdir(exist_ok=True)
    server = RedisServer(directory, *settings)
    try:
        yield server
    finally:
        server.kill()


def metadata(url: str, password: str = "", authorities: str = "") -> SharedMetadata:
    place = parse(url)
    return SharedMetadata(place, lambda: password or place.password, authorities)


@contextlib.contextmanager
def linked(wanted: SharedMetadata | RedisPlace) -> Iterator[RedisLink]:
    if isinstance(wanted, RedisPlace):
        wanted = SharedMetadata(wanted, lambda: wanted.password)
    link = RedisLink(wanted, Tally())
    try:
        yield link
    finally:
        link.close()
