"""A module proxy on the loopback, run by this process, and an upstream behind it that can misbehave."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import io
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.modules.policing import Policing
from gosteward.modules.setting_up import Wanted, parts
from gosteward.serve.connections import USUAL
from gosteward.serve.further_pages import pages_of
from gosteward.serve.module_server import ModuleServer
from gosteward.serve.observation import Observation
from gosteward.serve.open_connections import ROOMY, Connections
from gosteward.toolchains.origins.web import Web

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gosteward.modules.setting_up import Parts
    from gosteward.serve.access_log import AccessLog
    from gosteward.serve.connections import Timeouts
    from gosteward.serve.open_connections import Limits
    from gosteward.serve.own_certificate import OwnCertificate


def module_zip(module: str, version: str, files: dict[str, bytes]) -> bytes:
    """A module's zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(f"{module}@{version}/{name}"), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


class Fault(NamedTuple):
    """What an upstream does instead of answering rightly, to one path.

    Attributes:
        status: of HTTP.   body: instead of the file, None for it.   cut: bytes of the body after which the connection ends, -1 for all.
        lie: bytes more than there are that are announced.   delay: seconds before the answer.   pause: seconds in the middle of the body.
        unsized: no length is announced.   drip: seconds before each byte of the body.
    """

    status: int = 200
    body: bytes | None = None
    cut: int = -1
    lie: int = 0
    delay: float = 0.0
    pause: float = 0.0
    unsized: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    drip: float = 0.0


class Upstream:
    """Files by path, "/golang.org/x/text/@v/list", and what was asked, in order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.url = ""
        self.is_over = False

    def add(self, module: str, version: str, files: dict[str, bytes] | None = None) -> None:
        """A module version with all its files."""
        base = f"/{module}/@v/{version}"
        go_mod = f"module {module}\n".encode()
        self.files[f"{base}.info"] = f'{{"Version":"{version}"}}'.encode()
        self.files[f"{base}.mod"] = go_mod
        self.files[f"{base}.zip"] = module_zip(module, version, {"go.mod": go_mod, **(files or {})})


@contextmanager
def upstream() -> Iterator[Upstream]:
    served = Upstream()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.asked.append(self.path)
            fault = served.faults.get(self.path, Fault())
            body = fault.body if fault.body is not None else served.files.get(self.path)
            status = fault.status
            if body is None:
                status, body = (404, b"not found: no such module") if status == 200 else (status, b"out of order")
            time.sleep(fault.delay)
            self.send_response(status)
            for name, value in fault.headers:
                self.send_header(name, value)
            if fault.unsized or fault.cut >= 0:
                self.close_connection = True
            if fault.unsized:
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", str(len(body) + fault.lie))
            self.end_headers()
            end = len(body) if fault.cut < 0 else fault.cut
            for place in range(end if fault.drip else 0):
                time.sleep(fault.drip)
                if served.is_over:
                    self.close_connection = True
                    return
                self.wfile.write(body[place : place + 1])
            half = end // 2 if fault.pause else 0
            self.wfile.write(body[:half])
            time.sleep(fault.pause)
            self.wfile.write(body[half : 0 if fault.drip else end])
            self.close_connection |= bool(fault.lie)

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # of 5, the usual, some of many proxies' connections are lost

        def handle_error(self, *where: object) -> None:
            if not isinstance(sys.exc_info()[1], ConnectionError):  # a proxy may go away
                super().handle_error(*where)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        served.is_over = True
        server.shutdown()
        server.server_close()


def everything(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = b""
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass
    return received


class Answer(NamedTuple):
    """What a client got.  whole: the body ended as announced."""

    status: int
    body: bytes
    headers: dict[str, str]
    whole: bool = True


class Served:
    """A proxy that runs.

    Attributes:
        waits: `get` waits until what came is on the disk, too, which is after the client has it.
    """

    def __init__(self, port: int, made: Parts) -> None:
        self.port, self.made, self.waits = port, made, True
        self.loop = asyncio.get_running_loop()

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            try:
                with response:
                    body, whole = response.read(), True
            except (http.client.IncompleteRead, ConnectionError) as error:
                body, whole = getattr(error, "partial", b""), False
            if self.waits:
                until(lambda: not self.made.proxy.under_way)
            return Answer(response.status, body, {k.lower(): v for k, v in response.getheaders()}, whole)
        finally:
            connection.close()


@contextmanager
def proxy(
    top: Path, behind: str, sumdb: str = "off", private: str = "", list_ttl: float = 60.0, policy: Path | None = None, *,
    timeouts: Timeouts = USUAL, limits: Limits = ROOMY, clock: Callable[[], float] = time.time, log: AccessLog | None = None, log_hits: bool = False,
    certificate: OwnCertificate | None = None, **more: object,
) -> Iterator[Served]:  # fmt: skip
    """A proxy with its store in `top`/store.  more: fields of `Wanted`."""
    host = LocalHost({"HOME": str(top)})
    web = Web(host, user_with_id(host, 0), via="gosteward-under-test")
    ready, stop = threading.Event(), threading.Event()
    found: list[Served] = []

    async def running() -> None:
        policing = Policing(str(policy), clock) if policy is not None else None
        wanted = Wanted(f"{top}/store", behind, sumdb, private, list_ttl)._replace(**more)
        made = parts(wanted, web, clock, policing)
        watched = Observation(made.proxy, log, lambda: certificate)
        pages = {**watched.pages, **pages_of(made)}
        application = ModuleServer(made.proxy, made.relay, None, pages, watched.exchanges, made.pseudonym)
        if policing is not None:
            policing.changed.append(application.forget)
        open_connections = Connections(
            watched.application(application, hits=log_hits), watched.failed, timeouts, limits, watched.traffic
        )
        server = await asyncio.get_running_loop().create_server(open_connections.made, "127.0.0.1", 0)
        watching = asyncio.ensure_future(open_connections.watch())
        found.append(Served(server.sockets[0].getsockname()[1], made))
        made.start()
        ready.set()
        await asyncio.get_running_loop().run_in_executor(None, stop.wait)
        server.close()
        await open_connections.drain(1.0)
        until = time.monotonic() + 2
        while made.proxy.under_way and time.monotonic() < until:  # noqa: ASYNC110 - clients have it, the disk not yet
            await asyncio.sleep(0.005)
        watching.cancel()
        made.close()
        watched.close()
        web.close()

    thread = threading.Thread(target=lambda: asyncio.run(running()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
