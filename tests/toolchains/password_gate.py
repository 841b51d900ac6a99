"""A server with TLS that wants a password, before one without either. On loopback, by a certificate of its own authority.

with password_gate(made_certificate(tmp_path), upstream, login="dev:secret") as gate:
    gate.url                    https://127.0.0.1:PORT: what the upstream has below its own URL, for whom the password is known
    gate.place                  127.0.0.1:PORT, as a netrc file names it
    gate.asked                  (path, Authorization header) in order
    gate.redirects[PATH] = URL  a redirect in place of an answer
    gate.wanted                 the Authorization header of who is known
    gate.status, gate.words     what those get who are not known (401)
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def basic(login: str) -> str:
    """The header of a name and a password, "dev:secret"."""
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def made_certificate(directory: Path) -> Path:
    """A key and a certificate for 127.0.0.1 and localhost in one file, which is an authority, too."""
    made = directory / "gate.pem"
    words = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=gate",
             "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", f"{made}.key", "-out", f"{made}")  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    return made


class Gate:
    """What was asked, and how it is answered. See the top of this file."""

    def __init__(self, upstream: str, login: str) -> None:
        self.upstream = upstream
        self.wanted = basic(login) if login else ""
        self.words = b"who are you\n"
        self.asked: list[tuple[str, str]] = []
        self.redirects: dict[str, str] = {}
        self.status = 401
        self.url = self.place = ""

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        self.asked.append((path, authorization))
        if self.wanted and authorization != self.wanted:
            return self.status, {"WWW-Authenticate": "Basic"}, self.words
        if path in self.redirects:
            return 302, {"Location": self.redirects[path]}, b""
        if not self.upstream:
            return 200, {}, b"hello"
        try:
            with urllib.request.urlopen(f"{self.upstream}{path}") as found:
                return 200, {}, found.read()
        except urllib.error.HTTPError as error:
            return error.code, {}, b"no\n"


@contextlib.contextmanager
def password_gate(certificate: Path, upstream: str = "", *, login: str = "") -> Iterator[Gate]:
    """A gate until the block ends.  upstream: URL without a slash at its end, "" for a greeting to every question."""
    gate = Gate(upstream, login)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = gate.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    gate.place = f"127.0.0.1:{server.server_address[1]}"
    gate.url = f"https://{gate.place}"
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
