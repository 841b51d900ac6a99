"""A mirror on the loopback for the benchmark: one for all who are compared, which counts what it is asked.

URL/proxy/...    what the module proxy of this machine gives (with the checksum database below it), fetched once and kept in memory
URL/go/NAME      tarballs and their .sha256, as go.dev/dl has them
CONNECT          every https server, by certificates of an authority of our own: for programs that have one address built in
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


class Mirror:
    """What is served and counted.

    Args:
        upstream: URL of a module proxy.   scratch: directory for certificates.

    Attributes:
        url: of the mirror.   authority: file with the certificate to trust.   tarballs: content by name.
        asked: paths, in order.   connections: how many were opened.
    """

    def __init__(self, upstream: str, scratch: Path) -> None:
        self.upstream, self.scratch = upstream.rstrip("/"), scratch
        self.url = ""
        self.authority = scratch / "authority.pem"
        self.tarballs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.connections = 0
        self._answers: dict[str, tuple[int, bytes]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._openssl("req", "-x509", *EC, "-subj", "/CN=bench", "-keyout", "authority.key", "-out", "authority.pem")

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body for a path."""
        self.asked.append(path)
        if path.startswith("/proxy/"):
            with self._lock:
                if path not in self._answers:
                    self._answers[path] = _fetched(self.upstream + path[len("/proxy") :])
                return self._answers[path]
        name = path.rpartition("/")[2]
        content = self.tarballs.get(name.removesuffix(".sha256"))
        if content is None:
            return 404, b"not found"
        return 200, hashlib.sha256(content).hexdigest().encode() if name.endswith(".sha256") else content

    def context_for(self, name: str) -> ssl.SSLContext:
        """TLS with a certificate for a host name."""
        with self._lock:
            if name not in self._contexts:
                (self.scratch / "san").write_text(f"subjectAltName=DNS:{name}\n")
                self._openssl("req", "-new", *EC[:-2], "-subj", "/CN=x", "-keyout", "server.key", "-out", "server.csr")
                self._openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
                              "-days", "2", "-extfile", "san", "-out", "server.pem")  # fmt: skip
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.scratch / "server.pem", self.scratch / "server.key")
                self._contexts[name] = context
            return self._contexts[name]

    def _openssl(self, *words: str) -> None:
        subprocess.run(("openssl", *words), cwd=self.scratch, check=True, capture_output=True)


def _fetched(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@contextlib.contextmanager
def mirror(upstream: str, scratch: Path) -> Iterator[Mirror]:
    """A mirror that runs in threads of this process: what it uses is nobody else's CPU time."""
    made = Mirror(upstream, scratch)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = made.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            status, body = made.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()

        def do_CONNECT(self) -> None:
            context = made.context_for(self.path.partition(":")[0])
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

        def setup(self) -> None:
            made.connections += 1
            super().setup()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who goes away in the midst is no matter here."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
