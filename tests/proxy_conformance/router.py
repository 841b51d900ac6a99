"""A router on the loopback: what only Go's test proxy can answer goes to it, everything else to the proxy under test.

    /mod/404/..., /mod/invalid/..., /mod/redirect/N/..., /mod/sumdb-wrong/..., ...   answers that Go's test proxy makes up
    /mod/sumdb/NAME/...                                                              the checksum database; to either of them
    /mod/...                                                                         modules: to the proxy under test

All is below /mod, as at Go's test proxy: some scripts expect it in messages, and redirects need no rewriting. Paths are passed on
as they came (the go command sends `!` as `%21`), and so are the reason phrases of answers, which the go command prints.
"""

from __future__ import annotations

import http.client
import http.server
import re
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PREFIX = "/mod/"
MADE_UP = re.compile(r"(?:[2-9]\d\d|invalid|redirect|sumdb-[^/]+)/")
DATABASE = "sumdb/"
TIMEOUT = 60
HOP_BY_HOP = {"connection", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}


class Answer(NamedTuple):
    """What a server said: its status line, the end-to-end headers, and all of the body."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Router:
    """Where requests go, and which went to the proxy under test.

    Args:
        upstream: URL of Go's test proxy, with /mod.   under_test: URL of the proxy under test.
        database: whether the checksum database is asked for at the proxy under test as well.

    Attributes:
        url: what the go command uses as GOPROXY.   asked: paths asked of the proxy under test, in order.
    """

    def __init__(self, upstream: str, under_test: str, *, database: bool) -> None:
        self.upstream, self.under_test, self.database = upstream.rstrip("/"), under_test.rstrip("/"), database
        self.url = ""
        self.asked: list[str] = []

    def target_of(self, path: str) -> str:
        """The URL that a path of the router stands for; "" where it stands for nothing."""
        if not path.startswith(PREFIX):
            return ""
        rest = path[len(PREFIX) :]
        if MADE_UP.match(rest) or (rest.startswith(DATABASE) and not self.database):
            return f"{self.upstream}/{rest}"
        return f"{self.under_test}/{rest}"

    def answer(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        """What the server in charge of a path says; 502 where it breaks off or says nothing."""
        target = self.target_of(path)
        if not target:
            return Answer(404, "Not Found", (), b"not below /mod/\n")
        if target.startswith(f"{self.under_test}/"):
            self.asked.append(path)
        try:
            return asked(method, target, headers)
        except (OSError, http.client.HTTPException) as error:
            return Answer(502, "Bad Gateway", (), f"router: {method} {target}: {error!r}\n".encode())


def asked(method: str, url: str, headers: dict[str, str]) -> Answer:
    """One request on a connection of its own.

    Raises:
        OSError, http.client.HTTPException: no whole answer came.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.putrequest(method, url.partition(parts.netloc)[2], skip_accept_encoding=True)
        for name, value in _end_to_end(headers.items()):
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.reason, _end_to_end(response.getheaders()), response.read())
    finally:
        connection.close()


def _end_to_end(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in HOP_BY_HOP)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """The go command leaves when it has seen enough; that is no fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            raise  # noqa: PLE0704  (this is called while an exception is handled)


@contextmanager
def routing(router: Router) -> Iterator[Router]:
    """The router at work, until the block ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = router.answer(self.command, self.path, dict(self.headers.items()))
            # The status line is written here: send_response() would add headers of its own.
            self.send_response_only(answer.status, answer.reason)
            kept = {name.lower() for name, _ in answer.headers}
            for name, value in answer.headers:
                self.send_header(name, value)
            if "content-length" not in kept and answer.status not in {204, 304}:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Nothing: `asked` has it."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    router.url = f"http://127.0.0.1:{server.server_address[1]}{PREFIX.rstrip('/')}"
    try:
        yield router
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
