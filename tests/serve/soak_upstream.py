"""What a soak asks for: modules that are the same in every process, a checksum database that knows some of them, and a server that fails now and then."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import io
import random
import re
import threading
import time
import zipfile
from typing import TYPE_CHECKING

from gosteward.golang import dirhash
from sumdb.log_server import Log

if TYPE_CHECKING:
    import socket

LOGGED, SMALL, MEDIUM, LARGE = 300, 60, 12, 6  # modules of each kind that all clients ask for
NEW, NEW_LARGE = 12_000, 40  # modules that one client asks for, at most: that is how large the store gets
VERSION = "v1.0.0"
KINDS = {
    "logged": 30_000,
    "small": 30_000,
    "medium": 1_000_000,
    "large": 20_000_000,
    "new": 30_000,
    "newlarge": 5_000_000,
}
PATH = re.compile(
    r"/example\.com/(logged|small|medium|newlarge|new|large)/m(\d+)/(@v/list|@latest|@v/main\.info|@v/v1\.0\.0\.(?:info|mod|zip))"
)


def content(path: str) -> bytes | None:
    """What the upstream has under a path; None for nothing. The same in every process."""
    match = PATH.fullmatch(path)
    if match is None:
        return None
    kind, number, what = match[1], int(match[2]), match[3]
    module = f"example.com/{kind}/m{number}"
    if what.endswith(".zip"):
        return archive(kind, number)
    if what.endswith(".mod"):
        return f"module {module}\n".encode()
    return f"{VERSION}\n".encode() if what == "@v/list" else f'{{"Version":"{VERSION}"}}'.encode()


@functools.lru_cache(maxsize=64)
def archive(kind: str, number: int) -> bytes:
    """The zip of a module; its content cannot be compressed."""
    module, whole = f"example.com/{kind}/m{number}", io.BytesIO()
    with zipfile.ZipFile(whole, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(f"{module}@{VERSION}/go.mod"), f"module {module}\n")
        chance = random.Random(f"{kind}{number}")
        zipped.writestr(zipfile.ZipInfo(f"{module}@{VERSION}/data.bin"), chance.randbytes(KINDS[kind] + number))
    return whole.getvalue()


def database() -> Log:
    """A log that knows the modules that are not private."""
    log = Log(1_000)
    for number in range(LOGGED):
        module = f"example.com/logged/m{number}"
        digest = hashlib.sha256(f"module {module}\n".encode()).hexdigest()
        mod_h1 = dirhash.of_digests([(b"go.mod", digest)])
        zip_h1 = dirhash.of_zip(archive("logged", number))
        log.add(module, VERSION, f"{module} {VERSION} {zip_h1}\n{module} {VERSION}/go.mod {mod_h1}\n")
    return log


def upstream(log: Log, seed: int, asked: socket.socket) -> None:
    """Serve, for ever: rightly most of the time."""
    chance = random.Random(seed)
    lock = threading.Lock()
    prefix = f"/sumdb/{log.signer.name}"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.replace("%21", "!")
            if path.startswith(prefix):
                with lock:
                    status, body = log.answer(path[len(prefix) :])
                self._say(status, body)
                return
            found = content(path)
            if found is None:
                self._say(404, b"not found: no such module")
            else:
                self._say(*self._spoiled(path, found))

        def _spoiled(self, path: str, body: bytes) -> tuple[int, bytes, int]:
            """Status, body, and how much of it is sent."""
            fate = chance.random()
            if fate < 0.01:
                return chance.choice((500, 502, 503, 429)), b"out of order", 12
            if fate < 0.02:
                return 200, body, chance.randrange(len(body))
            if fate < 0.03:
                time.sleep(chance.uniform(0.1, 1.0))
            if fate < 0.035 and "/logged/" in path and path.endswith(".zip"):
                middle = len(body) // 2
                return 200, body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :], len(body)
            return 200, body, len(body)

        def _say(self, status: int, body: bytes, count: int = -1) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if count < 0 else body[:count])
            self.close_connection |= -1 < count < len(body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle()

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    asked.sendall(f"http://127.0.0.1:{server.server_port}".encode())
    server.serve_forever(5.0)
