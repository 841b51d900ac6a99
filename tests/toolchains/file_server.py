"""A server on the loopback that gives files as mirrors do, and misbehaves in one way at a time."""

from __future__ import annotations

import http.server
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileServer:
    """What is served, and what was asked.

    Attributes:
        files: content by path; anything else is 404.   asked: (path, Range header) in order.
        cut: answers end after so many bytes of the body, for the first `cuts` requests.   status: of every answer, 0 for the right one.
        ranges: whether Range is understood.   lie: how many bytes more than there are are announced.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.cut = -1
        self.cuts = 0
        self.status = 0
        self.ranges = True
        self.lie = 0
        self.url = ""

    def answer(self, path: str, wanted: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        content = self.files.get(path.partition("?")[0])
        if content is None:
            return 404, {}, b"not found"
        match = re.fullmatch(r"bytes=(\d+)-", wanted) if self.ranges else None
        if match is None:
            return 200, {}, content
        start = int(match[1])
        if start >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        return 206, {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}, content[start:]


@contextmanager
def file_server() -> Iterator[FileServer]:
    """A server that runs until the block ends."""
    served = FileServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            served.asked.append((self.path, wanted))
            status, headers, body = served.answer(self.path, wanted)
            # Faults are those of this answer: once its head is out, the next one may be asked for.
            cut, lie = served.cut if served.cuts else -1, served.lie
            served.cuts -= cut >= 0
            self.send_response(served.status or status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + lie))
            self.end_headers()
            self.wfile.write(body if cut < 0 else body[:cut])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
